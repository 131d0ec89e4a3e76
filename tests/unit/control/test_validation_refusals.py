from datetime import UTC, datetime
from typing import Any

import pytest

from warren.control.validation import check_among, check_supported
from warren.model.errors import InvalidInput, Unsupported
from warren.model.node import Capacity, Engine, Node
from warren.model.service import ServiceSpec
from warren.model.states import NodeState

NOW = datetime(2026, 1, 1, tzinfo=UTC)


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


def test_an_instance_larger_than_any_node_is_refused_with_the_largest() -> None:
    node = Node(
        id="nod_1", name="n1", created_at=NOW, updated_at=NOW, state=NodeState.READY,
        engines=(Engine(name="podman", version="4"),), capacity=Capacity(cpus=2, memory_bytes=1 << 30),
    )  # fmt: skip
    big = ServiceSpec.model_validate(
        {"name": "big", "image": "x", "resources": {"cpu_reservation": 3}}
    )
    with pytest.raises(InvalidInput, match=r"cpu_reservation.* 3 .*largest has 2 cores"):
        check_among(big, [], [node])
    check_among(big.model_copy(update={"containers": spec().containers}), [], [node])
