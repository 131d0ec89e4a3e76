"""The control loop against a cluster that exists only in memory, with faults by seed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.simulation.world import Cluster, ControllerDied, limits
from warren.api import decisions
from warren.control.actions import Action, Provision, Resize
from warren.control.effects import Outcome
from warren.control.loop import Converged, World, converge
from warren.control.records import Write
from warren.control.snapshot import Policy
from warren.model.errors import CommandFailed, StaleEpoch
from warren.model.instance import Instance
from warren.model.service import Service, ServiceSpec
from warren.model.states import NodeState, ServiceState

POLICY = Policy(down_after_seconds=0.0)
FORCED_TO_STOP_FIRST: dict[str, dict[str, Any]] = {
    "db": {"volumes": [{"source": "d", "target": "/d"}]},
    "edge": {"ports": [{"container_port": 80, "host_port": 8080}]},
}


def spec(name: str = "web", **fields: Any) -> ServiceSpec:
    return ServiceSpec.model_validate({"name": name, "image": "app:1", "replicas": 3, **fields})


def apply(cluster: Cluster, wanted: ServiceSpec) -> Service:
    existing = next((item for item in cluster.records.services() if item.name == wanted.name), None)
    decision = decisions.apply_service(
        existing, wanted, now=cluster.clock.now(), new_id=lambda: f"svc_{wanted.name}"
    )
    assert isinstance(decision.after, Service)
    cluster.records.put(decision.after)
    return decision.after


PATIENT = Policy(down_after_seconds=0.0, give_up_attempts=100)


async def run(
    cluster: Cluster, timeout_seconds: float = 600.0, policy: Policy = POLICY, **fields: Any
) -> Converged:
    return await converge(world_of(cluster), policy, timeout_seconds=timeout_seconds, **fields)


def world_of(cluster: Cluster) -> World:
    return World(
        records=cluster.records,
        observe=cluster.observe,
        dispatch=cluster.dispatch,
        clock=cluster.clock,
        new_id=cluster.new_id,
    )


def check_as_asked(cluster: Cluster) -> None:
    """Exactly the desired containers run, each slot once, nothing is left over."""
    for service in cluster.records.services():
        slots = Counter(item.instance.slot for item in cluster.running(service.name))
        wanted = service.spec.replicas
        if service.spec.mode.value == "global":
            wanted = len(cluster.machines)
        assert len(slots) == wanted, (service.name, slots)
        assert set(slots.values()) <= {1}, slots
        for item in cluster.running(service.name):
            assert item.spec_hash == service.release.spec_hash
            assert item.limits == limits(service.spec.main.resources)
    known = {instance.id for instance in cluster.records.instances()}
    assert all(item.instance.id in known for item in cluster.all_containers()), "an orphan"
    assert all(item.state == "running" for item in cluster.all_containers())


async def test_first_run_converges_and_the_second_does_nothing() -> None:
    cluster = Cluster()
    apply(cluster, spec(replicas=6))
    apply(cluster, spec("agent", mode="global"))
    first = await run(cluster)
    assert first.is_settled
    assert not first.problems
    check_as_asked(cluster)
    assert {item.state for item in cluster.records.services()} == {ServiceState.ACTIVE}
    actions, commits = len(cluster.actions), cluster.records.commits
    second = await run(cluster)
    assert second.is_settled
    assert second.commands == ()
    assert (len(cluster.actions), cluster.records.commits) == (actions, commits)


async def test_rolling_update_never_has_fewer_than_promised() -> None:
    cluster = Cluster()
    apply(cluster, spec(replicas=6, update={"parallelism": 2, "max_surge": 2}))
    await run(cluster)
    cluster.watch = [("web", 6)]
    apply(cluster, spec(replicas=6, image="app:2", update={"parallelism": 2, "max_surge": 2}))
    done = await run(cluster)
    assert done.is_settled
    check_as_asked(cluster)
    assert cluster.lowest["web"] == 6


async def test_stop_first_update_keeps_all_but_one() -> None:
    cluster = Cluster()
    ports = [{"container_port": 80, "host_port": 8080}]
    apply(cluster, spec(replicas=4, ports=ports))
    await run(cluster)
    cluster.watch = [("web", 4)]
    apply(cluster, spec(replicas=4, ports=ports, image="app:2"))
    done = await run(cluster)
    assert done.is_settled
    check_as_asked(cluster)
    assert cluster.lowest["web"] == 3


async def test_recreate_stops_all_before_it_starts_any() -> None:
    cluster = Cluster()
    apply(cluster, spec(update={"strategy": "recreate"}))
    await run(cluster)
    cluster.watch = [("web", 3)]
    apply(cluster, spec(image="app:2", update={"strategy": "recreate"}))
    before = len(cluster.actions)
    await run(cluster)
    check_as_asked(cluster)
    assert cluster.lowest["web"] == 0
    kinds = [type(action).__name__ for action in cluster.actions[before:]]
    assert kinds == ["Deprovision"] * 3 + ["Provision"] * 3


async def test_a_change_of_sizes_resizes_in_place() -> None:
    cluster = Cluster()
    apply(cluster, spec())
    await run(cluster)
    ids = {item.engine_id for item in cluster.all_containers()}
    apply(cluster, spec(resources={"memory_limit_bytes": "64MiB"}))
    before = len(cluster.actions)
    done = await run(cluster)
    assert done.is_settled
    check_as_asked(cluster)
    assert {item.engine_id for item in cluster.all_containers()} == ids
    assert {type(action) for action in cluster.actions[before:]} == {Resize}


async def test_scaling_down_takes_the_highest_slots() -> None:
    cluster = Cluster()
    apply(cluster, spec(replicas=5))
    await run(cluster)
    apply(cluster, spec(replicas=2))
    await run(cluster)
    check_as_asked(cluster)
    assert sorted(item.instance.slot for item in cluster.running("web")) == [1, 2]


async def test_a_killed_container_is_started_again_in_place() -> None:
    cluster = Cluster()
    apply(cluster, spec())
    await run(cluster)
    victim = cluster.running("web")[0]
    victim.state, victim.exit_code = "exited", 137
    done = await run(cluster)
    assert done.is_settled
    check_as_asked(cluster)
    assert victim.engine_id in {item.engine_id for item in cluster.running("web")}


async def test_instances_of_a_lost_node_run_elsewhere_and_the_surplus_goes_when_it_is_back() -> (
    None
):
    cluster = Cluster(nodes=3)
    apply(cluster, spec(replicas=3))
    await run(cluster)
    lost = cluster.machines["n2"]
    lost.is_up = False
    away = await run(cluster)
    assert away.is_settled
    assert away.nodes == {"n2": "no route"}
    assert len(cluster.running("web")) == 3
    lost.is_up = True
    assert len(cluster.running("web")) == 4
    back = await run(cluster)
    assert back.is_settled
    check_as_asked(cluster)
    assert lost.containers == {}


async def test_the_old_instance_stays_if_its_node_is_back_before_the_new_one_runs() -> None:
    cluster = Cluster(nodes=2)
    apply(cluster, spec(replicas=2, placement={"max_per_node": 1}))
    await run(cluster)
    before = {item.engine_id for item in cluster.all_containers()}
    cluster.machines["n2"].is_up = False
    away = await run(cluster)
    assert away.is_settled
    assert "max_per_node" in str(away.problems)
    cluster.machines["n2"].is_up = True
    assert (await run(cluster)).is_settled
    check_as_asked(cluster)
    assert {item.engine_id for item in cluster.all_containers()} == before


async def test_a_volume_keeps_its_instance_on_a_lost_node() -> None:
    cluster = Cluster(nodes=3)
    apply(cluster, spec(replicas=1, volumes=[{"source": "data", "target": "/data"}]))
    await run(cluster)
    home = next(item.name for item in cluster.machines.values() if item.containers)
    cluster.machines[home].is_up = False
    away = await run(cluster)
    assert away.is_settled
    assert home in str(away.problems)
    assert cluster.running("web") == []
    cluster.machines[home].is_up = True
    apply(cluster, spec(replicas=1, image="app:2", volumes=[{"source": "data", "target": "/data"}]))
    await run(cluster)
    check_as_asked(cluster)
    assert cluster.machines[home].containers


async def test_draining_moves_start_first_and_a_joining_node_gets_its_global_instance() -> None:
    cluster = Cluster(nodes=3)
    apply(cluster, spec(replicas=3))
    apply(cluster, spec("agent", mode="global"))
    await run(cluster)
    cluster.watch = [("web", 3)]
    cluster.set_state("n1", NodeState.DRAINING)
    assert (await run(cluster)).is_settled
    assert cluster.machines["n1"].containers == {}
    assert cluster.lowest["web"] == 3
    cluster.add_node("n9")
    assert (await run(cluster)).is_settled
    assert "agent" in {item.instance.service for item in cluster.machines["n9"].containers.values()}


async def test_what_cannot_be_is_explained_and_does_not_hang() -> None:
    cluster = Cluster()
    apply(cluster, spec("huge", resources={"memory_reservation_bytes": "64GiB"}))
    apply(cluster, spec("lost", image="missing:1"))
    apply(cluster, spec("crash", image="broken:1"))
    apply(cluster, spec("fine"))
    done = await run(cluster)
    assert done.is_settled
    assert cluster.clock.seconds < 120
    assert "5 of 5 lack 64 GiB" in done.problems["svc_huge"][0]
    assert "it went wrong" in done.problems["svc_lost"][0]
    assert "ended with status 1" in done.problems["svc_crash"][0]
    assert "svc_fine" not in done.problems


async def test_a_given_up_service_runs_after_its_spec_is_mended() -> None:
    cluster = Cluster()
    apply(cluster, spec(image="broken:1", restart={"max_attempts": 1}))
    done = await run(cluster)
    assert done.is_settled
    assert [item.state for item in cluster.records.services()] == [ServiceState.FAILED]
    assert "given up after 1 of 1" in done.problems["svc_web"][0]
    apply(cluster, spec(image="app:1", restart={"max_attempts": 1}))
    assert not (await run(cluster)).problems
    check_as_asked(cluster)


async def test_what_failed_in_an_earlier_run_is_tried_at_once() -> None:
    cluster = Cluster()
    apply(cluster, spec())
    full = CommandFailed(host="n1", command="run", status=1, stderr_tail="no space left on device")

    async def fail(actions: Sequence[Action]) -> Sequence[Outcome]:
        return [Outcome(action=action, error=full) for action in actions]

    done = await converge(replace(world_of(cluster), dispatch=fail), POLICY, timeout_seconds=600)
    assert "no space left" in done.problems["svc_web"][0]
    cluster.clock.seconds += 0.001
    began = cluster.clock.now()
    mended = await run(cluster, policy=replace(POLICY, began_at=began))
    assert not mended.problems
    assert min(item.started_at for item in cluster.records.instances() if item.started_at) < (
        began + timedelta(seconds=1)
    )
    check_as_asked(cluster)


async def test_a_bad_release_leaves_the_old_one_running() -> None:
    cluster = Cluster()
    apply(cluster, spec(replicas=4))
    await run(cluster)
    cluster.watch = [("web", 4)]
    apply(cluster, spec(replicas=4, image="broken:1"))
    done = await run(cluster)
    assert done.problems
    assert cluster.lowest["web"] == 4
    started = [action for action in cluster.actions if isinstance(action, Provision)]
    bad = {action.instance.slot for action in started if action.instance.release == 2}
    assert bad == {1}
    apply(cluster, spec(replicas=4, image="app:3"))
    assert not (await run(cluster)).problems
    check_as_asked(cluster)


async def test_a_deleted_service_leaves_nothing() -> None:
    cluster = Cluster()
    service = apply(cluster, spec())
    await run(cluster)
    service = next(iter(cluster.records.services()))
    decision = decisions.delete_service(service, now=cluster.clock.now())
    assert isinstance(decision.after, Service)
    cluster.records.put(decision.after)
    assert (await run(cluster)).is_settled
    assert cluster.all_containers() == []
    assert list(cluster.records.services()) == []
    assert list(cluster.records.instances()) == []


async def test_a_failure_carries_the_last_lines_of_its_log() -> None:
    cluster = Cluster()
    apply(cluster, spec(image="broken:1", replicas=1))

    async def read_log_tail(instance: Instance) -> Sequence[str]:
        return [f"line {number} of {instance.name}" for number in range(30)]

    done = await converge(
        replace(world_of(cluster), read_log_tail=read_log_tail), POLICY, timeout_seconds=60
    )
    (text,) = done.problems["svc_web"]
    assert text.startswith("web-1 failed on n1: container main ended with status 1\n")
    assert text.splitlines()[1:] == [f"    line {number} of web-1" for number in range(20, 30)]


async def test_a_newer_controller_stops_this_one() -> None:
    cluster = Cluster()
    apply(cluster, spec())

    async def refuse(actions: Sequence[Action]) -> Sequence[Outcome]:
        stale = StaleEpoch(actions[0].node, ours=1, theirs=2)
        return [Outcome(action=action, error=stale) for action in actions]

    with pytest.raises(StaleEpoch):
        await converge(replace(world_of(cluster), dispatch=refuse), POLICY, timeout_seconds=60)
    assert cluster.all_containers() == []
    assert not (await run(cluster)).problems
    check_as_asked(cluster)


async def test_a_change_of_the_record_in_the_middle_of_a_pass_is_decided_anew() -> None:
    cluster = Cluster()
    apply(cluster, spec(replicas=1))
    commit = cluster.records.commit
    changed = False

    async def interrupted(writes: Sequence[Write]) -> None:
        nonlocal changed
        if not changed:
            changed = True
            apply(cluster, spec(replicas=4))
        await commit(writes)

    cluster.records.commit = interrupted  # type: ignore[method-assign]
    assert not (await run(cluster)).problems
    check_as_asked(cluster)


async def test_waiting_for_one_service_does_not_wait_for_another() -> None:
    cluster = Cluster()
    apply(cluster, spec("slow", image="broken:1", restart={"delay_seconds": 50}))
    apply(cluster, spec("quick"))
    shown: list[tuple[int, int]] = []
    done = await run(
        cluster,
        services={"svc_quick"},
        report=lambda steps: shown.extend((step.running, step.desired) for step in steps),
    )
    assert done.is_settled
    assert not done.problems
    assert cluster.clock.seconds < 40
    assert shown[0] == (0, 3)
    assert shown[-1] == (3, 3)


async def test_the_deadline_ends_a_run_that_would_go_on() -> None:
    cluster = Cluster()
    apply(cluster, spec(image="broken:1", restart={"delay_seconds": 50}))
    done = await run(cluster, timeout_seconds=20)
    assert not done.is_settled
    assert 20 <= cluster.clock.seconds < 30
    assert "ended with status 1" in done.problems["svc_web"][0]


async def converge_through_faults(cluster: Cluster, rounds: int) -> int:
    """Let faults happen, the controller's death among them; count its deaths."""
    deaths = 0
    for number in range(rounds):
        cluster.disturb()
        if number % 4 == 0:
            image = f"app:{1 + number // 4}"
            replicas = cluster.random.randint(0, 6)
            apply(cluster, spec(replicas=replicas, image=image))
            for name, fields in FORCED_TO_STOP_FIRST.items():
                apply(cluster, spec(name, replicas=2, image=image, **fields))
        try:
            await run(cluster, timeout_seconds=cluster.random.choice((0.0, 3.0, 30.0)))
        except ControllerDied:
            deaths += 1
    return deaths


@pytest.mark.parametrize("seed", range(60))
async def test_any_faults_end_in_exactly_what_was_asked(seed: int) -> None:
    cluster = Cluster(seed, die=0.02, fail=0.15, lose=0.05)
    apply(cluster, spec())
    apply(cluster, spec("agent", mode="global"))
    await converge_through_faults(cluster, rounds=24)
    cluster.mend()
    cluster.clock.seconds += 120.0
    done = await run(cluster, timeout_seconds=900.0, policy=PATIENT)
    assert done.is_settled
    assert not done.problems, done.problems
    check_as_asked(cluster)


async def test_controller_may_die_after_every_single_step() -> None:
    """Die at step N for every N of a run with an update in it, then let a new controller finish."""
    for step in range(1, 60):
        cluster = Cluster()
        apply(cluster, spec())
        await run(cluster)
        apply(cluster, spec(image="app:2"))
        left = step

        def may_die() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise ControllerDied

        cluster.faults.may_die = may_die  # type: ignore[method-assign]
        try:
            await run(cluster)
        except ControllerDied:
            assert not (await run(cluster)).problems
        check_as_asked(cluster)


async def test_faults_of_the_simulation_do_kill_the_controller() -> None:
    """Guard of the tests above: their controllers do die."""
    cluster = Cluster(3, die=0.05)
    apply(cluster, spec(replicas=6))
    assert await converge_through_faults(cluster, rounds=30) > 3
