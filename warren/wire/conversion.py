"""Nouns to messages and back: one mechanism for all of them.

``encode`` turns a model into its message; ``decode`` turns a message into a model, which validates it.
What breaks a rule is refused with the path of its field, whether the message format, the schema or
the model finds it. What corresponds to what is in ``schema``.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from pydantic import BaseModel

from warren.model.errors import InvalidInput, Problem
from warren.model.hidden import Secret
from warren.model.validation import parse, shown
from warren.wire.files import FILES
from warren.wire.requests import (
    NANOS_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    Path,
    check,
    dotted,
)
from warren.wire.schema import Codec, Field, codec_of

Model = TypeVar("Model", bound=BaseModel)
M = TypeVar("M", bound=Message)
Turn = Callable[[Any], Any]
Encode = Callable[[Any], dict[str, Any]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def message_type_of(model: type[BaseModel]) -> type[Message]:
    """The message that carries a model: the one of its class's name, or of the nearest ancestor's.

    So ``SealedSecret`` is carried by ``Secret``, which has no place for what is sealed.
    """
    for ancestor in model.__mro__:
        for file in FILES:
            if found := file.message_types_by_name.get(ancestor.__name__):
                return GetMessageClass(found)
    raise AssertionError(f"no message carries a {model.__name__}")


def encode(model: BaseModel, message_type: type[M]) -> M:
    """Make the message of a model.

    Raises:
        InvalidInput: a value does not fit the message (a number is too large, a text is no UTF-8).
    """
    codec = _codec(type(model), message_type)
    values = _encoder(codec)(model)
    try:
        return message_type(**values)
    except (ValueError, TypeError):
        problems = _misfits(message_type, codec, values, ())
    raise InvalidInput(problems)


def decode(message: Message, model: type[Model], *, path: Path = (), strict: bool = True) -> Model:
    """Make the model of a message.

    Args:
        message: what was received.
        model: what it should be.
        path: where the message stands in the request; prefixed to the fields named in errors.
        strict: refuse what is unknown. Callers of a newer manager are lenient, managers never.

    Raises:
        InvalidInput: with every problem found.
    """
    if strict:
        check(message, path=path)
    value = _decoder(_codec(model, type(message)))(message)
    return parse(model, value, path=path)


def _codec(model: type[BaseModel], message_type: Any) -> Codec:
    return _codec_of(model, message_type)


@cache
def _codec_of(model: type[BaseModel], message_type: Any) -> Codec:
    return codec_of(model, message_type.DESCRIPTOR)


@cache
def _encoder(codec: Codec) -> Encode:
    """What makes of a model the values that the message's constructor takes."""
    if codec.members is not None:
        union = codec.union
        encoders = {tag: _encoder(member) for tag, member in codec.members.items()}

        def encode_union(model: Any) -> dict[str, Any]:
            tag = getattr(model, union)
            return {tag: encoders[tag](model)}

        return encode_union
    as_they_are = tuple(
        name for name, field in codec.fields.items() if field.kind in {"plain", "map"}
    )
    turned = tuple(
        (name, _each(_sender(field)) if field.repeated else _sender(field))
        for name, field in codec.fields.items()
        if field.kind not in {"plain", "map"}
    )

    def encode_model(model: Any) -> dict[str, Any]:
        values = model.__dict__
        plain = {name: values[name] for name in as_they_are}  # the constructor skips what is None
        for name, send in turned:
            value = values[name]
            if value is not None:
                plain[name] = send(value)
        return plain

    return encode_model


def _sender(field: Field) -> Turn:
    match field.kind:
        case "model":
            assert field.codec is not None, field.name
            return _encoder(field.codec)
        case "enum":
            assert field.numbers is not None, field.name
            return field.numbers.__getitem__
        case "time":
            return _send_time
        case _:
            return _send_bytes


def _each(turn: Turn) -> Turn:
    return lambda values: [turn(value) for value in values]


def _send_time(value: datetime) -> dict[str, int]:
    assert value.tzinfo is not None, f"{value} is in no time zone"
    since = value - _EPOCH
    return {"seconds": since.days * 86400 + since.seconds, "nanos": since.microseconds * 1000}


def _send_bytes(value: Secret | bytes) -> bytes:
    return value.reveal() if isinstance(value, Secret) else value


@cache
def _decoder(codec: Codec) -> Turn:
    """What makes of a message the values that the model validates."""
    if codec.members is not None:
        union = codec.union
        decoders = {tag: _decoder(member) for tag, member in codec.members.items()}

        def decode_union(message: Any) -> dict[str, Any]:
            tag = message.WhichOneof(union)
            return {union: tag, **decoders[tag](getattr(message, tag))} if tag else {union: ""}

        return decode_union
    turns = {
        name: _each(_receiver(field)) if field.repeated else _receiver(field)
        for name, field in codec.fields.items()
    }
    zeros = codec.required_zeros

    def decode_message(message: Any) -> dict[str, Any]:
        values = dict(zeros)
        for descriptor, value in message.ListFields():
            name = descriptor.name
            values[name] = turns[name](value)
        return values

    return decode_message


def _receiver(field: Field) -> Turn:
    match field.kind:
        case "model":
            assert field.codec is not None, field.name
            return _decoder(field.codec)
        case "enum":
            assert field.texts is not None, field.name
            texts = field.texts
            return lambda number: texts.get(number, f"#{number}")
        case "time":
            return _time
        case "map":
            return dict
        case _:
            return _same


def _same(value: Any) -> Any:
    return value


def _time(value: Any) -> datetime | str:
    """A time; one that is out of range becomes a text, which the model refuses by name."""
    seconds, nanos = value.seconds, value.nanos
    if SECONDS_MIN <= seconds <= SECONDS_MAX and 0 <= nanos <= NANOS_MAX:
        return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    return f"#{seconds}"


def _misfits(
    message_type: type[Message], codec: Codec, values: Mapping[str, Any], path: Path
) -> list[Problem]:
    """Which of the values do not fit, found by trying each alone."""
    problems = []
    for name, value in values.items():
        try:
            message_type(**{name: value})
        except (ValueError, TypeError) as error:
            where = (*path, name)
            problems += _parts(message_type, codec, name, value, where) or [
                Problem(field=dotted(where), value=shown(value), rule=_rule(error))
            ]
    return problems


def _parts(
    message_type: type[Message], codec: Codec, name: str, value: Any, path: Path
) -> list[Problem]:
    nested = codec.members[name] if codec.members is not None else codec.fields[name].codec
    if nested is None:
        return []
    empty = getattr(message_type(), name)
    if isinstance(value, dict):
        return _misfits(type(empty), nested, value, path)
    return [
        problem
        for index, each in enumerate(value)
        for problem in _misfits(type(empty.add()), nested, each, (*path, index))
    ]


def _rule(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "holds characters that UTF-8 cannot carry"
    return "must be a number that fits its field"
