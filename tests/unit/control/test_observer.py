"""Views of nodes, verdicts in them, and streams that come back."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.providers.cases import node
from tests.unit.providers.scripted import Answer, ScriptedHost, ends
from warren.control.observer import Happening, Observer, follow
from warren.fleet.command import Command
from warren.model.errors import HostRefused, HostUnreachable
from warren.model.node import Node
from warren.model.observed import NodeView
from warren.providers.contract import EngineEvent, Target
from warren.providers.registry import engines


class ManualClock:
    """Stands still until told otherwise; sleeping ends when the test lets it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self.woken = asyncio.Semaphore(0)
        self.asleep = asyncio.Semaphore(0)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asleep.release()
        await self.woken.acquire()


def named(name: str) -> Node:
    return node().model_copy(update={"name": name})


def finder(**hosts: ScriptedHost) -> Callable[[str], Target]:
    def find(name: str) -> Target:
        if name not in hosts:
            raise HostRefused(name, "no such host in the inventory")
        return Target(node=named(name), host=hosts[name], cluster="clu_1")

    return find


def listed(check: dict[str, Any] | None, *, started: str = "2026-01-01T00:00:00Z") -> str:
    shown = {
        "id": "abc", "restarts": 0, "memory": 0, "nano_cpus": 0, "quota": 0, "period": 0,
        "restart": {"Name": "always", "MaximumRetryCount": 0},
        "networks": {"podman": {"IPAddress": "10.88.0.2"}}, "ports": {}, "instance": "ins_1",
        "service": "web", "slot": "1", "release": "1", "spec_hash": "h", "name": "main",
        "ports_named": "", "health_check": json.dumps(check) if check else "",
        "state": {
            "Status": "running", "ExitCode": 0, "Error": "", "StartedAt": started,
            "FinishedAt": "0001-01-01T00:00:00Z",
        },
    }  # fmt: skip
    return json.dumps(shown) + "\n"


def healthy(view: NodeView) -> bool | None:
    ((container,),) = [one.containers for one in view.instances]
    return container.healthy


EXEC = {"type": "exec", "command": ["ok"], "interval_seconds": 10, "retries": 2}


def checked(
    answer: Callable[[], Answer], check: dict[str, Any] = EXEC, *, starts: list[str] | None = None
) -> ScriptedHost:
    def respond(command: Command) -> Answer:
        if command.argv[:2] == ("podman", "exec"):
            return answer()
        return ends(stdout=listed(check, started=(starts or ["2026-01-01T00:00:00Z"])[-1]))

    return ScriptedHost(respond)


def asked(host: ScriptedHost) -> int:
    return sum("podman exec" in line for line in host.sent)


async def test_every_node_gets_its_view_whatever_becomes_of_the_others() -> None:
    lost = HostUnreachable("c", "no route to host")
    find = finder(
        a=ScriptedHost(lambda _: ends(stdout=listed(None))),
        b=ScriptedHost(lambda _: ends()),
        c=ScriptedHost(lambda _: lost),
        d=ScriptedHost(lambda _: ends(127, stderr="sh: 1: podman: not found")),
        e=ScriptedHost(lambda _: ends(1, stderr="Cannot connect to the Docker daemon")),
        f=ScriptedHost(lambda _: ends(stdout='{"id": ')),
    )
    async with Observer(find, engines(), clock=ManualClock()) as observe:
        views = await observe([named(name) for name in "abcdefg"])
    assert [(view.node, view.reachable, view.unreachable_kind) for view in views] == [
        ("a", True, ""), ("b", True, ""), ("c", False, "unreachable"), ("d", False, "refused"),
        ("e", False, "unreachable"), ("f", False, "refused"), ("g", False, "refused"),
    ]  # fmt: skip
    assert [len(view.instances) for view in views] == [1, 0, 0, 0, 0, 0, 0]
    assert "no route to host" in views[2].error


async def test_node_that_hangs_is_unreachable_after_its_time() -> None:
    host = ScriptedHost()
    host.before = asyncio.Event().wait
    observer = Observer(finder(a=host), engines(), clock=ManualClock(), timeout_seconds=0.05)
    async with asyncio.timeout(5), observer as observe:
        (view,) = await observe([named("a")])
    assert (view.reachable, view.unreachable_kind) == (False, "unreachable")
    assert "0.05 s" in view.error


async def test_verdict_of_a_check_stands_in_the_view() -> None:
    clock, answers = ManualClock(), iter([ends(1), ends(0), ends(1), ends(1), ends(0)])
    host = checked(lambda: next(answers))
    seen = []
    async with Observer(finder(a=host), engines(), clock=clock) as observe:
        for clock.seconds in (0, 1, 11, 21, 31):
            seen.append(healthy((await observe([named("a")]))[0]))
    assert seen == [None, True, True, False, True]


async def test_probe_is_not_asked_before_it_is_due() -> None:
    clock, host = ManualClock(), checked(lambda: ends(0))
    async with Observer(finder(a=host), engines(), clock=clock) as observe:
        for clock.seconds in (0, 3, 9.9):
            await observe([named("a")])
        assert asked(host) == 1
        clock.seconds = 10
        await observe([named("a")])
    assert asked(host) == 2


async def test_container_that_was_started_anew_has_no_verdict_yet() -> None:
    clock, starts = ManualClock(), ["2026-01-01T00:00:00Z"]
    answers = iter([ends(0), ends(1)])
    host = checked(lambda: next(answers), starts=starts)
    async with Observer(finder(a=host), engines(), clock=clock) as observe:
        assert healthy((await observe([named("a")]))[0]) is True
        starts.append("2026-01-01T00:00:05Z")
        assert healthy((await observe([named("a")]))[0]) is None


async def test_slow_probe_does_not_hold_up_the_listing_nor_is_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("warren.control.observer.PROBE_PATIENCE_SECONDS", 0.05)
    clock, host = ManualClock(), checked(lambda: ends(0))
    may_answer = asyncio.Event()

    async def hold() -> None:
        if host.batches:
            await may_answer.wait()

    host.before = hold
    observer = Observer(finder(a=host), engines(), clock=clock)
    async with asyncio.timeout(5), observer as observe:
        assert healthy((await observe([named("a")]))[0]) is None
        may_answer.set()
        await asyncio.sleep(0)
        assert healthy((await observe([named("a")]))[0]) is True
    assert asked(host) == 1


async def test_probe_under_way_ends_with_the_observer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warren.control.observer.PROBE_PATIENCE_SECONDS", 0.01)
    host = checked(lambda: ends(0))

    async def hold() -> None:
        if host.batches:
            await asyncio.Event().wait()

    host.before = hold
    async with asyncio.timeout(5), Observer(finder(a=host), engines(), clock=ManualClock()) as see:
        await see([named("a")])


async def test_label_that_is_no_check_gives_no_verdict() -> None:
    host = checked(lambda: ends(0), {"type": "prayer"})
    async with Observer(finder(a=host), engines(), clock=ManualClock()) as observe:
        assert healthy((await observe([named("a")]))[0]) is None
    assert asked(host) == 0


DIED = {"Status": "died", "ID": "abc", "ContainerExitCode": 3}
LINE = json.dumps({**DIED, "Attributes": {"warren.instance": "ins_1"}}).encode() + b"\n"


async def test_streams_of_all_nodes_are_followed_and_come_back_with_backoff() -> None:
    clock = ManualClock()
    hosts = {
        "a": ScriptedHost(chunks=[LINE[:20], LINE[20:] + b"garbage\n"]),
        "b": ScriptedHost(),
    }
    event = EngineEvent(instance="ins_1", engine_id="abc", what="died", exit_code=3)
    nodes = [named("a"), named("b"), named("lost")]
    seen: list[Happening] = []
    streams = follow(nodes, finder(**hosts), engines(), clock=clock, random=lambda: 1.0)
    async with asyncio.timeout(5), streams as happenings:
        async for happening in happenings:
            seen.append(happening)
            if len(seen) == 3:
                break
        assert sorted(seen, key=lambda one: (one.node, one.event is not None)) == [
            Happening(node="a", event=None),
            Happening(node="a", event=event),
            Happening(node="b", event=None),
        ]
        for _ in nodes:
            await clock.asleep.acquire()
        assert clock.slept == [0.2, 0.2, 0.2]
        for _ in nodes:
            clock.woken.release()
        for _ in nodes:
            await clock.asleep.acquire()
        assert clock.slept[3:] == [0.4, 0.4, 0.4]
    assert [host.streams for host in hosts.values()] == [2, 2]


async def test_following_ends_with_its_context() -> None:
    streams = follow(
        [named("a")], finder(a=ScriptedHost()), engines(), clock=ManualClock(), random=lambda: 1.0
    )
    with pytest.raises(KeyError):
        async with asyncio.timeout(5), streams:
            raise KeyError
