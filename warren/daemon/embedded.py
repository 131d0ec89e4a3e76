"""A manager inside the caller's process: one voter, on a locked state directory.

It works while somebody waits (``settle``) and not in between; what it knows is in the record, so the
next run continues where this one was stopped, however it was.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from warren.aio.clock import Clock, SystemClock
from warren.client.contract import Change, Changed, HostCommand, Plan, Progress, Settled
from warren.control import loop
from warren.control.dispatch import Dispatcher, LogTail
from warren.control.observer import Observer
from warren.control.progress import ServiceProgress
from warren.control.snapshot import Policy
from warren.daemon.changes import Changes
from warren.daemon.logs import follow_logs
from warren.daemon.opening import Opened, open_store
from warren.daemon.planning import Planner
from warren.daemon.reading import Reading
from warren.daemon.records import StoreRecords
from warren.daemon.targets import Reach, Targets
from warren.model.ids import derived_id
from warren.providers.registry import engines
from warren.store.store import Store

ENGINES = engines()
ALONE = Policy(down_after_seconds=0.0)
"""The one voter is the majority, and it has waited for the connection already."""


@asynccontextmanager
async def open_embedded(
    directory: Path,
    reach: Reach,
    *,
    clock: Clock | None = None,
    policy: Policy | None = None,
    command: str = "warren",
) -> AsyncIterator["Embedded"]:
    """Open the state directory and be its manager.

    Raises:
        Busy: another process holds it; the message says which.
        PermanentError: it cannot be used.
    """
    clock = clock or SystemClock()
    async with open_store(directory, clock=clock, command=command) as opened:
        targets = Targets(opened.store, reach)
        async with Observer(targets.find, ENGINES, clock=clock) as observer:
            asked = replace(policy or ALONE, began_at=clock.now())
            yield Embedded(opened, reach, targets, observer, clock=clock, policy=asked)


class Embedded(Reading):
    """Implements ``client.contract.Client``."""

    def __init__(
        self,
        opened: Opened,
        reach: Reach,
        targets: Targets,
        observer: Observer,
        *,
        clock: Clock,
        policy: Policy,
    ) -> None:
        store = opened.store
        super().__init__(store)
        self._clock = clock
        self._policy = policy
        self._reach = reach
        self._targets = targets
        self._dispatcher = Dispatcher(targets.find, ENGINES, epoch=opened.epoch)
        changes = Changes(store, reach, clock, seed=seed_of(store), registry=ENGINES)
        self._changes = changes
        self._world = loop.World(
            records=StoreRecords(store),
            observe=observer,
            dispatch=self._dispatcher,
            clock=clock,
            new_id=new_instance_id,
            read_log_tail=LogTail(targets.find, ENGINES),
        )
        self._planner = Planner(
            store, observe=observer, changes=changes, policy=policy, clock=clock,
            new_id=new_instance_id, reach=reach, registry=ENGINES,
        )  # fmt: skip

    async def change(self, change: Change) -> Changed:
        """Record a change."""
        return await self._changes.carry_out(change)

    async def plan(self, change: Change) -> Plan:
        """Say what ``change`` would do after all changes planned before it."""
        return await self._planner.plan(change)

    async def settle(
        self,
        services: Sequence[str] | None = None,
        *,
        timeout_seconds: float,
        progress: Callable[[Sequence[Progress]], None],
    ) -> Settled:
        """Work until the named services (or all) are as asked, or cannot become so."""
        chosen = None
        if services is not None:
            chosen = {one.id for one in self._store.services if one.name in services}
        ended = await loop.converge(
            self._world,
            self._policy,
            timeout_seconds=timeout_seconds,
            services=chosen,
            report=lambda steps: progress([_shown(step) for step in steps]),
        )
        return Settled(
            problems=problems_of(ended),
            commands=tuple(HostCommand(node=node, text=text) for node, text in ended.commands),
        )

    async def logs(
        self, service: str, *, tail: int | None = None, follow: bool = False
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Log lines of all running instances of a service."""
        async for line in follow_logs(self, self._reach, service, tail=tail, follow=follow):
            yield line


def new_instance_id(service_id: str, slot: str, previous_id: str) -> str:
    """The id of the instance that follows ``previous_id`` in a slot: equal in plan and run."""
    return derived_id("instance", service_id, slot, previous_id)


def seed_of(store: Store) -> str:
    """Names the record as it is; equal for a plan and for the run that follows it."""
    rows = [
        f"{row.id} {row.version}"
        for table in (store.nodes, store.services, store.instances)
        for row in table
    ]
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def problems_of(ended: loop.Converged) -> tuple[str, ...]:
    """Why waiting was in vain, if it was."""
    names = {step.service_id: step.service for step in ended.progress}
    problems = [
        f"service {names[service_id]}: {reason}"
        for service_id, reasons in ended.problems.items()
        for reason in reasons
    ]
    missing = {step.service for step in ended.progress if not step.is_complete} - {
        names[service_id] for service_id in ended.problems
    }
    problems += [f"service {name}: not as asked in time" for name in sorted(missing)]
    return (*problems, *ended.removals)


def _shown(step: ServiceProgress) -> Progress:
    return Progress(
        service=step.service, desired=step.desired, running=step.running, message=step.message
    )
