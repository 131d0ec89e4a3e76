from typing import Any

import pytest

from warren.control.validation import check_supported
from warren.model.errors import Unsupported
from warren.model.service import ServiceSpec


def spec(**update: Any) -> ServiceSpec:
    fields = {"name": "web", "image": "web:1", "update": update}
    return ServiceSpec.model_validate(fields)


@pytest.mark.parametrize(
    "update",
    [
        {"failure_action": "pause"},
        {"auto_rollback": False},
        {"failure_threshold_percent": 50},
        {"progress_deadline_seconds": 60},
        {"drain_seconds": 1},
        {"canary_steps": [50, 100]},
        {"strategy": "blue-green"},
    ],
)
def test_fields_that_nothing_acts_on_are_refused_by_name(update: dict[str, Any]) -> None:
    (field,) = update
    with pytest.raises(Unsupported, match=rf"update\.{field}"):
        check_supported(spec(**update))


def test_their_defaults_and_fields_that_are_acted_on_are_accepted() -> None:
    check_supported(spec(failure_action="rollback", parallelism=3, delay_seconds=1))
