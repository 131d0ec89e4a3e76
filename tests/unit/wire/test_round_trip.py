import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import BaseModel

from tests.unit.wire.nouns import NOUNS
from tests.unit.wire.strategies import models
from warren.model.hidden import Secret
from warren.wire.conversion import decode, encode, message_type_of


def revealed(model: BaseModel) -> dict[str, object]:
    """What a model holds, hidden values in the clear: hidden ones are never equal."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in model.__dict__.items()
    }


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_noun_is_the_same_after_a_journey_as_bytes(noun: type[BaseModel]) -> None:
    message_type = message_type_of(noun)

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def journey(data: st.DataObject) -> None:
        sent = data.draw(models(noun))
        received = message_type.FromString(encode(sent, message_type).SerializeToString())
        assert revealed(decode(received, noun)) == revealed(sent)
        assert revealed(decode(received, noun, strict=False)) == revealed(sent)

    journey()
