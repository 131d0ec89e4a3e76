"""Filters on text: regular expressions, quoting, comments, splitting."""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus, urlsplit as split_url

from warren.model.errors import PermanentError


def _flags(*, ignorecase: bool, multiline: bool) -> re.RegexFlag:
    flags = re.RegexFlag(0)
    if ignorecase:
        flags |= re.IGNORECASE
    if multiline:
        flags |= re.MULTILINE
    return flags


def regex_replace(  # noqa: PLR0917 - the order of parameters is Ansible's
    value: Any = "",
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,  # noqa: FBT001, FBT002 - called from templates
    multiline: bool = False,  # noqa: FBT001, FBT002
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    """Replace what an expression matches; ``mandatory_count`` is the least number of matches."""
    flags = _flags(ignorecase=ignorecase, multiline=multiline)
    result, number = re.subn(pattern, replacement, _text(value), count=count, flags=flags)
    if mandatory_count and number != mandatory_count:
        raise PermanentError(f"{pattern!r} matched {number} times, not {mandatory_count}")
    return result


def regex_findall(
    value: Any,
    pattern: str,
    multiline: bool = False,  # noqa: FBT001, FBT002
    ignorecase: bool = False,  # noqa: FBT001, FBT002
) -> list[Any]:
    """All matches, or their groups."""
    flags = _flags(ignorecase=ignorecase, multiline=multiline)
    return re.findall(pattern, _text(value), flags)


def regex_search(
    value: Any,
    pattern: str,
    *groups: str,
    ignorecase: bool = False,
    multiline: bool = False,
) -> Any:
    r"""The first match, or its groups named as ``\\1`` or ``\\g<name>``; ``None`` without a match."""
    match = re.search(pattern, _text(value), _flags(ignorecase=ignorecase, multiline=multiline))
    if match is None:
        return None
    if not groups:
        return match.group()
    found: list[Any] = []
    for group in groups:
        named = re.fullmatch(r"\\g<(\S+)>", group)
        numbered = re.fullmatch(r"\\(\d+)", group)
        if named:
            found.append(match.group(named[1]))
        elif numbered:
            found.append(match.group(int(numbered[1])))
        else:
            raise PermanentError(f"{group!r} names no group; write '\\\\1' or '\\\\g<name>'")
    return found


def regex_escape(value: Any, re_type: str = "python") -> str:
    """Text that matches itself, in Python's or POSIX basic syntax."""
    if re_type == "python":
        return re.escape(_text(value))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", _text(value))
    raise PermanentError(f"regex_escape knows python and posix_basic, not {re_type!r}")


def quote(value: Any) -> str:
    """Text as one word of a shell."""
    return shlex.quote("" if value is None else _text(value))


def split(value: str, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text."""
    return value.split(separator, maxsplit)


_comment_styles: Mapping[str, Mapping[str, str]] = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}


def comment(text: str, style: str = "plain", **settings: Any) -> str:
    """Text as a comment of a language."""
    if style not in _comment_styles:
        raise PermanentError(f"comment style {style!r} is not one of {', '.join(_comment_styles)}")
    how: dict[str, Any] = {**_comment_styles[style], **settings}
    decoration = how["decoration"]
    newline = how.get("newline", "\n")
    prefix = str(how.get("prefix", decoration.rstrip())) * int(how.get("prefix_count", 1))
    postfix = str(how.get("postfix", decoration.rstrip())) * int(how.get("postfix_count", 1))
    lines = [f"{decoration}{line}".rstrip() for line in text.split(newline)]
    parts = [how.get("beginning", ""), prefix, *lines, postfix, how.get("end", "")]
    return str(newline).join(part for part in parts if part)


def urlsplit(value: str, query: str = "") -> Any:
    """The parts of a URL, or the one named."""
    parts = split_url(value)
    found = {
        "scheme": parts.scheme,
        "netloc": parts.netloc,
        "path": parts.path,
        "query": parts.query,
        "fragment": parts.fragment,
        "username": parts.username,
        "password": parts.password,
        "hostname": parts.hostname,
        "port": parts.port,
    }
    if query and query not in found:
        raise PermanentError(f"a URL has no part {query!r}; it has {', '.join(found)}")
    return found[query] if query else found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def urldecode(value: Any) -> str:
    """Text without percent escapes."""
    return unquote_plus(_text(value))


filters: dict[str, Callable[..., Any]] = {
    "comment": comment,
    "quote": quote,
    "regex_escape": regex_escape,
    "regex_findall": regex_findall,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "split": split,
    "urldecode": urldecode,
    "urlsplit": urlsplit,
}
