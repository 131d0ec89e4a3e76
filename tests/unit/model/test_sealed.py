from datetime import UTC, datetime

import pytest
from pydantic_core import PydanticSerializationError

from warren.model.errors import InvalidInput
from warren.model.hidden import Secret as HiddenBytes
from warren.model.secret import SealedSecret, SecretSpec
from warren.model.validation import parse

NOW = datetime(2026, 10, 1, tzinfo=UTC)


def record(sealed: object) -> SealedSecret:
    document = {"id": "sec_1", "name": "a", "created_at": NOW, "updated_at": NOW, "size_bytes": 1}
    return parse(SealedSecret, {**document, "sealed": sealed})


def test_sealed_value_is_base64_in_documents_and_bytes_in_models() -> None:
    value = bytes(range(256))
    document = record(value).model_dump(mode="json")
    assert parse(SealedSecret, document).sealed == value
    assert record(value) == parse(SealedSecret, document)


def test_sealed_value_that_is_no_base64_is_refused() -> None:
    with pytest.raises(InvalidInput, match="sealed: '!!' must be base64"):
        record("!!")


def test_hidden_value_is_in_no_error_and_no_representation() -> None:
    for value in ("hunter2", 7, ["hunter2"]):
        document = {"name": "a", "type": "tls", "value": value}
        with pytest.raises(InvalidInput) as caught:
            parse(SecretSpec, document)
        for shown in (str(caught.value), str(caught.value.__cause__)):
            assert "hunter2" not in shown
    spec = parse(SecretSpec, {"name": "a", "value": "hunter2"})
    assert "hunter2" not in repr(spec)
    assert isinstance(spec.value, HiddenBytes)


def test_hidden_value_refuses_to_be_written_out() -> None:
    spec = parse(SecretSpec, {"name": "a", "value": "hunter2"})
    with pytest.raises(PydanticSerializationError):
        spec.model_dump(mode="json")
