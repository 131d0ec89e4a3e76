"""Mistakes in playbooks, told with the lines around them."""

import linecache
from collections.abc import Iterable
from typing import Any

from warren.model.errors import InvalidInput, Place, Problem, SyntaxProblem, WarrenError
from warren.model.validation import nearest, shown

excerpt_lines_before = 2


def problem(
    field: str, rule: str, place: Place | None, *, value: Any = None, near: str = ""
) -> InvalidInput:
    """A mistake in one thing.

    Args:
        field: what is wrong (a keyword, an argument).
        rule: the rule it breaks, as a sentence fragment.
        place: where it stands.
        value: the offending value, if it helps.
        near: the known name that was most likely meant.
    """
    text = "" if value is None else shown(value)
    return InvalidInput([Problem(field=field, value=text, rule=rule, place=place, suggestion=near)])


def unknown(what: str, name: str, known: Iterable[str], place: Place | None) -> InvalidInput:
    """A name that does not exist, with the one that comes nearest."""
    return problem(name, f"is not a known {what}", place, near=nearest(name, known))


def places_of(error: WarrenError) -> tuple[Place, ...]:
    """Where an error points."""
    if isinstance(error, InvalidInput):
        found = [one.place for one in error.problems if one.place is not None]
        return tuple(dict.fromkeys(found))
    if isinstance(error, SyntaxProblem):
        return (error.place,)
    place = getattr(error, "place", None)
    return (place,) if isinstance(place, Place) else ()


def excerpt(place: Place) -> str:
    """The lines around a place with a caret below it; empty if the file cannot be read."""
    first = max(1, place.line - excerpt_lines_before)
    numbered = [
        (number, linecache.getline(place.file, number)) for number in range(first, place.line + 1)
    ]
    if not numbered[-1][1]:
        return ""
    width = len(str(place.line))
    lines = [f"  {number:>{width}} | {text.rstrip()}" for number, text in numbered]
    lines.append(f"  {'':>{width}} | {' ' * (place.column - 1)}^")
    return "\n".join(lines)


def explain(error: WarrenError) -> str:
    """An error as people read it: what is wrong, where, the lines there, and what to do."""
    excerpts = [text for text in map(excerpt, places_of(error)) if text]
    parts = [error.message, *excerpts]
    if error.hint:
        parts.append(f"hint: {error.hint}")
    return "\n".join(parts)
