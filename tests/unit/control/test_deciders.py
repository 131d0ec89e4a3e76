"""The deciders that YAML cases do not cover: nodes, reaper, service states, outcomes, pacing, snapshot."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.control.situations import NOW, snapshot_of, texts_of_writes
from warren.control.actions import Action, Deprovision, Provision, Resize
from warren.control.decision import decide
from warren.control.effects import Outcome
from warren.control.failures import delay_seconds, may_restart
from warren.control.nodes import drain, judge_nodes, undrain
from warren.control.outcomes import record_outcomes
from warren.control.pacing import ActionPacer, NodePacer
from warren.control.planner import plan
from warren.control.reaper import reap
from warren.control.records import change, retire
from warren.control.rollout import order_of, unavailable_max
from warren.control.scheduler import schedule
from warren.control.slots import lay_out
from warren.control.snapshot import Policy, Snapshot, total
from warren.model.errors import CommandFailed, Conflict, HostUnreachable, WarrenError
from warren.model.node import Node
from warren.model.observed import NodeView
from warren.model.service import RestartPolicy, Service, ServiceSpec
from warren.model.states import InstanceState, NodeState, ServiceState

POLICY = Policy()


def named(*parts: str) -> str:
    return "-".join(parts)


def node_states(snapshot: Snapshot, policy: Policy = POLICY, **surplus: int) -> dict[str, Any]:
    decided = judge_nodes(snapshot, policy, surplus=surplus)
    return {write.after.name: write.after for write in decided.writes if write.after}


def unknown_since(seconds: float, message: str = "no answer") -> Snapshot:
    snapshot = snapshot_of({"nodes": {"n1": {"state": "unknown"}}, "seen": {"n1": None}})
    node = snapshot.nodes["n1"].model_copy(
        update={"updated_at": NOW - timedelta(seconds=seconds), "message": message}
    )
    return snapshot.with_writes([change(node, node.updated_at)])


def service_after(case: dict[str, Any], name: str = "web") -> Service:
    decision = decide(snapshot_of(case), POLICY, named)
    return decision.snapshot.services[f"svc_{name}"]


def test_node_becomes_ready_when_it_answers() -> None:
    found = node_states(snapshot_of({"nodes": {"n1": {"state": "unknown"}}}))
    assert found["n1"].state is NodeState.READY


def test_node_becomes_unknown_and_not_down_at_its_first_silence() -> None:
    found = node_states(snapshot_of({"nodes": {"n1": None}, "seen": {"n1": None}}))
    assert (found["n1"].state, found["n1"].message) == (NodeState.UNKNOWN, "no answer")


def test_node_is_down_only_after_the_grace_period() -> None:
    assert node_states(unknown_since(9.9)) == {}
    waits = judge_nodes(unknown_since(4), POLICY).waits
    assert [wait.until for wait in waits] == [NOW + timedelta(seconds=6)]
    assert node_states(unknown_since(10))["n1"].state is NodeState.DOWN


def test_node_that_never_answered_starts_its_grace_at_the_first_look() -> None:
    found = node_states(unknown_since(3600, message=""))
    assert found["n1"].state is NodeState.UNKNOWN
    assert found["n1"].message == "no answer"


def test_node_that_refuses_us_is_never_down() -> None:
    snapshot = unknown_since(3600)
    view = NodeView(
        node="n1", taken_at=NOW, reachable=False, error="key", unreachable_kind="refused"
    )
    views = {"n1": view}
    refused = Snapshot(
        now=NOW, services={}, instances={}, nodes=snapshot.nodes, views=views, observed={}
    )
    assert node_states(refused) == {}
    assert judge_nodes(refused, POLICY).waits == ()


def test_returning_node_is_not_ready_before_its_surplus_is_removed() -> None:
    snapshot = snapshot_of({"nodes": {"n1": {"state": "down"}}})
    held = node_states(snapshot, n1=2)["n1"]
    assert (held.state, held.message) == (NodeState.DOWN, "back; 2 instances must be removed first")
    assert node_states(snapshot)["n1"].state is NodeState.READY


def test_draining_node_stays_draining_whether_it_answers_or_not() -> None:
    for seen in ({}, {"n1": None}):
        found = node_states(snapshot_of({"nodes": {"n1": {"state": "draining"}}, "seen": seen}))
        assert all(node.state is NodeState.DRAINING for node in found.values())


def test_drain_and_undrain_are_each_others_inverse() -> None:
    node = snapshot_of({"nodes": {"n1": None}}).nodes["n1"]
    drained = drain(node, NOW)
    assert drained is not None
    assert isinstance(drained.after, Node)
    assert drain(drained.after, NOW) is None
    back = undrain(drained.after, NOW).after
    assert isinstance(back, Node)
    assert back.state is NodeState.UNKNOWN
    with pytest.raises(Conflict, match="n1 is ready, not draining"):
        undrain(node, NOW)


def history(count: int, state: str = "complete") -> dict[str, Any]:
    return {
        f"i{number}": {"of": "web/1", "node": "n1", "state": state, "desired": "shutdown"}
        for number in range(count)
    }


def test_reaper_keeps_the_latest_of_each_slot() -> None:
    case = {"nodes": {"n1": None}, "services": {"web": None}, "instances": history(7)}
    assert texts_of_writes(reap(snapshot_of(case), POLICY)) == ["remove i0", "remove i1"]


def test_reaper_keeps_what_may_still_have_containers() -> None:
    case = {
        "nodes": {"n1": None},
        "services": {"web": None},
        "instances": history(7, "failed"),
        "seen": {"n1": {"i0": {"state": "exited"}}},
    }
    assert texts_of_writes(reap(snapshot_of(case), POLICY)) == ["remove i1"]


def test_reaper_never_removes_what_should_run() -> None:
    case = {
        "nodes": {"n1": None},
        "services": {"web": None},
        "instances": {f"i{n}": {"of": "web/1", "state": "failed"} for n in range(9)},
    }
    assert reap(snapshot_of(case), POLICY) == ()


@pytest.mark.parametrize(
    ("node", "seen", "is_removed"),
    [("ready", {}, False), ("down", {"n1": None}, True), ("unknown", {"n1": None}, False)],
)
def test_reaper_removes_a_deleted_service_when_no_node_that_answers_may_run_it(
    node: str, seen: dict[str, Any], *, is_removed: bool
) -> None:
    case = {
        "nodes": {"n1": {"state": node}},
        "services": {"web": {"state": "destroying"}},
        "instances": {
            "a": {"of": "web/1", "node": "n1", "state": "shutdown", "desired": "shutdown"}
        },
        "seen": seen,
    }
    removed = [write.id for write in reap(snapshot_of(case), POLICY)]
    assert removed == (["a", "svc_web"] if is_removed else [])


@pytest.mark.parametrize(
    ("state", "fields", "instances", "expected"),
    [
        ("provisioning", {}, {"a": {"of": "web/1", "node": "n1"}}, ServiceState.ACTIVE),
        ("provisioning", {}, {}, ServiceState.PROVISIONING),
        ("active", {"replicas": 2}, {"a": {"of": "web/1", "node": "n1"}}, ServiceState.SCALING),
        (
            "active",
            {"image": "app:2", "before": {"image": "app:1"}},
            {"a": {"of": "web/1", "node": "n1", "release": 1}},
            ServiceState.DEPLOYING,
        ),
        (
            "active",
            {},
            {"a": {"of": "web/1", "node": "n1", "state": "failed"}},
            ServiceState.FAILED,
        ),
        (
            "active",
            {},
            {"a": {"of": "web/1", "node": "n1", "state": "failed", "retry": 5}},
            ServiceState.ACTIVE,
        ),
        ("failed", {}, {"a": {"of": "web/1", "node": "n1"}}, ServiceState.ACTIVE),
        ("paused", {"replicas": 0, "paused": True}, {}, ServiceState.PAUSED),
    ],
)
def test_service_state_follows_from_its_instances(
    state: str, fields: dict[str, Any], instances: dict[str, Any], expected: ServiceState
) -> None:
    seen = {"n1": {key: None for key, item in instances.items() if "state" not in item}}
    case = {
        "nodes": {"n1": None},
        "services": {"web": {"state": state, **fields}},
        "instances": instances,
        "seen": seen,
    }
    assert service_after(case).state is expected


def test_service_message_says_why_it_is_not_as_asked() -> None:
    huge = {"resources": {"memory_reservation_bytes": "64GiB"}, "replicas": 5}
    found = service_after({"nodes": {"n1": None}, "services": {"web": huge}})
    assert found.message == (
        "web-1, web-2 and 3 more: is pending: no node: 1 of 1 lacks 64 GiB of memory"
    )


def preparing(**fields: Any) -> Snapshot:
    return snapshot_of(
        {
            "nodes": {"n1": None},
            "services": {"web": fields},
            "instances": {"a": {"of": "web/1", "node": "n1", "state": "preparing"}},
            "seen": {"n1": {}},
        }
    )


def outcome_texts(snapshot: Snapshot, error: WarrenError | None) -> list[str]:
    actions = plan(snapshot).actions
    assert actions
    outcomes = [Outcome(action=action, error=error) for action in actions]
    return texts_of_writes(record_outcomes(snapshot, outcomes, POLICY))


def failure() -> CommandFailed:
    return CommandFailed(host="n1", command="podman run", status=125, stderr_tail="no such image")


def test_outcome_of_a_start_takes_the_instance_on() -> None:
    assert outcome_texts(preparing(), None) == ["a: preparing to starting"]


def test_outcome_of_a_failed_start_is_told_and_tried_again() -> None:
    why = "host n1: `podman run` ended with status 125: no such image"
    assert outcome_texts(preparing(), failure()) == [f"a: preparing to failed, retry in 1 s: {why}"]


def test_outcome_of_an_unreachable_host_is_no_failure_of_the_instance() -> None:
    assert outcome_texts(preparing(), HostUnreachable("n1", "gone")) == []


def test_outcome_is_ignored_when_the_record_has_moved_on() -> None:
    snapshot = preparing()
    actions = plan(snapshot).actions
    later = snapshot.with_writes([retire(snapshot.instances["a"], NOW, "scaled down")])
    assert record_outcomes(later, [Outcome(action=actions[0])], POLICY) == ()


def resizing() -> Snapshot:
    limit = {"memory_limit_bytes": "64MiB"}
    return snapshot_of(
        {
            "nodes": {"n1": None},
            "services": {"web": {"resources": limit, "before": {"resources": {}}}},
            "instances": {"a": {"of": "web/1", "node": "n1", "release": 1}},
            "seen": {"n1": {"a": None}},
        }
    )


def test_outcome_of_a_resize_takes_the_record_to_the_release() -> None:
    assert outcome_texts(resizing(), None) == ["a: running, release 2"]
    assert outcome_texts(resizing(), failure()) == [
        "a: running: cannot be resized: host n1: `podman run` ended with status 125: no such image"
    ]


def test_outcome_of_half_a_resize_changes_nothing() -> None:
    snapshot = resizing()
    action = plan(snapshot).actions[0]
    assert isinstance(action, Resize)
    other = Resize(node="n1", instance=action.instance, engine_id="x", resources=action.resources)
    assert record_outcomes(snapshot, [Outcome(action=other)], POLICY) == ()


def test_restart_policy_decides_by_exit_code() -> None:
    assert may_restart(RestartPolicy(condition="always"), 0)
    assert not may_restart(RestartPolicy(condition="on-failure"), 0)
    assert may_restart(RestartPolicy(condition="on-failure"), 1)
    assert not may_restart(RestartPolicy(condition="never"), 1)


def test_restart_delay_doubles_up_to_its_ceiling() -> None:
    policy = RestartPolicy(delay_seconds=2, delay_ceiling_seconds=10)
    assert [delay_seconds(policy, attempts) for attempts in range(4)] == [2, 4, 8, 10]
    assert delay_seconds(policy, 10_000) == 10


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"ports": [{"container_port": 80}]}, ""),
        (
            {"ports": [{"container_port": 80, "host_port": 81}]},
            "host port 81/tcp is taken till then",
        ),
        ({"volumes": [{"source": "d", "target": "/d"}]}, "volume d takes one writer at a time"),
        ({"volumes": [{"source": "d", "target": "/d", "read_only": True}]}, ""),
        ({"update": {"max_surge": 0, "max_unavailable": 1}}, "max_surge is 0"),
        ({"update": {"strategy": "recreate"}}, "the strategy is recreate"),
    ],
)
def test_order_of_an_update_says_what_forces_it(fields: dict[str, Any], reason: str) -> None:
    spec = ServiceSpec.model_validate({"name": "web", "image": "app:1", **fields})
    order = order_of(spec)
    assert (order.is_start_first, order.reason) == (not reason, reason)
    assert unavailable_max(spec) == (1 if reason else 0)


def removal() -> Deprovision:
    return Deprovision(
        node="n1",
        instance_id="a",
        service="web",
        slot=1,
        engine_ids=("c",),
        stop_timeout_seconds=1,
        reason="",
    )


def test_failed_removals_are_paced_and_become_hopeless() -> None:
    pacer = ActionPacer(hopeless_after=2)
    actions: tuple[Action, ...] = (removal(),)
    now = NOW
    for failures, delay in ((1, 1), (2, 2), (3, 4)):
        assert pacer.due(actions, now) == actions
        pacer.learn([Outcome(action=actions[0], error=failure())], now)
        (wait,) = pacer.waits(actions, now)
        assert wait.until == now + timedelta(seconds=delay)
        assert wait.is_hopeless is (failures > 2)
        assert pacer.due(actions, now) == ()
        now = wait.until
    assert "web-1 cannot be removed on n1: host n1" in pacer.problems(actions)[0]
    pacer.learn([Outcome(action=actions[0])], now)
    assert pacer.problems(actions) == ()


def test_starts_are_never_held_back_by_the_pacer() -> None:
    action = plan(preparing()).actions[0]
    assert isinstance(action, Provision)
    pacer = ActionPacer(hopeless_after=0)
    pacer.learn([Outcome(action=action, error=failure())], NOW)
    assert pacer.due([action], NOW) == (action,)


def test_silent_nodes_are_looked_at_less_and_less_often() -> None:
    snapshot = snapshot_of({"nodes": {"n1": None, "n2": None}, "seen": {"n2": None}})
    nodes = list(snapshot.nodes.values())
    pacer = NodePacer()
    now = NOW
    for delay in (10, 20, 40, 60, 60):
        assert "n2" in {node.name for node in pacer.due(nodes, now)}
        pacer.learn(snapshot.views.values(), now)
        almost = now + timedelta(seconds=delay - 0.1)
        assert [node.name for node in pacer.due(nodes, almost)] == ["n1"]
        now += timedelta(seconds=delay)
    assert {view.node: view.reachable for view in pacer.views(nodes)} == {"n1": True, "n2": False}


def test_a_node_lost_during_an_action_is_silent_without_another_look() -> None:
    snapshot = snapshot_of({"nodes": {"n1": None}, "seen": {"n1": {"x": None}}})
    nodes = list(snapshot.nodes.values())
    pacer = NodePacer()
    pacer.learn(snapshot.views.values(), NOW)
    pacer.learn_from([Outcome(action=removal(), error=HostUnreachable("n1", "reset"))], NOW)
    (view,) = pacer.views(nodes)
    assert (view.reachable, view.instances, view.unreachable_kind) == (False, (), "unreachable")
    assert pacer.due(nodes, NOW) == ()


def test_snapshot_with_writes_equals_one_taken_afresh() -> None:
    case = {
        "nodes": {"n1": None, "n2": None},
        "services": {"web": {"replicas": 3}},
        "instances": {
            "a": {"of": "web/1", "node": "n1"},
            "b": {"of": "web/2", "state": "pending"},
            "c": {"of": "web/3", "node": "n2", "state": "failed", "retry": 0},
        },
        "seen": {"n1": {"a": None}, "n2": {}},
    }
    base = snapshot_of(case)
    decision = decide(base, POLICY, named)
    after = decision.snapshot
    assert after.instances["b"].node is not None
    ids = {key: [item.id for item in group] for key, group in after.by_node.items() if group}
    fresh: dict[str, list[str]] = {}
    for instance in sorted(after.instances.values(), key=lambda one: one.created_at):
        if instance.node is not None:
            fresh.setdefault(instance.node, []).append(instance.id)
    assert ids == fresh
    assert base == snapshot_of(case), "the base is untouched"


def test_a_pass_sums_up_to_one_write_a_record() -> None:
    base = snapshot_of({"nodes": {"n1": None}, "services": {"web": {"replicas": 2}}})
    decision = decide(base, POLICY, named)
    ids = [write.id for write in decision.writes]
    assert len(ids) == len(set(ids))
    created = [write.after for write in decision.writes if write.before is None]
    assert {getattr(item, "state", None) for item in created} == {InstanceState.PREPARING}
    assert {item.version for item in created if item} == {1}


def test_a_record_changed_and_changed_back_is_not_written() -> None:
    base = snapshot_of({"nodes": {"n1": None}})
    there = change(base.nodes["n1"], NOW, message="x")
    assert isinstance(there.after, Node)
    back = change(there.after, NOW, message="")
    final = base.with_writes([there]).with_writes([back])
    assert total(base, final, [there, back]) == ()


def test_decisions_are_equal_for_equal_input_in_any_order() -> None:
    case: dict[str, dict[str, Any]] = {
        "nodes": {f"n{number}": {"labels": {"zone": "ab"[number % 2]}} for number in range(6)},
        "services": {"web": {"replicas": 9, "placement": {"spread": ["zone"]}}, "one": None},
    }
    turned = {key: dict(reversed(list(group.items()))) for key, group in case.items()}
    first = decide(snapshot_of(case), POLICY, named)
    second = decide(snapshot_of(turned), POLICY, named)
    assert first.actions == second.actions
    assert first.writes == second.writes


def test_layout_of_a_global_service_keeps_a_nodes_slot_number() -> None:
    case = {
        "nodes": {"n1": None, "n2": None, "n3": None},
        "services": {"agent": {"mode": "global"}},
        "instances": {
            "a": {"of": "agent/1", "node": "n2"},
            "b": {"of": "agent/2", "node": "n1", "state": "complete", "desired": "shutdown"},
        },
    }
    snapshot = snapshot_of(case)
    layout = lay_out(snapshot, snapshot.services["svc_agent"], POLICY)
    assert [(slot.number, slot.node) for slot in layout.slots] == [(1, "n2"), (2, "n1"), (3, "n3")]


def test_scheduler_ignores_instances_of_services_that_are_gone() -> None:
    case = {"nodes": {"n1": None}, "instances": {"a": {"of": "ghost/1", "state": "pending"}}}
    assert schedule(snapshot_of(case)) == ()
