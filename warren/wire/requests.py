"""What is checked of every request, and what is read of every request, whatever it asks for."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from warren.model.errors import InvalidInput, Problem
from warren.model.validation import nearest
from warren.wire.schema import TIMESTAMP
from warren.wire.v1.call_pb2 import ReadOptions, WriteOptions

Path = tuple[str | int, ...]
SECONDS_MIN = -62_135_596_800
SECONDS_MAX = 253_402_300_799
NANOS_MAX = 999_999_999
REDACTED = "***"


def check(message: Message, *, path: Path = ()) -> None:
    """Refuse what this Warren cannot know the meaning of: it might be what the caller cares for.

    Raises:
        InvalidInput: a field or a member of an enumeration is unknown, or a time is out of range.
    """
    problems = [
        Problem(field=dotted(where), value=value, rule=rule)
        for where, value, rule in _strange(message, path)
    ]
    if problems:
        raise InvalidInput(problems, hint="a newer client may have sent this: upgrade the managers")


def dotted(path: Path) -> str:
    """A path as errors show it."""
    return ".".join(map(str, path))


def tenant_of(request: Message) -> str:
    """The tenant that a request names; empty if it names none."""
    return str(getattr(request, "tenant", ""))


def write_options(request: Message) -> WriteOptions:
    """How a change is to be made; the defaults for requests that cannot say."""
    options = getattr(request, "write", None)
    return options if isinstance(options, WriteOptions) else WriteOptions()


def read_options(request: Message) -> ReadOptions:
    """How a read is to be answered; the defaults for requests that cannot say."""
    options = getattr(request, "read", None)
    return options if isinstance(options, ReadOptions) else ReadOptions()


def redacted(message: Message) -> dict[str, Any]:
    """A message as logs and audits may show it: what is marked ``debug_redact`` is starred."""
    return {
        field.name: REDACTED if field.GetOptions().debug_redact else _shown(field, value)
        for field, value in message.ListFields()
    }


def trim(message: Message, paths: list[str], *, path: Path = ()) -> None:
    """Keep only the named fields of a message; all of them if none is named.

    Args:
        message: what is trimmed, in place.
        paths: of a ``FieldMask``: ``spec.containers``; below a list or a map nothing can be named.
        path: where the mask stands in the request; prefixed to the field named in an error.

    Raises:
        InvalidInput: a path names no field.
    """
    if not paths:
        return
    kept = type(message)()
    for each in paths:
        _keep(message, kept, each, path)
    message.CopyFrom(kept)


_Strange = Iterator[tuple[Path, str, str]]
_Look = Callable[[Any, Path], _Strange]


def _strange(message: Message, path: Path) -> _Strange:
    unknown = UnknownFieldSet(message)
    for index in range(len(unknown)):
        number = unknown[index].field_number
        yield path, "", f"has a field with number {number}, which is not known"
    message_type: Any = type(message)
    looks = _looks(message_type)
    for field, value in message.ListFields():
        look = looks.get(field.name)
        if look is not None:
            yield from look(value, (*path, field.name))


@cache
def _looks(message_type: Any) -> dict[str, _Look]:
    """How to look at the fields of a message; those where nothing can be strange are not among them."""
    looks = {}
    for field in message_type.DESCRIPTOR.fields:
        if (look := _look_at(field)) is not None:
            looks[field.name] = _look_at_each(look) if field.is_repeated else look
    return looks


def _look_at(field: FieldDescriptor) -> _Look | None:
    message, enum = field.message_type, field.enum_type
    if message is not None:
        if message.GetOptions().map_entry:
            value = message.fields_by_name["value"]
            assert value.message_type is None, f"{field.full_name}: a map of plain values"
            assert value.enum_type is None, f"{field.full_name}: a map of plain values"
            return None
        return _strange_time if message.full_name == TIMESTAMP else _strange
    if enum is None:
        return None
    name, known = enum.name, frozenset(enum.values_by_number)

    def strange_member(value: Any, path: Path) -> _Strange:
        if value not in known:
            yield path, str(value), f"is no member of {name}"

    return strange_member


def _look_at_each(look: _Look) -> _Look:
    def look_at_each(values: Any, path: Path) -> _Strange:
        for index, value in enumerate(values):
            yield from look(value, (*path, index))

    return look_at_each


def _strange_time(value: Any, path: Path) -> _Strange:
    if not SECONDS_MIN <= value.seconds <= SECONDS_MAX or not 0 <= value.nanos <= NANOS_MAX:
        yield path, f"{value.seconds}s {value.nanos}ns", "must be a time in the years 1 to 9999"


def _shown(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is None:
        return list(value) if field.is_repeated else value
    if field.message_type.GetOptions().map_entry:
        return dict(value)
    return [redacted(each) for each in value] if field.is_repeated else redacted(value)


def _keep(message: Any, kept: Any, dotted_name: str, path: Path) -> None:
    name, _, rest = dotted_name.partition(".")
    field = message.DESCRIPTOR.fields_by_name.get(name)
    is_open = field is not None and field.message_type is not None and not field.is_repeated
    if field is None or (rest and not is_open):
        known = message.DESCRIPTOR.fields_by_name
        rule = "is no field" if field is None else "has no fields that could be named"
        problem = Problem(
            field=dotted(path), value=name, rule=rule, suggestion=nearest(name, known)
        )
        raise InvalidInput([problem])
    value = getattr(message, name)
    if rest:
        part = getattr(kept, name)
        _keep(value, part, rest, path)
        if message.HasField(name):
            part.SetInParent()
    elif field.has_presence:
        if message.HasField(name):
            _put(kept, field, value)
    else:
        _put(kept, field, value)


def _put(kept: Any, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated or field.message_type is not None:
        kept.MergeFrom(type(kept)(**{field.name: value}))
    else:
        setattr(kept, field.name, value)
