"""Actions in, commands out, and an outcome for each."""

import asyncio
from collections.abc import Callable

import pytest

from tests.unit.providers.cases import instance_of, node, service
from tests.unit.providers.scripted import Answer, ScriptedHost, ends
from warren.control.actions import Action, Deprovision, Provision, Resize, Restart
from warren.control.dispatch import Dispatcher, LogTail
from warren.fleet.command import Command, Fence
from warren.model.container import Resources
from warren.model.errors import HostRefused, HostUnreachable, StaleEpoch, Unsupported
from warren.providers.contract import Target
from warren.providers.registry import ProviderNotRegistered, engines


class Fleet:
    """Scripted hosts by name, found as the wiring finds them."""

    def __init__(self, *names: str, answer: Callable[[Command], Answer] = lambda _: ends()) -> None:
        self.hosts = {name: ScriptedHost(answer, name=name) for name in names}
        self.provider = "podman"

    def find(self, name: str) -> Target:
        if name not in self.hosts:
            raise HostRefused(name, "no such host in the inventory")
        there = node(self.provider).model_copy(update={"name": name})
        return Target(node=there, host=self.hosts[name], cluster="clu_1")

    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.find, engines(), epoch=5)


def provision(node: str, number: int) -> Provision:
    spec = service()
    return Provision(node=node, instance=instance_of(spec, slot=number, number=number), spec=spec)


def removal(node: str, instance: str, seconds: float = 10) -> Deprovision:
    return Deprovision(
        node=node, instance_id=instance, service="web", slot=1, engine_ids=("a",),
        stop_timeout_seconds=seconds, reason="unwanted",
    )  # fmt: skip


def mixed() -> list[Action]:
    instance = instance_of(service())
    limits = Resources(cpu_limit=1)
    return [
        removal("host1", "ins_1"),
        removal("host1", "ins_2"),
        provision("host2", 1),
        removal("host1", "ins_3", seconds=30),
        provision("host1", 2),
        Restart(node="host1", instance=instance, engine_ids=("abc", "def")),
        Resize(node="host2", instance=instance, engine_id="abc", resources=limits),
    ]


async def test_outcomes_are_in_the_order_of_the_actions() -> None:
    fleet = Fleet("host1", "host2", answer=lambda _: ends(stdout="id"))
    actions = mixed()

    outcomes = await fleet.dispatcher()(actions)

    assert [outcome.action for outcome in outcomes] == actions
    assert [outcome.error for outcome in outcomes] == [None] * len(actions)
    assert outcomes[2].engine_ids == {"main": "id"}


async def test_what_is_planned_is_what_is_sent() -> None:
    fleet = Fleet("host1", "host2", answer=lambda _: ends(stdout="id"))
    planned = fleet.dispatcher().plan(mixed())
    assert all(not host.batches for host in fleet.hosts.values())

    outcomes = await fleet.dispatcher()(mixed())

    sent = {
        name: tuple(str(command) for batch in host.batches for command in batch)
        for name, host in fleet.hosts.items()
    }
    assert sent == planned
    assert outcomes[2].commands == planned["host2"][:1]


async def test_neighbouring_removals_of_one_patience_are_one_command() -> None:
    fleet = Fleet("host1")
    actions = [action for action in mixed() if action.node == "host1"]
    await fleet.dispatcher()(actions)
    (batch,) = fleet.hosts["host1"].batches
    assert [command.argv[-4:] for command in batch[:2]] == [
        ("clu_1", "10", "ins_1", "ins_2"),
        ("sh", "clu_1", "30", "ins_3"),
    ]
    assert batch[3].argv == ("podman", "start", "abc", "def")
    assert fleet.hosts["host1"].fences == [Fence(cluster="clu_1", epoch=5)]


async def test_nodes_are_served_side_by_side() -> None:
    names = [f"host{number}" for number in range(10)]
    fleet = Fleet(*names, answer=lambda _: ends(stdout="id"))
    together = asyncio.Barrier(len(names))
    for host in fleet.hosts.values():
        host.before = together.wait

    async with asyncio.timeout(5):
        outcomes = await fleet.dispatcher()([provision(name, 1) for name in names])

    assert all(outcome.error is None for outcome in outcomes)


async def test_lost_node_fails_its_own_actions_only() -> None:
    fleet = Fleet("host1", "host2", answer=lambda _: ends(stdout="id"))
    lost = HostUnreachable("host1", "no route")
    fleet.hosts["host1"] = ScriptedHost(lambda _: lost, name="host1")

    outcomes = await fleet.dispatcher()(
        [provision("host1", 1), provision("host2", 2), provision("nowhere", 3)]
    )

    assert outcomes[0].error is lost
    assert outcomes[1].error is None
    assert isinstance(outcomes[2].error, HostRefused)


async def test_what_a_provider_cannot_do_fails_alone() -> None:
    fleet = Fleet("host1", answer=lambda _: ends(stdout="id"))
    spec = service(networks=["a"])
    refused = Provision(node="host1", instance=instance_of(spec), spec=spec)

    outcomes = await fleet.dispatcher()([refused, provision("host1", 2)])

    assert isinstance(outcomes[0].error, Unsupported)
    assert outcomes[1].engine_ids == {"main": "id"}


async def test_unknown_provider_is_an_error_of_each_action() -> None:
    fleet = Fleet("host1")
    fleet.provider = "nspawn"
    (outcome,) = await fleet.dispatcher()([provision("host1", 1)])
    assert isinstance(outcome.error, ProviderNotRegistered)


async def test_newer_controller_stops_everything() -> None:
    fleet = Fleet("host1", "host2", answer=lambda _: ends(stdout="id"))
    stale = StaleEpoch("host2", ours=5, theirs=6)
    fleet.hosts["host2"] = ScriptedHost(lambda _: stale, name="host2")
    fleet.hosts["host1"].before = lambda: asyncio.sleep(60)

    async with asyncio.timeout(5):
        with pytest.raises(StaleEpoch) as caught:
            await fleet.dispatcher()([provision("host1", 1), provision("host2", 2)])

    assert caught.value is stale
    assert fleet.hosts["host1"].batches == []


async def test_nothing_to_do_is_no_outcome() -> None:
    assert list(await Fleet().dispatcher()([])) == []


async def test_log_tail_reads_the_last_lines_or_nothing() -> None:
    fleet = Fleet("host1", answer=lambda _: ends(stdout="one\ntwo\nthree\n"))
    instance = instance_of(service()).model_copy(
        update={"node": "host1", "engine_ids": {"main": "abc"}}
    )
    tail = LogTail(fleet.find, engines(), lines=2)

    assert await tail(instance) == ("two", "three")
    assert fleet.hosts["host1"].batches[0][0].argv[-3:] == ("--tail", "2", "abc")
    assert await tail(instance.model_copy(update={"engine_ids": {}})) == ()
    assert await tail(instance.model_copy(update={"node": "nowhere"})) == ()
    fleet.hosts["host1"] = ScriptedHost(lambda _: ends(1, stderr="no such container"))
    assert await tail(instance) == ()
