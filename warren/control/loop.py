"""The one loop: look, decide, remember, act, remember; until nothing is left to do.

It is level-triggered: each pass starts from the record and the hosts as they are, never from what an
earlier pass meant to do. So a pass may be repeated, a controller may die between any two steps, and
the next one continues from the record alone. What is about to be done is committed before it is done.
"""

from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field

from warren.aio.clock import Clock
from warren.control.actions import Action
from warren.control.decision import Decision, decide
from warren.control.diagnose import explain_service
from warren.control.effects import Dispatch, Observe, Outcome, ReadLogTail
from warren.control.outcomes import record_outcomes
from warren.control.pacing import ActionPacer, NodePacer
from warren.control.progress import ServiceProgress
from warren.control.records import Records, Write
from warren.control.slots import lay_out
from warren.control.snapshot import NewId, Policy, Snapshot, Wait, take
from warren.model.errors import Conflict, StaleEpoch
from warren.model.instance import Instance
from warren.model.service import Service
from warren.model.states import InstanceState

POLL_SECONDS_MIN = 0.1
POLL_SECONDS_MAX = 1.0
COMMIT_ATTEMPTS_MAX = 10
"""A conflict means that somebody else changed a record: read again and decide anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the loop acts on: the record, the hosts, the clock, ids.

    Attributes:
        records: the store.
        observe: lists nodes.
        dispatch: carries out actions.
        clock: tells and waits.
        new_id: makes the id of a new instance; see ``orchestrate``.
        read_log_tail: fetches what a failed instance wrote last; optional.
    """

    records: Records
    observe: Observe
    dispatch: Dispatch
    clock: Clock
    new_id: NewId
    read_log_tail: ReadLogTail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Converged:
    """How converging ended.

    Attributes:
        is_settled: nothing was left to do (``False``: the time was over).
        progress: how far each service concerned is.
        problems: why a service is not as asked, by its id; only those that are not.
        removals: why something could not be removed.
        nodes: the nodes that did not answer, with the reason.
        commands: what was sent to the hosts: node and command, in order.
    """

    is_settled: bool
    progress: tuple[ServiceProgress, ...]
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    removals: tuple[str, ...] = ()
    nodes: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[tuple[str, str], ...] = ()


Report = Callable[[Sequence[ServiceProgress]], None]


async def converge(
    world: World,
    policy: Policy,
    *,
    timeout_seconds: float,
    services: AbstractSet[str] | None = None,
    report: Report | None = None,
) -> Converged:
    """Work until the services are as asked, or cannot become so, or the time is over.

    Args:
        world: what to act on.
        policy: the operator's.
        timeout_seconds: how long to go on; a pass that has begun is finished.
        services: ids of the services to wait for; ``None`` is all. Others are worked on meanwhile.
        report: called with the progress after every pass that decided something.

    Raises:
        StaleEpoch: another controller has taken over; nothing more was done.
        Conflict: the record is changed faster than it can be read.
    """
    loop = Loop(world, policy)
    deadline = world.clock.monotonic() + timeout_seconds
    shown: tuple[ServiceProgress, ...] | None = None
    while True:
        passed = await loop.run_pass()
        progress = _concerned(passed.decision.progress, services)
        if report is not None and progress != shown:
            report(progress)
            shown = progress
        is_settled = loop.is_settled(passed, services)
        if is_settled or world.clock.monotonic() >= deadline:
            return loop.conclude(passed, progress, is_settled=is_settled)
        await loop.rest(passed)


def _concerned(
    progress: Sequence[ServiceProgress], services: AbstractSet[str] | None
) -> tuple[ServiceProgress, ...]:
    return tuple(item for item in progress if services is None or item.service_id in services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One pass: what was decided, and what of it was carried out.

    Attributes:
        decision: as committed.
        outcomes: of the actions that were due.
        waits: when to look again.
    """

    decision: Decision
    outcomes: tuple[Outcome, ...]
    waits: tuple[Wait, ...]


class Loop:
    """Passes over a world, with what is worth remembering between them.

    Args:
        world: what to act on.
        policy: the operator's.
        keeps_commands: whether ``conclude`` tells the commands; not for a loop that runs for ever.
    """

    def __init__(self, world: World, policy: Policy, *, keeps_commands: bool = True) -> None:
        self._keeps_commands = keeps_commands
        self._world = world
        self._policy = policy
        self._nodes = NodePacer()
        self._actions = ActionPacer(hopeless_after=policy.give_up_attempts)
        self._logs: dict[str, tuple[str, ...]] = {}
        self._commands: list[tuple[str, str]] = []
        self._idle_passes = 0

    async def run_pass(self) -> Passed:
        """Look, decide, remember, act, remember.

        Raises:
            StaleEpoch: another controller has taken over.
            Conflict: the record is changed faster than it can be read.
        """
        await self._look()
        decision = await self._decide()
        now = self._world.clock.now()
        due = self._actions.due(decision.actions, now)
        waits = (*decision.waits, *self._actions.waits(decision.actions, now))
        outcomes: tuple[Outcome, ...] = ()
        if due:
            outcomes = tuple(await self._world.dispatch(due))
            await self._learn(outcomes)
        return Passed(decision=decision, outcomes=outcomes, waits=waits)

    def is_settled(self, passed: Passed, services: AbstractSet[str] | None) -> bool:
        """Whether nothing was done for these services and time will change nothing soon."""
        if any(_concerns(outcome.action, services) for outcome in passed.outcomes):
            return False
        if any(_is_about(write, services) for write in passed.decision.writes):
            return False
        return not any(
            not wait.is_hopeless
            and (not wait.service_id or services is None or wait.service_id in services)
            for wait in passed.waits
        )

    async def rest(self, passed: Passed) -> None:
        """Wait a little if the pass did nothing; longer, the longer nothing happens."""
        if passed.outcomes or passed.decision.writes:
            self._idle_passes = 0
            return
        poll = min(POLL_SECONDS_MIN * 2.0 ** min(self._idle_passes, 10), POLL_SECONDS_MAX)
        self._idle_passes += 1
        now = self._world.clock.now()
        until = [(wait.until - now).total_seconds() for wait in passed.waits if wait.until > now]
        await self._world.clock.sleep(min([poll, *until]))

    def conclude(
        self, passed: Passed, progress: Sequence[ServiceProgress], *, is_settled: bool
    ) -> Converged:
        """Say how it ended."""
        snapshot = passed.decision.snapshot
        problems = {
            item.service_id: self._explain(snapshot, snapshot.services[item.service_id])
            for item in progress
            if not item.is_complete and item.service_id in snapshot.services
        }
        return Converged(
            is_settled=is_settled,
            progress=tuple(progress),
            problems={key: reasons for key, reasons in problems.items() if reasons},
            removals=self._actions.problems(passed.decision.actions),
            nodes={view.node: view.error for view in snapshot.views.values() if not view.reachable},
            commands=tuple(self._commands),
        )

    async def _look(self) -> None:
        now = self._world.clock.now()
        due = self._nodes.due(self._world.records.nodes(), now)
        if due:
            self._nodes.learn(await self._world.observe(due), self._world.clock.now())

    async def _decide(self) -> Decision:
        """Decide and commit; anew as long as somebody else changes the record meanwhile."""
        for attempt in range(COMMIT_ATTEMPTS_MAX):
            decision = decide(self._snapshot(), self._policy, self._world.new_id)
            await self._fetch_logs(decision)
            try:
                if decision.writes:
                    await self._world.records.commit(decision.writes)
            except Conflict:
                if attempt == COMMIT_ATTEMPTS_MAX - 1:
                    raise
            else:
                return decision
        raise AssertionError("the last attempt returns or raises")

    async def _learn(self, outcomes: Sequence[Outcome]) -> None:
        """Remember how actions ended, in the record and for the next passes."""
        now = self._world.clock.now()
        self._actions.learn(outcomes, now)
        self._nodes.learn_from(outcomes, now)
        for outcome in outcomes if self._keeps_commands else ():
            self._commands += [(outcome.action.node, text) for text in outcome.commands]
        stale = [item.error for item in outcomes if isinstance(item.error, StaleEpoch)]
        for attempt in range(COMMIT_ATTEMPTS_MAX):
            snapshot = self._snapshot()
            writes = record_outcomes(snapshot, outcomes, self._policy)
            await self._fetch_failed(snapshot, writes)
            try:
                if writes and not stale:
                    await self._world.records.commit(writes)
                break
            except Conflict:
                if attempt == COMMIT_ATTEMPTS_MAX - 1:
                    raise
        if stale:
            raise stale[0]

    def _snapshot(self) -> Snapshot:
        records = self._world.records
        nodes = tuple(records.nodes())
        return take(
            now=self._world.clock.now(),
            services=records.services(),
            instances=records.instances(),
            nodes=nodes,
            views=self._nodes.views(nodes),
        )

    async def _fetch_logs(self, decision: Decision) -> None:
        await self._fetch_failed(decision.snapshot, decision.writes)

    async def _fetch_failed(self, snapshot: Snapshot, writes: Sequence[Write]) -> None:
        """Keep the last words of what fails now: its containers may be gone in a moment."""
        read = self._world.read_log_tail
        if read is None:
            return
        for write in writes:
            before, after = write.before, write.after
            if (
                isinstance(before, Instance)
                and isinstance(after, Instance)
                and before.state is not InstanceState.FAILED
                and after.state is InstanceState.FAILED
                and snapshot.is_reachable(after.node)
            ):
                self._logs[after.id] = tuple(await read(after))

    def _explain(self, snapshot: Snapshot, service: Service) -> tuple[str, ...]:
        layout = lay_out(snapshot, service, self._policy)
        return explain_service(snapshot, service, layout, logs=self._logs)


def _concerns(action: Action, services: AbstractSet[str] | None) -> bool:
    instance = getattr(action, "instance", None)
    if services is None or instance is None:
        return True
    return instance.service_id in services


def _is_about(write: Write, services: AbstractSet[str] | None) -> bool:
    record = write.after or write.before
    if services is None or record is None:
        return True
    if isinstance(record, Instance):
        return record.service_id in services
    return not isinstance(record, Service) or record.id in services
