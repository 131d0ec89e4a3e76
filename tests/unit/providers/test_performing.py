"""What is sent when things go well, and what when they do not."""

import json
from dataclasses import replace

import pytest

from tests.unit.providers.cases import dialect, instance_of, node, service
from tests.unit.providers.scripted import Answer, ScriptedHost, ends
from warren.fleet.command import Command, Fence
from warren.model.errors import (
    Busy,
    CommandTimedOut,
    Conflict,
    HostUnreachable,
    NotFound,
    StaleEpoch,
    TransientError,
)
from warren.providers.contract import Step, StepResult, Target
from warren.providers.engine import listeners
from warren.providers.engine.performing import BATCH_STEPS_MAX
from warren.providers.engine.provider import EngineProvider

PROVIDER = EngineProvider(dialect("podman"))
NAME_TAKEN = ends(125, stderr='Error: the container name "x" is already in use by 1')
PORT_TAKEN = ends(126, stderr="Error: listen tcp4 :80: bind: address already in use")


def target(host: ScriptedHost) -> Target:
    return Target(node=node(), host=host, cluster="clu_1")


def provision(number: int) -> Step:
    spec = service()
    return PROVIDER.provision(
        target(ScriptedHost()), instance_of(spec, slot=number, number=number), spec
    )


async def perform(host: ScriptedHost, *steps: Step) -> tuple[StepResult, ...]:
    return await PROVIDER.perform(target(host), steps, epoch=3)


def verbs(host: ScriptedHost) -> list[list[str]]:
    return [
        [command.argv[1] if command.argv[0] == "podman" else "script" for command in batch]
        for batch in host.batches
    ]


def runs(command: Command) -> bool:
    return command.argv[:2] == ("podman", "run")


async def test_all_steps_of_a_node_travel_in_one_fenced_batch() -> None:
    host = ScriptedHost(lambda command: ends(stdout=f"id-of-{command.argv[5]}\n"))
    removal = PROVIDER.deprovision(target(host), ["ins_9"], stop_timeout_seconds=10)

    results = await perform(host, removal, provision(1), provision(2))

    assert verbs(host) == [["script", "run", "run"]]
    assert host.fences == [Fence(cluster="clu_1", epoch=3)]
    assert [dict(result.engine_ids) for result in results] == [
        {}, {"main": "id-of-web.1.00000001"}, {"main": "id-of-web.2.00000002"},
    ]  # fmt: skip


async def test_nothing_to_do_sends_nothing() -> None:
    host = ScriptedHost()
    assert await perform(host) == ()
    assert host.batches == []


async def test_batches_are_bounded_so_that_the_lock_is_let_go() -> None:
    host = ScriptedHost(lambda _: ends(stdout="id"))
    await perform(host, *(provision(number) for number in range(1, BATCH_STEPS_MAX + 3)))
    assert [len(batch) for batch in host.batches] == [BATCH_STEPS_MAX, 2]


async def test_taken_name_is_cleared_and_tried_again() -> None:
    answers = iter([NAME_TAKEN, ends(), ends(stdout="id2")])
    host = ScriptedHost(lambda _: next(answers))

    (result,) = await perform(host, provision(1))

    assert verbs(host) == [["run"], ["script", "run"]]
    assert (result.errors, result.engine_ids) == ({}, {"main": "id2"})


async def test_name_taken_by_another_is_a_conflict() -> None:
    host = ScriptedHost(lambda command: NAME_TAKEN if runs(command) else ends())

    (result,) = await perform(host, provision(1))

    (error,) = result.errors.values()
    assert isinstance(error, Conflict)
    assert "not Warren's" in error.message
    assert verbs(host) == [["run"], ["script", "run"], ["script"]]


async def test_failed_start_is_cleared_away_and_the_others_go_on() -> None:
    steps = [provision(1), provision(2), provision(3)]

    def answer(command: Command) -> Answer:
        return PORT_TAKEN if "web.2.00000002" in command.argv else ends(stdout="id")

    host = ScriptedHost(answer)
    results = await perform(host, *steps)

    assert verbs(host)[0] == ["run", "run", "run"]
    assert host.batches[1:] == [[steps[1].clear], [listeners.COMMAND]]
    assert [sorted(result.errors) for result in results] == [[], [*steps[1].instances], []]


async def test_removal_that_fails_for_some_names_only_those() -> None:
    host = ScriptedHost(lambda _: ends(1, stdout="ins_2\n", stderr="Error: device busy"))
    step = PROVIDER.deprovision(target(host), ["ins_1", "ins_2"], stop_timeout_seconds=1)

    (result,) = await perform(host, step)

    assert sorted(result.errors) == ["ins_2"]
    assert "device busy" in result.errors["ins_2"].message


async def test_removal_that_cannot_list_fails_for_all() -> None:
    host = ScriptedHost(lambda _: ends(1, stderr="Cannot connect to the Docker daemon"))
    step = PROVIDER.deprovision(target(host), ["ins_1", "ins_2"], stop_timeout_seconds=1)

    (result,) = await perform(host, step)

    assert sorted(result.errors) == ["ins_1", "ins_2"]
    assert isinstance(result.errors["ins_1"], TransientError)


async def test_stale_epoch_stops_everything() -> None:
    stale = StaleEpoch("host1", ours=3, theirs=4)
    with pytest.raises(StaleEpoch):
        await perform(ScriptedHost(lambda _: stale), provision(1))


@pytest.mark.parametrize(
    "error", [HostUnreachable("host1", "the connection broke"), Busy("the lock is held")]
)
async def test_lost_host_fails_all_steps_and_nothing_more_is_sent(error: TransientError) -> None:
    host = ScriptedHost(lambda _: error)
    results = await perform(host, provision(1), provision(2))
    assert [list(result.errors.values()) for result in results] == [[error], [error]]
    assert len(host.batches) == 1


async def test_after_a_timeout_the_host_is_asked_what_became_of_the_others() -> None:
    """The second of four hangs: the first is found running, the others are run still."""
    steps = [provision(number) for number in (1, 2, 3, 4)]
    hung = str(steps[1].commands[0])
    seen = _listed(steps[0].instances[0])

    def answer(command: Command) -> Answer:
        if str(command) == hung:
            return CommandTimedOut(host="host1", command=hung, timeout_seconds=300)
        return ends(stdout=seen if "ps --all --quiet" in str(command) else "id")

    host = ScriptedHost(answer)
    results = await perform(host, *steps)

    assert verbs(host)[:3] == [["run"] * 4, ["script"], ["run"] * 2]
    assert [dict(result.engine_ids) for result in results] == [
        {"main": "abc"}, {}, {"main": "id"}, {"main": "id"},
    ]  # fmt: skip
    assert isinstance(results[1].errors[steps[1].instances[0]], CommandTimedOut)
    assert host.batches[3] == [steps[1].clear]


async def test_step_whose_answer_was_lost_and_that_left_nothing_is_run_again() -> None:
    steps = [provision(1), provision(2)]
    hung = str(steps[1].commands[0])
    host = ScriptedHost(
        lambda command: (
            CommandTimedOut(host="host1", command=hung, timeout_seconds=300)
            if str(command) == hung
            else ends(stdout="" if "ps --all --quiet" in str(command) else "id")
        )
    )

    results = await perform(host, *steps)

    assert verbs(host)[2] == ["run"]
    assert dict(results[0].engine_ids) == {"main": "id"}


async def test_two_equal_steps_are_two_results() -> None:
    host = ScriptedHost()
    step = PROVIDER.deprovision(target(host), ["ins_1"], stop_timeout_seconds=1)
    assert len(await perform(host, step, step)) == 2


async def test_clearing_a_failure_that_fails_itself_does_not_hide_it() -> None:
    missing = ends(125, stderr="Error: initializing source docker://a: manifest unknown")
    host = ScriptedHost(
        lambda command: missing if runs(command) else HostUnreachable("host1", "lost")
    )
    (result,) = await perform(host, provision(1))
    (error,) = result.errors.values()
    assert isinstance(error, NotFound)


async def test_instances_of_a_step_are_named_in_its_title() -> None:
    step = provision(7)
    assert step.title == "start web-7"
    assert replace(step, title="x").instances == step.instances


def _listed(instance: str) -> str:
    shown = {
        "id": "abc", "restarts": 0, "memory": 0, "nano_cpus": 0, "quota": 0, "period": 0,
        "restart": {"Name": "always", "MaximumRetryCount": 0},
        "networks": {}, "ports": {}, "instance": instance, "service": "web", "slot": "1",
        "release": "4", "spec_hash": "h", "name": "main", "ports_named": "", "health_check": "",
        "state": {
            "Status": "running", "ExitCode": 0, "Error": "",
            "StartedAt": "2026-11-21T09:08:34.4Z", "FinishedAt": "0001-01-01T00:00:00Z",
        },
    }  # fmt: skip
    return json.dumps(shown) + "\n"


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (
            ends(stdout='tcp LISTEN 0 5 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=7,fd=3))\n'
                 'tcp LISTEN 0 5 *:8080 *:* users:(("other",pid=8,fd=3))\n'),
            "address already in use; port 80 is held by nginx (process 7)",
        ),
        (ends(stdout="tcp LISTEN 0 5 0.0.0.0:80 0.0.0.0:*\n"), "address already in use"),
        (ends(127, stderr="ss: not found"), "address already in use"),
        (HostUnreachable("host1", "gone"), "address already in use"),
    ],
    ids=["known", "hidden", "no ss", "gone"],
)  # fmt: skip
async def test_a_taken_port_is_named_with_its_holder_where_the_node_can_tell(
    listing: Answer, expected: str
) -> None:
    def answer(command: Command) -> Answer:
        if command.argv[0] == "ss":
            return listing
        return PORT_TAKEN if runs(command) else ends()

    (result,) = await perform(ScriptedHost(answer), provision(1))
    (error,) = result.errors.values()
    assert isinstance(error, Conflict)
    assert error.message.startswith("node host1: cannot start ")
    assert error.message.endswith(expected)


@pytest.mark.parametrize(
    "words",
    [
        "Error: cannot listen on the TCP port: listen tcp4 :9000: bind: address already in use",
        "Error: listen udp4 0.0.0.0:9000: bind: address already in use",
        "Bind for 0.0.0.0:9000 failed: port is already allocated.",
        "driver failed: Error starting userland proxy: listen tcp4 0.0.0.0:9000: bind: address already in use.",
    ],
)
def test_the_port_is_found_in_both_engines_words(words: str) -> None:
    assert listeners.ports_taken(words) == (9000,)
