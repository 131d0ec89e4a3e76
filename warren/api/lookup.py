"""Finding the one thing that a request names, and the page of a list that it asks for."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from warren.model.errors import InvalidInput, NotFound, Problem
from warren.model.resource import Resource
from warren.model.validation import nearest
from warren.store.tables import Table
from warren.wire.schema import enum_texts
from warren.wire.v1.call_pb2 import Page, PageInfo

T = TypeVar("T", bound=Resource)
SIZE = 100
SIZE_MAX = 1000
PREFIX_CHARACTERS_MIN = 7
"""A type prefix (``svc_``) and something of what follows."""

Key = Callable[[T], tuple[str, ...]]


def find(table: Table[T], given: str, noun: str, *, tenant: str = "default") -> T:
    """The thing with that name, that id, or the only one whose id begins so.

    Raises:
        NotFound: there is none in the tenant; the nearest known name is the hint.
        InvalidInput: nothing is named, or ids of several begin so.
    """
    if not given:
        raise InvalidInput([Problem(field=noun, value="", rule="must be named")])
    found = table.named(given, tenant) or _by_id(table, given, noun, tenant)
    if found is None:
        close = nearest(given, [each.name for each in table if each.tenant == tenant])
        hint = f"did you mean {close!r}?" if close else f"`warren {noun} list` shows what there is"
        raise NotFound(f"no {noun} is named {given!r}", hint=hint)
    return found


def _by_id(table: Table[T], given: str, noun: str, tenant: str) -> T | None:
    found = table.get(given)
    if found is not None:
        return found if found.tenant == tenant else None
    if len(given) < PREFIX_CHARACTERS_MIN:
        return None
    fitting = [each for each in table if each.id.startswith(given) and each.tenant == tenant]
    if len(fitting) > 1:
        rule = f"fits the ids of {len(fitting)} things: give more of it, or the name"
        raise InvalidInput([Problem(field=noun, value=given, rule=rule)])
    return fitting[0] if fitting else None


def page_of(
    things: Iterable[T], key: Key[T], page: Page, *, sequence: int
) -> tuple[list[T], PageInfo]:
    """The part of a list that is asked for.

    A page begins after the last thing of the one before, so what comes and goes meanwhile neither
    repeats nor hides anything else.

    Args:
        things: all of the list.
        key: by what they are ordered; different for any two.
        page: which part.
        sequence: of the record that they are from.

    Raises:
        InvalidInput: the size is out of range, or the token is none.
    """
    if not 0 <= page.size <= SIZE_MAX:
        rule = f"must be at most {SIZE_MAX}, and 0 for {SIZE}"
        raise InvalidInput([Problem(field="page.size", value=str(page.size), rule=rule)])
    ordered = sorted(((key(each), each) for each in things), key=lambda pair: pair[0])
    after = _read_token(page.token) if page.token else ()
    rest = [pair for pair in ordered if pair[0] > after]
    size = page.size or SIZE
    next_token = _write_token(rest[size - 1][0]) if len(rest) > size else ""
    info = PageInfo(next_token=next_token, total=len(ordered), sequence=sequence)
    return [each for _, each in rest[:size]], info


def words_of(enum: Any, numbers: Iterable[int]) -> frozenset[str]:
    """The members of an enumeration as models spell them.

    Args:
        enum: its descriptor.
        numbers: of the members; that of no member was refused before.
    """
    texts = enum_texts(enum)
    return frozenset(texts[number] for number in numbers if number in texts)


def has_labels(thing: Resource, wanted: Mapping[str, str]) -> bool:
    """Whether a thing has all of the labels."""
    return all(thing.labels.get(name) == value for name, value in wanted.items())


def _write_token(key: tuple[str, ...]) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read_token(token: str) -> tuple[str, ...]:
    try:
        parts = json.loads(urlsafe_b64decode(token.encode()))
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        rule = "must be the next_token of the page before"
        raise InvalidInput([Problem(field="page.token", value="", rule=rule)])
    return tuple(parts)
