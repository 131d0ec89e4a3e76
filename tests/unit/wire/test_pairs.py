"""Models and their messages have the same fields, and absence means the same in both."""

from enum import Enum
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tests.unit.wire.nouns import MESSAGES, NOUNS, SEALED, model_classes
from warren.model.secret import SealedSecret, Secret
from warren.wire.conversion import message_type_of
from warren.wire.schema import codec_of, enum_texts
from warren.wire.v1 import secret_pb2

PAIRS = sorted(
    (each for each in model_classes() if each.__name__ in MESSAGES), key=lambda each: each.__name__
)


def test_every_noun_has_a_message() -> None:
    assert len(NOUNS) > 20
    assert [noun.__name__ for noun in NOUNS if noun not in PAIRS] == []


@pytest.mark.parametrize("model", PAIRS, ids=lambda each: each.__name__)
def test_model_and_message_have_the_same_fields(model: type[BaseModel]) -> None:
    message = MESSAGES[model.__name__]
    fields = set(model.model_fields)
    if {field.containing_oneof.name for field in variants(message)} == {"type"}:
        fields = set()
    discriminators = {"type"} if model.__name__.endswith("Check") else set()
    assert {field.name for field in message.fields} == fields - discriminators
    codec_of(model, message)


@pytest.mark.parametrize("model", PAIRS, ids=lambda each: each.__name__)
def test_absence_means_the_default(model: type[BaseModel]) -> None:
    wrong = []
    for field in MESSAGES[model.__name__].fields:
        info = model.model_fields[field.name]
        if field.is_repeated:
            default = info.get_default(call_default_factory=True)
            least = [each.min_length for each in info.metadata if hasattr(each, "min_length")]
            if default not in (PydanticUndefined, (), {}) and not any(least):
                wrong.append(f"{field.name}: an empty list is not its default {default}")
            continue
        is_plain = field.message_type is None and field.enum_type is None
        if is_plain and field.has_presence != needs_presence(field, info.get_default()):
            wrong.append(f"{field.name}: optional is {field.has_presence}")
    assert not wrong


@pytest.mark.parametrize("model", PAIRS, ids=lambda each: each.__name__)
def test_enumerations_have_the_same_members(model: type[BaseModel]) -> None:
    for field in MESSAGES[model.__name__].fields:
        if field.enum_type is not None:
            known = set(values_in(model.model_fields[field.name].annotation))
            assert set(enum_texts(field.enum_type).values()) == {each.lower() for each in known}


def test_what_is_sealed_has_no_place_in_a_message() -> None:
    assert len(SEALED) == 4
    assert message_type_of(SealedSecret) is secret_pb2.Secret
    for model in SEALED:
        (seen,) = (each for each in model.__bases__ if issubclass(each, BaseModel))
        hidden = set(model.model_fields) - set(seen.model_fields)
        assert hidden
        assert not hidden & set(message_type_of(model).DESCRIPTOR.fields_by_name)


def test_codec_refuses_a_message_with_a_field_that_the_model_has_not() -> None:
    with pytest.raises(AssertionError, match="Secret has no field 'value' of SecretSpec"):
        codec_of(Secret, secret_pb2.SecretSpec.DESCRIPTOR)


def test_message_of_a_model_without_one_is_refused() -> None:
    with pytest.raises(AssertionError, match="no message carries a BaseModel"):
        message_type_of(BaseModel)


def needs_presence(field: FieldDescriptor, default: Any) -> bool:
    if default is PydanticUndefined:
        # what is required and may be none is told apart from what is empty
        return field.full_name == "warren.v1.Endpoint.name"
    return bool(default != field.default_value)


def variants(message: Any) -> list[Any]:
    return [
        each
        for each in message.fields
        if each.containing_oneof is not None and not each.containing_oneof.name.startswith("_")
    ]


def values_in(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [each.value for each in annotation]
    found: list[str] = []
    for each in getattr(annotation, "__args__", ()):
        found += [each] if isinstance(each, str) else values_in(each)
    return found
