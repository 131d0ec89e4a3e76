"""Filters on single values: truth, choice, numbers, sizes, times, types."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jinja2 import Undefined

from warren.model.errors import PermanentError

_true_words = frozenset(("1", "on", "true", "t", "y", "yes"))
_units = "YZEPTGMK"


def to_bool(value: Any) -> bool | None:
    """Truth as people write it: ``yes``, ``on``, ``1``; ``None`` stays."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.strip().lower() in _true_words
    return bool(value == 1)


def ternary(value: Any, if_true: Any, if_false: Any, if_none: Any = None) -> Any:
    """One of two values by a third; ``if_none``, when given, is for ``None``."""
    if value is None and if_none is not None:
        return if_none
    return if_true if value else if_false


def mandatory(value: Any, message: str | None = None) -> Any:
    """The value, which must exist."""
    if isinstance(value, Undefined):
        name = value._undefined_name  # noqa: SLF001 - the only way Jinja gives it
        raise PermanentError(message or f"mandatory variable {name!r} is not defined")
    return value


def type_debug(value: Any) -> str:
    """The name of a value's type."""
    return type(value).__name__


def human_readable(
    size: float,
    isbits: bool = False,  # noqa: FBT001, FBT002 - called from templates
    unit: str | None = None,
) -> str:
    """A size with its unit, powers of 1024."""
    base = "bits" if isbits else "Bytes"
    suffixes = [(letter, 1024 ** (len(_units) - index)) for index, letter in enumerate(_units)]
    for letter, limit in [*suffixes, ("", 1)]:
        fits = size >= limit if unit is None else unit.upper() == letter
        if fits or not letter:
            suffix = f"{letter}{'b' if isbits else 'B'}" if letter else base
            return f"{size / limit:.2f} {suffix}"
    raise AssertionError("the last unit always fits")


def human_to_bytes(
    text: str,
    default_unit: str = "",
    isbits: bool = False,  # noqa: FBT001, FBT002 - called from templates
) -> int:
    """The number of bytes (or bits) that a text such as ``1.5 GB`` means."""
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*([A-Za-z]*)\s*", str(text))
    if match is None:
        raise PermanentError(f"{text!r} is no size; write a number and a unit such as 10 MB")
    unit = match[2] or default_unit
    letter = unit[:1].upper()
    names = {"": "", "B": ""} | {one: one for one in _units}
    rest = unit[1:].lower() if letter in _units else unit.lower()
    if letter not in names or rest not in {"", "b", "bit" if isbits else "byte", "ytes", "its"}:
        raise PermanentError(f"{text!r} has the unknown unit {unit!r}")
    power = len(_units) - _units.index(letter) if letter in _units and letter else 0
    return round(float(match[1]) * float(1024**power))


def strftime(pattern: str, second: float | None = None, utc: bool = False) -> str:  # noqa: FBT001, FBT002
    """A time as text; ``second`` counts from 1970."""
    if second is None:
        raise PermanentError("strftime needs the seconds since 1970; now().timestamp() gives them")
    moment = datetime.fromtimestamp(float(second), UTC)
    return (moment if utc else moment.astimezone()).strftime(pattern)


def to_datetime(text: str, pattern: str = "%Y-%m-%d %H:%M:%S") -> datetime:
    """The time that a text means."""
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - times of playbooks have no zone


def power(value: float, exponent: float) -> float:
    """A number to a power."""
    return math.pow(value, exponent)


def root(value: float, base: float = 2) -> float:
    """The root of a number."""
    return math.sqrt(value) if base == 2 else math.pow(value, 1.0 / base)  # noqa: PLR2004


def logarithm(value: float, base: float = math.e) -> float:
    """The logarithm of a number."""
    return math.log10(value) if base == 10 else math.log(value, base)  # noqa: PLR2004


filters: dict[str, Callable[..., Any]] = {
    "bool": to_bool,
    "human_readable": human_readable,
    "human_to_bytes": human_to_bytes,
    "log": logarithm,
    "mandatory": mandatory,
    "pow": power,
    "root": root,
    "strftime": strftime,
    "ternary": ternary,
    "to_datetime": to_datetime,
    "type_debug": type_debug,
}
