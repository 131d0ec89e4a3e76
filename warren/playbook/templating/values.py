"""What is a template and what is only text.

A value is a template because of who wrote it, not because of what it looks like: the text of a
playbook, role or inventory may hold expressions, the output of a command must never be run as one.
So what users write is compiled once, when it is read, into the node types below, and everything
else is a plain value that no code path templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from warren.model.errors import Place
from warren.playbook.inventory.layers import VaultText


class Unsafe(str):
    """Text marked ``!unsafe``: taken as it stands, whatever it looks like."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Text with expressions in it."""

    source: str
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with a template somewhere below it."""

    entries: Mapping[Any, Any]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A sequence with a template somewhere below it."""

    items: tuple[Any, ...]
    place: Place | None = field(default=None, compare=False)


templates = (Text, Table, Row, VaultText)


def has_expression(text: str) -> bool:
    """Whether the text holds a template's delimiters."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


def compile_value(value: Any, place: Place | None = None) -> Any:
    """Turn what a user wrote into a plain value, or a template node if anything in it is one.

    Args:
        value: plain or marked YAML.
        place: where it stands, if its container does not say.
    """
    if isinstance(value, str):
        if isinstance(value, Unsafe) or not has_expression(value):
            return value
        return Text(value, place)
    if isinstance(value, dict):
        return _compile_table(value, place)
    if isinstance(value, list | tuple):
        return _compile_row(value, place)
    return value


def _compile_table(value: Mapping[Any, Any], place: Place | None) -> Any:
    places: Mapping[Any, Place] = getattr(value, "value_places", {})
    own = getattr(value, "place", place)
    entries = {key: compile_value(item, places.get(key, own)) for key, item in value.items()}
    if any(isinstance(item, templates) for item in entries.values()):
        return Table(entries, own)
    return entries


def _compile_row(value: Sequence[Any], place: Place | None) -> Any:
    own = getattr(value, "place", place)
    spots = getattr(value, "item_places", None) or [own] * len(value)
    items = [compile_value(item, spot) for item, spot in zip(value, spots, strict=True)]
    if any(isinstance(item, templates) for item in items):
        return Row(tuple(items), own)
    return items


def is_template(value: Any) -> bool:
    """Whether a compiled value must be evaluated before use."""
    return isinstance(value, templates)


def source_of(value: Any) -> Any:
    """What the user wrote, from its compiled form; for messages and raw arguments."""
    if isinstance(value, Text):
        return value.source
    if isinstance(value, Table):
        return {key: source_of(item) for key, item in value.entries.items()}
    if isinstance(value, Row):
        return [source_of(item) for item in value.items]
    if isinstance(value, VaultText):
        return "<encrypted>"
    return value
