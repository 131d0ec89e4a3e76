"""Comparing versions, as ``version`` does: loosely by default, or by the rules of a scheme."""

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from warren.model.errors import PermanentError

_operators: dict[str, Callable[[Any, Any], bool]] = {
    name: operator
    for operator, names in (
        (eq, ("==", "=", "eq")),
        (ne, ("!=", "<>", "ne")),
        (lt, ("<", "lt")),
        (le, ("<=", "le")),
        (gt, (">", "gt")),
        (ge, (">=", "ge")),
    )
    for name in names
}
_semantic = re.compile(
    r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
_pep440 = re.compile(
    r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)[-_.]?(?:(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?"
    r"(?:[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+[a-z0-9._-]+)?",
    re.ASCII | re.IGNORECASE,
)


def compare(
    value: Any,
    version: Any,
    operator: str = "==",
    strict: bool | None = None,  # noqa: FBT001 - called from templates
    version_type: str | None = None,
) -> bool:
    """Whether one version stands to another as the operator says.

    Args:
        value: the version on the left.
        version: the version on the right.
        operator: ``==``, ``<``, ``ge``, …
        strict: the same as ``version_type: strict``.
        version_type: ``loose``, ``strict``, ``semver`` or ``pep440``.

    Raises:
        PermanentError: a version is empty or breaks its scheme; the operator or type is unknown.
    """
    if operator not in _operators:
        raise PermanentError(f"operator {operator!r} is not one of {', '.join(_operators)}")
    kind = version_type or ("strict" if strict else "loose")
    if kind not in _keys:
        raise PermanentError(f"version_type {kind!r} is not one of {', '.join(_keys)}")
    left, right = str(value), str(version)
    if not left or not right:
        raise PermanentError("a version to compare is empty")
    return _operators[operator](_keys[kind](left), _keys[kind](right))


def _loose(text: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers and words in order; a number comes after a word."""
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part)
        for part in re.findall(r"\d+|[a-zA-Z]+", text)
    )


def _strict(text: str) -> Any:
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", text, re.ASCII)
    if match is None:
        raise PermanentError(f"{text!r} is no strict version; write 1.2, 1.2.3 or 1.2.3b4")
    pre = (match[4], int(match[5])) if match[4] else ("z", 0)
    return (int(match[1]), int(match[2]), int(match[3] or 0), pre)


def _semver(text: str) -> Any:
    match = _semantic.fullmatch(text)
    if match is None:
        raise PermanentError(f"{text!r} is no semantic version; write 1.2.3 or 1.2.3-rc.1")
    numbers = tuple(int(match[index]) for index in (1, 2, 3))
    if not match[4]:
        return (numbers, 1, ())
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in match[4].split(".")
    )
    return (numbers, 0, parts)


def _python(text: str) -> Any:
    match = _pep440.fullmatch(text.strip())
    if match is None:
        raise PermanentError(f"{text!r} is no version as PEP 440 defines it")
    numbers = [int(part) for part in match[2].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    ranks = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
    word = (match[3] or "").lower()
    pre: tuple[Any, ...] = (1, "", 0)
    if word:
        pre = (0, ranks.get(word, word), int(match[4] or 0))
    elif match[7] and not match[5]:
        pre = (-1, "", 0)  # a development release comes before every pre-release
    post = int(match[6] or 0) if match[5] else -1
    development = (0, int(match[8] or 0)) if match[7] else (1, 0)
    return (int(match[1] or 0), tuple(numbers), pre, post, development)


_keys: dict[str, Callable[[str], Any]] = {
    "loose": _loose,
    "strict": _strict,
    "semver": _semver,
    "semantic": _semver,
    "pep440": _python,
}
