"""Host names as inventories write them: ``web[01:10:2].example:2222``, ``[2001:db8::1]:22``.

A colon separates a port, the bounds of a range, and the words of an IPv6 address. The three are
told apart by brackets: a range is bracketed text with one or two colons that is no IPv6 address;
a port follows the only colon outside brackets.
"""

import itertools
import math
import re
import string
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

names_per_pattern_max = 100_000
port_max = 65_535

_bracketed = re.compile(r"\[([^\[\]]*)\]")
_port = re.compile(r"(.*[^:]):([0-9]+)", re.DOTALL)
_forbidden = re.compile(r"[\s\x00-\x1f\x7f,;!&~*?\[\]{}()|<>$`\"'#\\=]")
_simple = re.compile(r"[A-Za-z0-9_][\w.\-]*", re.ASCII)
_number = re.compile(r"[0-9]+")


class AddressError(ValueError):
    """A host pattern breaks a rule; the text is the rule, as a sentence fragment."""


def parse(pattern: str) -> tuple[tuple[str, ...], int | None]:
    """Read a host pattern.

    Returns:
        the names it stands for, in order, and the port that all of them share.

    Raises:
        AddressError: the range, the port or a name breaks a rule.
    """
    if _simple.fullmatch(pattern):  # nearly all are, and a large inventory has many thousands
        return (pattern,), None
    text, port = split_port(pattern)
    names = tuple(expand(text)) if "[" in text or "]" in text else (text,)
    for name in names:
        check_name(name)
    return names, port


def is_address(pattern: str) -> bool:
    """Whether the text can be read as one host pattern rather than as a list of them."""
    if "*" in pattern or pattern[:1] in ("!", "&", "~"):
        return False
    try:
        parse(pattern)
    except AddressError:
        return False
    return True


def split_port(pattern: str) -> tuple[str, int | None]:
    """Split ``NAME``, ``NAME:PORT``, ``[NAME]:PORT`` or an IPv6 address.

    Raises:
        AddressError: a colon without a port after it, or a port out of range.
    """
    wrapped = re.fullmatch(r"\[(.+)\](?::([0-9]+))?", pattern)
    if wrapped and _is_wrapped_name(wrapped[1], has_port=wrapped[2] is not None):
        return wrapped[1], _checked_port(wrapped[2])
    outside = _bracketed.sub("", pattern)
    if outside.count(":") > 1:
        return pattern, None  # an IPv6 address, or not a name at all: check_name will tell
    match = _port.fullmatch(pattern)
    if match and outside.count(":") == 1:
        return match[1], _checked_port(match[2])
    if pattern.endswith(":"):
        raise AddressError("ends in ':'; a port must follow it")
    return pattern, None


def _is_wrapped_name(inner: str, *, has_port: bool) -> bool:
    if _is_ipv6(inner):
        return True
    balanced = "[" not in _bracketed.sub("", inner) and "]" not in _bracketed.sub("", inner)
    return has_port and balanced and ":" not in _bracketed.sub("", inner)


def _checked_port(text: str | None) -> int | None:
    if text is None:
        return None
    if len(text) > len(str(port_max)) or not 1 <= int(text) <= port_max:
        raise AddressError(f"has port {text[:12]}; a port must be between 1 and {port_max}")
    return int(text)


def check_name(name: str) -> None:
    """Refuse what can not name a host.

    Raises:
        AddressError: the name is empty, has a forbidden character, or has colons without being an
            IPv6 address.
    """
    if not name:
        raise AddressError("is empty; a host needs a name")
    if name == "---":
        raise AddressError("starts a YAML document; name the file with the extension .yml")
    if "=" in name:
        raise AddressError(
            "looks like a variable, not a host; put it after a host's name or under [GROUP:vars]"
        )
    if found := _forbidden.search(name):
        raise AddressError(f"contains {found[0]!r}, which no host name may contain")
    if name[0] in "-@":
        raise AddressError(f"starts with {name[0]!r}; a host name must not")
    if ":" in name and not _is_ipv6(name):
        raise AddressError("is neither NAME:PORT nor an IPv6 address")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def expand(pattern: str) -> Iterator[str]:
    """List the names of a pattern with ranges; the first range changes slowest.

    Raises:
        AddressError: a range is malformed, empty, or the pattern stands for too many names.
    """
    pieces = _bracketed.split(pattern)  # text, range, text, range, …, text
    if any("[" in text or "]" in text for text in pieces[::2]):
        raise AddressError("has a bracket without its partner")
    ranges = [_bounds(text) for text in pieces[1::2]]
    total = math.prod(len(values) for values in ranges)
    if total > names_per_pattern_max:
        raise AddressError(f"stands for {total} hosts; at most {names_per_pattern_max} are allowed")
    for chosen in itertools.product(*ranges):
        parts = list(pieces)
        parts[1::2] = chosen
        yield "".join(parts)


class _Numbers:
    """The numbers of a range as text, made on demand so that a huge range costs nothing to count."""

    def __init__(self, values: range, width: int) -> None:
        self._values = values
        self._width = width

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return (str(value).zfill(self._width) for value in self._values)


def _bounds(text: str) -> _Numbers | str:
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise AddressError(f"has range [{text}]; it must be [BEGIN:END] or [BEGIN:END:STEP]")
    begin, end = parts[0] or "0", parts[1]
    step = _step(parts[2], text) if len(parts) == 3 else 1  # noqa: PLR2004 - BEGIN:END:STEP
    if not end:
        raise AddressError(f"has range [{text}], which names no end")
    if _number.fullmatch(begin) and _number.fullmatch(end):
        return _numbers(begin, end, step, text)
    letters = string.ascii_letters
    if len(begin) == len(end) == 1 and begin in letters and end in letters:
        if letters.index(begin) > letters.index(end):
            raise AddressError(f"has range [{text}], whose begin comes after its end")
        return letters[letters.index(begin) : letters.index(end) + 1 : step]
    raise AddressError(f"has range [{text}]; its bounds must be two numbers or two letters")


def _step(text: str, whole: str) -> int:
    if not _number.fullmatch(text) or len(text) > len(str(names_per_pattern_max)) or not int(text):
        raise AddressError(f"has range [{whole}], whose step must be a whole number above 0")
    return int(text)


def _numbers(begin: str, end: str, step: int, whole: str) -> _Numbers:
    padded = begin[0] == "0" and len(begin) > 1
    if padded and len(begin) != len(end):
        raise AddressError(
            f"has range [{whole}]; with leading zeros both bounds must be equally long"
        )
    digits_max = 18
    if max(len(begin), len(end)) > digits_max:
        raise AddressError(f"has range [{whole[:40]}], whose bounds have over {digits_max} digits")
    values = range(int(begin), int(end) + 1, step)
    if not values:
        raise AddressError(f"has range [{whole}], whose begin comes after its end")
    return _Numbers(values, len(begin) if padded else 0)
