"""One life of a member's process: its logic, its threads, and how it ends.

The loop of the process takes an input, hands to the threads what is to be written, lets messages leave and
takes the next. Whatever arrives while the process is stopped by a signal waits for it to go on.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from tests.simulation.raft.invariants import Invariants, Violated
from tests.simulation.raft.plain import Plain, Ticket
from tests.simulation.raft.workers import Worker
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.errors import Broken, DiskFull
from warren.raft.replica.outbox import Answer, Outbox, SaveSnapshot
from warren.raft.replica.replica import Replica
from warren.raft.replica.replicated import Replicated
from warren.raft.snapshots.files import snapshot_name
from warren.raft.snapshots.receiving import Receiver
from warren.raft.storage import Storage, read_pieces
from warren.testing.disk import SimulatedDisk


class Surroundings(Protocol):
    """What a process can reach."""

    @property
    def invariants(self) -> Invariants: ...
    def now_ms(self, member: int) -> int:
        """The member's clock."""
        ...

    def gathers(self, member: int) -> bool:
        """Whether several inputs may come before what follows from them is carried out."""
        ...

    def wake(self, member: int, at_ms: int, call: Callable[[], None]) -> None:
        """Call when the member's clock shows that time."""
        ...

    def send(self, message: Message) -> None:
        """Give a message to the network."""
        ...

    def send_snapshot(self, sender: int, message: MsgSnap) -> None:
        """Begin to carry a snapshot over."""
        ...

    def later(self, member: int, what: str, call: Callable[[], None]) -> None:
        """Call when the work called ``what`` has taken its time."""
        ...

    def answer(self, member: int, ticket: Ticket, answer: Answer) -> None:
        """Tell whoever asked."""
        ...

    def broke(self, member: int, error: Broken) -> None:
        """The process cannot go on."""
        ...


class Process:
    """A running member.

    Attributes:
        logic: what it decides with.
        state: what the log led to.
        is_stopped: by a signal; it goes on later.
        receiving: a snapshot that is on its way here.
    """

    def __init__(
        self,
        member: int,
        world: Surroundings,
        disk: SimulatedDisk,
        *,
        logic: Replica | Plain,
        state: Replicated,
        storage: Storage,
    ) -> None:
        self.member = member
        self.logic = logic
        self.state = state
        self.disk = disk
        self.is_stopped = False
        self.receiving: Receiver | None = None
        self._world = world
        self._storage = storage
        self._held: deque[Callable[[], None]] = deque()
        self._waiting: list[MsgStorageAppend] = []
        self._is_over = False
        self._is_full = False
        self._blocked: tuple[MsgStorageAppend, ...] = ()
        self._is_turn_due = False
        self._wakes_ms = -1
        self._applied = logic.core.applied
        self._log_thread = Worker(partial(self._later, "log"), self.fail)
        self._files = Worker(partial(self._later, "files"), self.fail)
        self._snapshots = Worker(partial(self._later, "snapshots"), self.fail)
        self._applier = Worker(partial(self._later, "apply"), self.fail)
        self._files.do(self._hold, self._tell_full)

    def step(self, call: Callable[[], object] = lambda: None) -> None:
        """Let the loop take an input, and do what follows from it, at once or a little later."""
        if self._is_over:
            return
        if self.is_stopped:
            self._held.append(partial(self.step, call))
            return
        try:
            call()
        except Broken as error:
            self.fail(error)
            return
        if not self._world.gathers(self.member):
            self._turn()
        elif not self._is_turn_due:
            self._is_turn_due = True
            self._later("turn", self._turn)

    def _turn(self) -> None:
        """Carry out what follows from all inputs since the last time."""
        self._is_turn_due = False
        try:
            self.logic.tick(self._world.now_ms(self.member))
            outbox = self.logic.collect()
            self._carry_out(outbox)
        except Broken as error:
            self.fail(error)
            return
        if outbox.more:
            self._later("more", self.step)
        self._arm()

    def resume(self) -> None:
        """Go on after a stop, with all that came in the meantime."""
        self.is_stopped = False
        held, self._held = self._held, deque()
        for call in held:
            if not self._is_over:
                call()

    def kill(self, *, operations: int) -> None:
        """End it now; its threads may have made so many more calls of the disk."""
        self._is_over = True
        self._log_thread.interrupt(self.disk, operations)
        self._files.interrupt(self.disk, operations)
        self._snapshots.interrupt(self.disk, operations)

    def take_snapshot(self, message: MsgSnap) -> None:
        """A snapshot of the leader has arrived on the disk."""

        def take() -> None:
            if snapshot_name(message.snapshot) not in self.disk.names():
                return  # an own one of a higher index was saved meanwhile
            restoring = self.state.restore()
            read_pieces(self.disk, message.snapshot, restoring)
            self.logic.snapshot_received(message, restoring)

        self.step(take)

    def _arm(self) -> None:
        """See to it that time passes for the logic when it wants that."""
        wake_ms = self.logic.wake_ms
        if wake_ms != self._wakes_ms:
            self._wakes_ms = wake_ms
            self._world.wake(self.member, wake_ms, partial(self._when_due, wake_ms))

    def _when_due(self, wake_ms: int) -> None:
        if wake_ms == self._wakes_ms:
            self._when_running(self.step)

    def _later(self, what: str, call: Callable[[], None]) -> None:
        self._world.later(self.member, what, partial(self._when_running, call))

    def _when_running(self, call: Callable[[], None]) -> None:
        if self.is_stopped:
            self._held.append(call)
        elif not self._is_over:
            call()

    def _carry_out(self, outbox: Outbox) -> None:
        world, invariants = self._world, self._world.invariants
        for batch in outbox.writes:
            invariants.appending(self.member, batch)
        invariants.stepped(self.member, self.logic.core)
        for message in outbox.messages:
            invariants.sent(self.member, message)
            world.send(message)
        self._waiting += outbox.writes
        self._write_waiting()
        if isinstance(self.logic, Plain):
            for work in self.logic.take_applies():
                self._applier.do(partial(self.step, partial(self.logic.apply, work)), _nothing)
        self._compare()
        for ticket, answer in outbox.answers:
            world.answer(self.member, ticket, answer)
        if outbox.save is not None:
            self._save(outbox.save)
        for snapshot in outbox.send_snapshots:
            world.send_snapshot(self.member, snapshot)
        if outbox.divergences:
            raise Violated(f"member {self.member} reports {outbox.divergences}")

    def _compare(self) -> None:
        applied = self.logic.core.applied
        if applied != self._applied:
            self._applied = applied
            fingerprint = self.state.fingerprint()
            self._world.invariants.fingerprint(self.member, applied, fingerprint)

    def _write_waiting(self) -> None:
        if not self._waiting or self._log_thread.is_busy or self._blocked:
            return
        batches, self._waiting = tuple(self._waiting), []
        self._world.invariants.writing(self.member, batches)
        self._write(batches)

    def _write(self, batches: tuple[MsgStorageAppend, ...]) -> None:
        self._log_thread.do(
            lambda: self._storage.write(batches), partial(self._when_written, batches)
        )

    def _when_written(self, batches: tuple[MsgStorageAppend, ...], full: DiskFull | None) -> None:
        if full is not None:
            self._blocked = batches  # nothing else may be written before these are
            self._tell_full(full)
            return
        self._blocked = ()
        self._world.invariants.written(self.member)

        def tell() -> None:
            for batch in batches:
                self.logic.written(batch)
                if batch.snapshot is not None:
                    self._world.invariants.restored(self.member, batch.snapshot.index)

        self.step(tell)
        self._write_waiting()
        self._prepare()

    def _prepare(self) -> None:
        if self._storage.wants_preparation and not self._files.is_busy:
            self._files.do(self._storage.prepare, self._tell_full)

    def _tell_full(self, full: DiskFull | None) -> None:
        if full is None or self._is_full:
            return
        self._is_full = True
        self._files.do(self._storage.give_space, _nothing)
        self.step(partial(self.logic.set_disk_full, is_full=True))
        self._later("retry", self._regain)

    def _regain(self) -> None:
        """Try what did not fit, and whether enough can be kept back again."""
        if self._blocked and not self._log_thread.is_busy:
            self._write(self._blocked)
        elif not self._blocked and not self._files.is_busy:
            self._files.do(self._hold, self._held_again)
            return
        self._later("retry", self._regain)

    def _hold(self) -> None:
        self._storage.prepare()
        self._storage.hold_space()

    def _held_again(self, full: DiskFull | None) -> None:
        if full is not None:
            self._later("retry", self._regain)
            return
        self._is_full = False
        self.step(partial(self.logic.set_disk_full, is_full=False))

    def _save(self, save: SaveSnapshot) -> None:
        meta = save.meta

        def saved(full: DiskFull | None) -> None:
            if full is None:
                self._log_thread.do(lambda: self._storage.mark(meta), marked)
            else:
                self._tell_full(full)
                self.step(lambda: self.logic.snapshot_saved(meta, ok=False))

        def marked(full: DiskFull | None) -> None:
            if full is None:
                self._world.invariants.marked(self.member, meta)
                self._snapshots.do(lambda: self._storage.tidy(meta), _nothing)
            self.step(lambda: self.logic.snapshot_saved(meta, ok=full is None))
            self._write_waiting()

        self._snapshots.do(lambda: self._storage.save(meta, save.pieces), saved)

    def fail(self, error: Broken) -> None:
        """Its disk failed: the process must end."""
        self._is_over = True
        self._world.broke(self.member, error)


def _nothing(_full: DiskFull | None) -> None:
    """What follows on work whose end nobody waits for."""
