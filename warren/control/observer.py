"""Seeing what runs: listings of nodes, verdicts of health checks, streams of events.

A listing is the truth; a stream only says when to take the next one. Health checks are asked with
each listing as they come due, and the verdict stands in the listing. Nothing here raises for one
node: a node that cannot be seen is a view that says so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter, ValidationError

from warren.aio.backoff import Backoff
from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.model.container import HealthCheck
from warren.model.errors import TransientError, WarrenError
from warren.model.node import Node
from warren.model.observed import NodeView, ObservedContainer, ObservedInstance
from warren.providers.contract import EngineEvent, Provider, Target
from warren.providers.probing import verdicts
from warren.providers.probing.asking import ask
from warren.providers.probing.verdicts import Check, Course
from warren.providers.registry import Registry

NODES_AT_ONCE_MAX = 128
PROBES_AT_ONCE_PER_NODE_MAX = 8
LISTING_TIMEOUT_SECONDS = 15.0
PROBE_PATIENCE_SECONDS = 1.0
"""A listing waits that long for probes; a slower answer stands in a later listing."""
HAPPENINGS_MAX = 1024
"""Events not yet taken; when they are that many, later ones are dropped: one of them is enough."""
SETTLED_SECONDS = 60.0
"""A stream that lasted so long was a good one: the next failure waits from the beginning."""

FindTarget = Callable[[str], Target]
_CHECK: TypeAdapter[Check] = TypeAdapter(HealthCheck)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something to take a new listing for.

    Attributes:
        node: where.
        event: what; ``None`` when the stream was lost or begins anew, so anything may have happened.
    """

    node: str
    event: EngineEvent | None


class Observer:
    """Implements ``effects.Observe`` over providers; remembers how health checks went.

    An async context: probes that outlast the listing they were due with go on inside it.

    Args:
        find: the way to each node; raises a ``WarrenError`` if there is none.
        registry: the providers.
        clock: for stamps, and for when probes are due.
        timeout_seconds: how long one node may take.
    """

    def __init__(
        self,
        find: FindTarget,
        registry: Registry,
        *,
        clock: Clock,
        timeout_seconds: float = LISTING_TIMEOUT_SECONDS,
    ) -> None:
        self._find = find
        self._registry = registry
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._slots = asyncio.Semaphore(NODES_AT_ONCE_MAX)
        self._rounds: dict[str, _Rounds] = {}
        self._companions = Companions()

    async def __aenter__(self) -> Self:
        await self._companions.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._companions.__aexit__(kind, error, trace)

    async def __call__(self, nodes: Sequence[Node]) -> Sequence[NodeView]:
        """List nodes; see ``effects.Observe``."""
        return await asyncio.gather(*(self._view(node) for node in nodes))

    async def _view(self, node: Node) -> NodeView:
        async with self._slots:
            try:
                target = self._find(node.name)
                provider = self._registry.get(node.provider)
                async with asyncio.timeout(self._timeout_seconds):
                    seen = await provider.status(target, timeout_seconds=self._timeout_seconds)
                taken_at = self._clock.now()
                seen = await self._judged(provider, target, seen)
            except TimeoutError:
                return self._unseen(
                    node, f"host {node.name} did not answer within {self._timeout_seconds:g} s",
                    is_transient=True,
                )  # fmt: skip
            except WarrenError as error:
                return self._unseen(
                    node, error.message, is_transient=isinstance(error, TransientError)
                )
        return NodeView(node=node.name, taken_at=taken_at, reachable=True, instances=seen)

    def _unseen(self, node: Node, message: str, *, is_transient: bool) -> NodeView:
        return NodeView(
            node=node.name,
            taken_at=self._clock.now(),
            reachable=False,
            error=message,
            unreachable_kind="unreachable" if is_transient else "refused",
        )

    async def _judged(
        self, provider: Provider, target: Target, seen: tuple[ObservedInstance, ...]
    ) -> tuple[ObservedInstance, ...]:
        """The listing with the verdicts of Warren's checks; probes that are due are asked."""
        checked = [
            (container, check)
            for instance in seen
            for container in instance.containers
            if container.state == "running" and (check := check_of(container)) is not None
        ]
        now = self._clock.monotonic()
        rounds = self._rounds.get(target.node.name)
        if rounds is None:
            rounds = self._rounds[target.node.name] = _Rounds()
        rounds.keep([_start(container) for container, _ in checked], now=now)
        for container, check in checked:
            start = _start(container)
            if start not in rounds.asking and verdicts.due_at(rounds.courses[start], check) <= now:
                probe = self._probe(provider, target, container, check, rounds)
                rounds.asking[start] = self._companions.start(probe)
        if rounds.asking:
            await asyncio.wait(rounds.asking.values(), timeout=PROBE_PATIENCE_SECONDS)
        return tuple(_with_verdicts(instance, rounds.courses) for instance in seen)

    async def _probe(
        self,
        provider: Provider,
        target: Target,
        container: ObservedContainer,
        check: Check,
        rounds: "_Rounds",
    ) -> None:
        start = _start(container)
        try:
            async with rounds.slots:
                probe = await ask(provider, target, container, check)
        except WarrenError:
            return  # its host cannot be asked: the next listing says so
        finally:
            rounds.asking.pop(start, None)
        course = rounds.courses.get(start)
        if course is not None:
            rounds.courses[start] = verdicts.judge(
                course, check, probe, now=self._clock.monotonic()
            )


class _Rounds:
    """The health checks of one node: how each goes, and which are being asked now."""

    def __init__(self) -> None:
        self.courses: dict[_Start, Course] = {}
        self.asking: dict[_Start, asyncio.Task[None]] = {}
        self.slots = asyncio.Semaphore(PROBES_AT_ONCE_PER_NODE_MAX)

    def keep(self, starts: Sequence["_Start"], *, now: float) -> None:
        """Forget all but these, and begin those that are new."""
        self.courses = {start: self.courses.get(start, Course(began_at=now)) for start in starts}


@asynccontextmanager
async def follow(
    nodes: Sequence[Node],
    find: FindTarget,
    registry: Registry,
    *,
    clock: Clock,
    random: Callable[[], float],
) -> AsyncIterator[AsyncIterator[Happening]]:
    """Follow what happens on nodes; streams that end are opened again after a while.

    The first happening of a node is its stream's beginning, so that nothing is missed between a
    listing and the stream.
    """
    queue: asyncio.Queue[Happening] = asyncio.Queue(HAPPENINGS_MAX)

    async def taken() -> AsyncIterator[Happening]:
        while True:
            yield await queue.get()

    async def once(node: Node) -> None:
        provider = registry.get(node.provider)
        async with provider.events(find(node.name)) as events:
            _put(queue, Happening(node=node.name, event=None))
            async for event in events:
                _put(queue, Happening(node=node.name, event=event))

    async with Companions() as companions:
        for node in nodes:
            companions.start(_again_and_again(partial(once, node), clock=clock, random=random))
        yield taken()


async def _again_and_again(
    once: Callable[[], Awaitable[None]], *, clock: Clock, random: Callable[[], float]
) -> None:
    """Do something for ever; after an end or a failure wait, longer each time."""
    waits = Backoff().waits(random)
    while True:
        began = clock.monotonic()
        with suppress(WarrenError):  # the next listing tells what is wrong with the node
            await once()
        if clock.monotonic() - began >= SETTLED_SECONDS:
            waits = Backoff().waits(random)
        await clock.sleep(next(waits))


def _put(queue: asyncio.Queue[Happening], happening: Happening) -> None:
    if not queue.full():
        queue.put_nowait(happening)


_Start = tuple[str, datetime | None]
"""One start of one container: its id and when."""


def _start(container: ObservedContainer) -> _Start:
    return (container.engine_id, container.started_at)


def check_of(container: ObservedContainer) -> Check | None:
    """The health check a container was created with; ``None`` without one that can be read."""
    if not container.health_check:
        return None
    try:
        return _CHECK.validate_json(container.health_check)
    except ValidationError:
        return None


def _with_verdicts(instance: ObservedInstance, courses: dict[_Start, Course]) -> ObservedInstance:
    if not any(container.health_check for container in instance.containers):
        return instance
    containers = tuple(
        replace(container, healthy=courses[_start(container)].healthy)
        if _start(container) in courses
        else container
        for container in instance.containers
    )
    return replace(instance, containers=containers)
