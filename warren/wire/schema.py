"""How a model and a message correspond: by the names of their fields, and by nothing else.

A codec is built once for a pair of types, from the two descriptions alone. A field of the message is
a field of the model; what kind of value it holds says the message:

* a message is a nested model, by the same rules; ``Timestamp`` is a ``datetime``;
* a message with one ``oneof`` is a union of models, told apart by their one-valued field of the same
  name as the ``oneof``, whose value is the name of the member;
* an enumeration's member is the text that is left without the enumeration's name: ``PORT_MODE_ON_DEMAND``
  is ``on-demand``, and the unspecified one is no value;
* bytes of a hidden value are the value in the clear.

A field that is absent takes the model's default. So a field says ``optional`` if and only if its
model's default is neither missing nor zero; tests hold every pair of types to that.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Kind = Literal["plain", "bytes", "time", "enum", "model", "map"]
TIMESTAMP = "google.protobuf.Timestamp"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of a pair.

    Attributes:
        name: in the model and in the message.
        kind: what it holds.
        repeated: whether it is a list.
        has_presence: whether an absent value differs from zero.
        numbers: of an enumeration, by text.
        texts: of an enumeration, by number.
        codec: of the nested pair.
    """

    name: str
    kind: Kind
    repeated: bool = False
    has_presence: bool = False
    numbers: Mapping[str, int] | None = None
    texts: Mapping[int, str] | None = None
    codec: "Codec | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """A model and its message.

    Attributes:
        model: the model's class, or ``None`` for a union.
        fields: of a model, by name.
        required_zeros: fields of a model without default, with the values that absence stands for.
        union: of a union, the name of its ``oneof``.
        members: of a union, the codecs by the names of its members.
    """

    model: type[BaseModel] | None
    fields: Mapping[str, Field]
    required_zeros: Mapping[str, Any]
    union: str = ""
    members: Mapping[str, "Codec"] | None = None


@cache
def codec_of(model: type[BaseModel], message: Descriptor) -> Codec:
    """The codec of a pair.

    Raises:
        AssertionError: the message has a field that the model has not, or one that does not fit.
    """
    fields = {}
    zeros: dict[str, Any] = {}
    for field in message.fields:
        info = model.model_fields.get(field.name)
        assert info is not None, f"{model.__name__} has no field {field.name!r} of {message.name}"
        fields[field.name] = _field(field, info)
        if info.is_required() and not field.is_repeated and fields[field.name].kind == "plain":
            zeros[field.name] = None if field.has_presence else field.default_value
    return Codec(model=model, fields=fields, required_zeros=zeros)


def enum_texts(enum: EnumDescriptor) -> dict[int, str]:
    """The texts of an enumeration's members by number, without the unspecified one."""
    prefix = _upper_snake(enum.name) + "_"
    return {
        value.number: value.name.removeprefix(prefix).lower().replace("_", "-")
        for value in enum.values
        if value.number
    }


def _field(field: FieldDescriptor, info: FieldInfo) -> Field:
    kind = _kind(field)
    texts = _spelled(enum_texts(field.enum_type), info) if field.enum_type else None
    return Field(
        name=field.name,
        kind=kind,
        repeated=field.is_repeated and kind != "map",
        has_presence=field.has_presence,
        numbers={text: number for number, text in texts.items()} if texts else None,
        texts=texts,
        codec=_nested(field, info) if kind == "model" else None,
    )


def _kind(field: FieldDescriptor) -> Kind:
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
            assert value.type == FieldDescriptor.TYPE_STRING, f"{field.full_name}: a map of texts"
            return "map"
        return "time" if field.message_type.full_name == TIMESTAMP else "model"
    if field.enum_type is not None:
        return "enum"
    return "bytes" if field.type == FieldDescriptor.TYPE_BYTES else "plain"


def _spelled(texts: Mapping[int, str], info: FieldInfo) -> dict[int, str]:
    """The texts as the model spells them: ``Exact`` for ``exact``."""
    spelled = {value.lower(): value for value in _values_in(info.annotation)}
    assert set(texts.values()) >= set(spelled), (set(texts.values()), set(spelled))
    return {number: spelled.get(text, text) for number, text in texts.items()}


def _nested(field: FieldDescriptor, info: FieldInfo) -> Codec:
    models = tuple(_models_in(info.annotation))
    message = field.message_type
    assert message is not None, field.full_name
    if len(models) == 1:
        return codec_of(models[0], message)
    union = message.oneofs[0].name
    members = {}
    for model in models:
        (tag,) = _values_in(model.model_fields[union].annotation)
        member = message.fields_by_name[tag].message_type
        assert member is not None, f"{message.full_name}.{tag} is no message"
        members[tag] = codec_of(model, member)
    assert set(members) == {each.name for each in message.fields}, message.full_name
    return Codec(model=None, fields={}, required_zeros={}, union=union, members=members)


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def _values_in(annotation: Any) -> Iterable[str]:
    """The texts that an enumeration, a ``Literal``, or either within a union or a tuple allows."""
    if isinstance(annotation, type):
        members: Mapping[str, Any] = getattr(annotation, "__members__", {})
        yield from (member.value for member in members.values())
    for argument in getattr(annotation, "__args__", ()):
        if isinstance(argument, str):
            yield argument
        else:
            yield from _values_in(argument)


def _upper_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
