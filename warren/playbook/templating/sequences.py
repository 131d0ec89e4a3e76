"""Numbers in order, as ``with_sequence`` counts them: ``start=1 end=9 stride=2 format=web%02d``."""

import re
from collections.abc import Mapping
from typing import Any

from warren.model.errors import PermanentError

numbers_max = 1_000_000

_short = re.compile(
    r"(?:(0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(?:/(-?0?x?[0-9a-f]+))?(?::(.+))?", re.IGNORECASE
)
_known = ("start", "end", "count", "stride", "format")


def count(term: str, settings: Mapping[str, Any]) -> list[str]:
    """The numbers that a term and settings name, as text.

    Raises:
        PermanentError: the term names no end, the stride leads away from it, or it is too long.
    """
    how = {**_parsed(term), **settings}
    unknown = [name for name in how if name not in _known]
    if unknown:
        raise PermanentError(f"sequence has no setting {unknown[0]!r}; it has {', '.join(_known)}")
    start, stride = _number(how.get("start", 1)), _number(how.get("stride", 1))
    if "count" in how:
        number = _number(how["count"])
        end = start + (number - 1) * stride
        if number == 0:
            return []
    elif "end" in how:
        end = _number(how["end"])
    else:
        raise PermanentError("sequence needs an end or a count")
    if stride == 0 or (end > start and stride < 0) or (end < start and stride > 0):
        raise PermanentError(f"sequence never gets from {start} to {end} in steps of {stride}")
    numbers = range(start, end + (1 if stride > 0 else -1), stride)
    if len(numbers) > numbers_max:
        raise PermanentError(
            f"sequence has {len(numbers)} numbers; at most {numbers_max} are allowed"
        )
    pattern = str(how.get("format", "%d"))
    try:
        return [pattern % number for number in numbers]
    except (TypeError, ValueError) as error:
        raise PermanentError(f"sequence format {pattern!r} is no format of a number") from error


def _parsed(term: str) -> dict[str, str]:
    term = term.strip()
    if not term:
        return {}
    if "=" in term:
        return dict(part.split("=", 1) for part in term.split())
    match = _short.fullmatch(term)
    if match is None:
        raise PermanentError(f"{term!r} is no sequence; write start=1 end=9, or 1-9/2:web%02d")
    names = ("start", "end", "stride", "format")
    return {name: text for name, text in zip(names, match.groups(), strict=True) if text}


def _number(value: Any) -> int:
    try:
        return value if isinstance(value, int) else int(str(value), 0)
    except ValueError as error:
        raise PermanentError(f"sequence needs whole numbers, not {value!r}") from error
