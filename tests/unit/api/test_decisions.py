from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warren.api import decisions
from warren.model.errors import Conflict, InvalidInput, NotFound
from warren.model.node import Node
from warren.model.service import Service, ServiceSpec
from warren.model.states import NodeState, ServiceState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def spec(**fields: Any) -> ServiceSpec:
    return ServiceSpec.model_validate({"name": "web", "image": "web:1", "replicas": 3} | fields)


def created(**fields: Any) -> Service:
    decision = decisions.apply_service(None, spec(**fields), now=NOW, new_id=lambda: "svc_1")
    assert isinstance(decision.after, Service)
    return decision.after


def apply(existing: Service, **fields: Any) -> decisions.Decision:
    return decisions.apply_service(existing, spec(**fields), now=LATER, new_id=lambda: "unused")


def after(decision: decisions.Decision) -> Service:
    assert isinstance(decision.after, Service)
    return decision.after


def test_a_new_service_begins_with_release_1() -> None:
    service = created()
    assert service.state is ServiceState.PROVISIONING
    assert [release.number for release in service.releases] == [1]
    assert service.version == 1


def test_the_same_spec_again_is_unchanged_and_keeps_the_very_record() -> None:
    service = created()
    decision = apply(service)
    assert decision.verb == "unchanged"
    assert decision.after is service


def test_a_change_of_what_runs_makes_a_release() -> None:
    service = after(apply(created(), image="web:2"))
    assert [release.number for release in service.releases] == [1, 2]
    assert service.releases[0].spec.main.image == "web:1"
    assert service.version == 2
    assert service.updated_at == LATER


@pytest.mark.parametrize(
    "fields", [{"replicas": 5}, {"placement": {"max_per_node": 1}}, {"update": {"parallelism": 2}}]
)
def test_a_change_that_leaves_the_containers_alone_makes_no_release(fields: dict[str, Any]) -> None:
    service = after(apply(created(), **fields))
    assert [release.number for release in service.releases] == [1]


def test_a_change_of_limits_makes_a_release_with_the_same_hash() -> None:
    service = after(apply(created(), resources={"cpu_limit": 2}))
    assert [release.number for release in service.releases] == [1, 2]
    assert service.releases[0].spec_hash == service.releases[1].spec_hash


def test_ten_releases_are_kept() -> None:
    service = created()
    for number in range(2, 15):
        service = after(apply(service, image=f"web:{number}"))
    assert [release.number for release in service.releases] == list(range(5, 15))


def test_the_mode_of_a_service_cannot_change() -> None:
    with pytest.raises(InvalidInput, match="global cannot change from replicated"):
        apply(created(), mode="global")


def test_replicas_are_kept_when_asked() -> None:
    scaled = after(decisions.scale_service(created(), 7, now=LATER))
    decision = decisions.apply_service(
        scaled, spec(), now=LATER, new_id=lambda: "unused", keep_replicas=True
    )
    assert decision.verb == "unchanged"


def test_stop_and_start_restore_the_replica_count() -> None:
    stopped = after(decisions.stop_service(active(created()), now=LATER))
    assert stopped.spec.replicas == 0
    assert stopped.paused_at == LATER
    assert decisions.stop_service(stopped, now=LATER).verb == "unchanged"
    started = after(decisions.start_service(stopped, now=LATER))
    assert started.spec.replicas == 3
    assert started.paused_at is None
    assert decisions.start_service(started, now=LATER).verb == "unchanged"


def test_applying_to_a_stopped_service_changes_what_it_resumes_to() -> None:
    stopped = after(decisions.stop_service(active(created()), now=NOW))
    assert apply(stopped).verb == "unchanged"
    changed = after(apply(stopped, replicas=8, image="web:2"))
    assert changed.spec.replicas == 0
    started = after(decisions.start_service(changed, now=LATER))
    assert (started.spec.replicas, started.spec.main.image) == (8, "web:2")


def test_a_stopped_service_is_not_scaled() -> None:
    stopped = after(decisions.stop_service(active(created()), now=NOW))
    with pytest.raises(Conflict, match="stopped"):
        decisions.scale_service(stopped, 2, now=LATER)


def test_scaling_says_why_it_refuses() -> None:
    with pytest.raises(InvalidInput, match="at least 0"):
        decisions.scale_service(created(), -1, now=LATER)
    with pytest.raises(InvalidInput, match="every matching node"):
        decisions.scale_service(created(mode="global"), 2, now=LATER)


def test_deleting_is_convergent_and_forbids_further_changes() -> None:
    deleted = after(decisions.delete_service(created(), now=LATER))
    assert deleted.state is ServiceState.DESTROYING
    assert decisions.delete_service(deleted, now=LATER).verb == "unchanged"
    assert decisions.delete_service(None, now=LATER).verb == "unchanged"
    with pytest.raises(Conflict, match="being deleted"):
        apply(deleted)


def test_an_unknown_service_is_reported_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="did you mean 'web'"):
        decisions.find_service([created()], "wbe", "default")


def test_registering_a_node_again_keeps_its_state_and_changes_nothing() -> None:
    node = Node(id="nod_1", name="n1", created_at=NOW, updated_at=NOW, state=NodeState.READY)
    seen = Node(id="nod_2", name="n1", created_at=LATER, updated_at=LATER)
    assert decisions.register_node(None, seen).verb == "created"
    assert decisions.register_node(node, seen).verb == "unchanged"
    moved = decisions.register_node(node, seen.model_copy(update={"address": "192.0.2.1"})).after
    assert isinstance(moved, Node)
    assert (moved.id, moved.state, moved.version) == ("nod_1", NodeState.READY, 2)


def active(service: Service) -> Service:
    return service.model_copy(update={"state": ServiceState.ACTIVE})
