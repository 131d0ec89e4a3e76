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
from tests.simulation.raft.registers import Registers
from tests.simulation.raft.workers import Worker
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.errors import Broken, DiskFull
from warren.raft.replica.outbox import Answer, Outbox, SaveSnapshot
from warren.raft.replica.replica import Replica
from warren.raft.replica.replicated import Replicated
from warren.raft.snapshots.files import prune, snapshot_name
from warren.raft.snapshots.reading import read_snapshot
from warren.raft.snapshots.receiving import Receiver
from warren.raft.snapshots.writing import SnapshotWriter
from warren.raft.wal.writer import LogWriter
from warren.testing.disk import SimulatedDisk


class Surroundings(Protocol):
    """What a process can reach."""

    @property
    def invariants(self) -> Invariants: ...
    def now_ms(self, member: int) -> int:
        """The member's clock."""
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
        state: Replicated | Registers,
        writer: LogWriter,
    ) -> None:
        self.member = member
        self.logic = logic
        self.state = state
        self.disk = disk
        self.is_stopped = False
        self.receiving: Receiver | None = None
        self._world = world
        self._writer = writer
        self._held: deque[Callable[[], None]] = deque()
        self._waiting: list[MsgStorageAppend] = []
        self._is_over = False
        self._is_full = False
        self._wakes_ms = -1
        self._applied = logic.core.applied
        self._log_thread = Worker(partial(self._later, "log"), self._broke)
        self._background = Worker(partial(self._later, "background"), self._broke)
        self._applier = Worker(partial(self._later, "apply"), self._broke)
        self._prepare()

    def step(self, call: Callable[[], object] = lambda: None) -> None:
        """Let the loop take an input, and do what follows from it."""
        if self._is_over:
            return
        if self.is_stopped:
            self._held.append(partial(self.step, call))
            return
        try:
            self.logic.tick(self._world.now_ms(self.member))
            call()
            outbox = self.logic.collect()
            self._carry_out(outbox)
        except Broken as error:
            self._broke(error)
            return
        if outbox.more:
            self._later("more", self.step)
        self._arm()

    def resume(self) -> None:
        """Go on after a stop, with all that came in the meantime."""
        self.is_stopped = False
        held, self._held = self._held, deque()
        for call in held:
            call()

    def kill(self, *, operations: int) -> None:
        """End it now; its threads may have made so many more calls of the disk."""
        self._is_over = True
        self._log_thread.interrupt(self.disk, operations)
        self._background.interrupt(self.disk, operations)

    def take_snapshot(self, message: MsgSnap) -> None:
        """A snapshot of the leader has arrived on the disk."""

        def take() -> None:
            name = snapshot_name(message.snapshot)
            if name not in self.disk.names():
                return  # an own one of a higher index was saved meanwhile
            restoring = self.state.restore()
            for piece in read_snapshot(self.disk, name)[1]:
                restoring.add(piece)
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
        if not self._waiting or self._log_thread.is_busy or self._is_full:
            return
        batches, self._waiting = tuple(self._waiting), []
        self._world.invariants.writing(self.member, batches)
        self._write(batches)

    def _write(self, batches: tuple[MsgStorageAppend, ...]) -> None:
        self._log_thread.do(
            lambda: self._writer.write(*batches), partial(self._when_written, batches)
        )

    def _when_written(self, batches: tuple[MsgStorageAppend, ...], full: DiskFull | None) -> None:
        if full is not None:
            # Nothing else may be written before these are.
            self._is_full = True
            self._later("retry", partial(self._write, batches))
            self.step(partial(self.logic.set_disk_full, is_full=True))
            return
        self._world.invariants.written(self.member)
        was_full, self._is_full = self._is_full, False

        def tell() -> None:
            for batch in batches:
                self.logic.written(batch)
                if batch.snapshot is not None:
                    self._world.invariants.restored(self.member, batch.snapshot.index)
            if was_full:
                self.logic.set_disk_full(is_full=False)

        self.step(tell)
        self._write_waiting()
        self._prepare()

    def _prepare(self) -> None:
        if self._writer.wants_preparation and not self._background.is_busy:
            self._background.do(self._writer.prepare, _nothing)

    def _save(self, save: SaveSnapshot) -> None:
        def work() -> None:
            writer = SnapshotWriter(self.disk, save.meta)
            try:
                for piece in save.pieces:
                    writer.add(piece)
                writer.finish()
            except DiskFull:
                writer.abort()
                raise

        def saved(full: DiskFull | None) -> None:
            if full is not None:
                self.step(lambda: self.logic.snapshot_saved(save.meta, ok=False))
            else:
                self._log_thread.do(lambda: self._writer.mark(save.meta), marked)

        def marked(full: DiskFull | None) -> None:
            if full is None:
                self._world.invariants.marked(self.member, save.meta)
                self._background.do(clean, _nothing)
            self.step(lambda: self.logic.snapshot_saved(save.meta, ok=full is None))
            self._write_waiting()

        def clean() -> None:
            self._writer.drop_before(save.meta.index)
            name = snapshot_name(save.meta)
            prune(self.disk, {other for other in self.disk.names() if other >= name})

        self._background.do(work, saved)

    def _broke(self, error: Broken) -> None:
        self._is_over = True
        self._world.broke(self.member, error)


def _nothing(_full: DiskFull | None) -> None:
    """What follows on work whose end nobody waits for."""
