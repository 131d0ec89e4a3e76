"""The core with the least around it that makes a replicated state machine.

It shows the core alone: whatever a replica adds (sessions, retries, batching) would hide some of its
faults. It takes the inputs and gives the outputs of one. Commands are applied when their time has come,
not at once, so that everything else can happen in between.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.simulation.raft.registers import Registers
from warren.raft.core.entry import ConfigurationChange, EntryKind, SnapshotMeta, decode_change
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend, MsgStorageApply
from warren.raft.core.raft import Raft
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import RaftError, Uncertain
from warren.raft.wal.recovery import Recovered

Answer = bytes | RaftError
Ticket = object
Applied = Callable[[int, bytes], None]


@dataclass(slots=True)
class Save:
    """A snapshot to be written."""

    meta: SnapshotMeta
    pieces: Iterator[bytes]


@dataclass(slots=True)
class Outbox:
    """What is to be done."""

    messages: list[Message] = field(default_factory=list)
    writes: list[MsgStorageAppend] = field(default_factory=list)
    applies: list[MsgStorageApply] = field(default_factory=list)
    answers: list[tuple[Ticket, Answer]] = field(default_factory=list)
    saves: list[Save] = field(default_factory=list)
    snapshots_to_send: list[MsgSnap] = field(default_factory=list)


class Plain:
    """One member's logic.

    Attributes:
        raft: the core.
        machine: the state machine.
        applied: the index of the last entry it took.
    """

    def __init__(
        self,
        settings: Settings,
        recovered: Recovered,
        *,
        machine: Registers,
        draw: Callable[[int], int],
        snapshot_every: int,
        keep_entries: int,
        applied: Applied,
    ) -> None:
        self.raft = Raft(
            settings,
            hard_state=recovered.hard_state,
            snapshot=recovered.snapshot,
            entries=recovered.entries,
            draw=draw,
        )
        self.machine = machine
        self._snapshot_every = snapshot_every
        self._keep_entries = keep_entries
        self._applied_hook = applied
        self._outbox = Outbox()
        self.applied = self._saved = recovered.snapshot.index
        self._applied_term = recovered.snapshot.term
        self._saving = False
        self._proposals: dict[int, tuple[int, Ticket]] = {}
        self._reads: dict[int, tuple[Ticket, bytes]] = {}
        self._ready_reads: list[tuple[int, Ticket, bytes]] = []
        self._contexts = 0

    def tick(self) -> None:
        """Time passes."""
        self.raft.tick()

    def receive(self, message: Message) -> None:
        """A message has come."""
        self.raft.step(message)

    def connection_lost(self, peer: int) -> None:
        """Nothing more comes from that member's process."""
        self.raft.report_unreachable(peer)
        if self.raft.leader == peer:
            self.raft.forget_leader()

    def propose(self, ticket: Ticket, command: bytes) -> None:
        """Replicate and apply a command."""
        try:
            (index,) = self.raft.propose([command])
        except RaftError as error:
            self._outbox.answers.append((ticket, error))
        else:
            self._proposals[index] = (self.raft.term, ticket)

    def change(self, ticket: Ticket, change: ConfigurationChange) -> None:
        """Replicate and apply a change of membership."""
        try:
            index = self.raft.propose_change(change)
        except RaftError as error:
            self._outbox.answers.append((ticket, error))
        else:
            self._proposals[index] = (self.raft.term, ticket)

    def read(self, ticket: Ticket, query: bytes) -> None:
        """Answer a query with what is linearizable."""
        self._contexts += 1
        try:
            self.raft.read(self._contexts)
        except RaftError as error:
            self._outbox.answers.append((ticket, error))
        else:
            self._reads[self._contexts] = (ticket, query)

    def transfer(self, to: int) -> None:
        """Hand leadership over."""
        self.raft.transfer(to)

    def written(self, batch: MsgStorageAppend) -> None:
        """What was to be written is durable."""
        self._outbox.messages += batch.responses
        self.raft.advance(batch)

    def write_failed(self) -> None:
        """The disk is full: whoever can write should lead; the same will be tried again."""
        self.raft.step_down()
        self.raft.may_lead = False

    def disk_freed(self) -> None:
        """The disk has space again."""
        self.raft.may_lead = True

    def apply(self, work: MsgStorageApply) -> None:
        """The time of committed entries has come."""
        for entry in work.entries:
            if entry.index <= self.applied:
                continue  # a snapshot overtook them
            answer = b""
            if entry.kind is EntryKind.CHANGE:
                self.raft.apply_change(decode_change(entry.data))
            elif entry.data:
                self._applied_hook(entry.index, entry.data)
                answer = self.machine.apply(entry.index, entry.data)
            self.applied, self._applied_term = entry.index, entry.term
            self._answer_proposal(entry.index, entry.term, answer)
        self.raft.advance(work)
        self._answer_reads()
        if self.applied - self._saved >= self._snapshot_every and not self._saving:
            self._save()

    def snapshot_saved(self, meta: SnapshotMeta | None) -> None:
        """A snapshot is durable, or could not be written."""
        self._saving = False
        if meta is not None and meta.index > self._saved:
            self._saved = meta.index
            self.raft.snapshot_saved(meta)
            self.raft.compact(max(meta.index - self._keep_entries, self.raft.first_index - 1))

    def snapshot_received(self, message: MsgSnap, pieces: Callable[[], Iterator[bytes]]) -> bool:
        """A snapshot of the leader is on the disk. Whether it is taken over."""
        self.raft.step(message)
        taken = self.raft.snapshot == message.snapshot and message.snapshot.index > self.applied
        if taken:
            restoring = self.machine.restore()
            for piece in pieces():
                restoring.add(piece)
            restoring.finish()
            self.applied = self._saved = message.snapshot.index
            self._applied_term = message.snapshot.term
            for index in [index for index in self._proposals if index <= self.applied]:
                self._answer_proposal(index, -1, b"")
        return taken

    def snapshot_sent(self, peer: int, *, ok: bool) -> None:
        """A snapshot was carried to a member, or was not."""
        self.raft.report_snapshot(peer, ok=ok)

    def collect(self) -> Outbox:
        """What is to be done because of all that."""
        while self.raft.has_ready():
            ready = self.raft.ready()
            for message in ready.messages:
                if isinstance(message, MsgSnap):
                    self._outbox.snapshots_to_send.append(message)
                else:
                    self._outbox.messages.append(message)
            if ready.append is not None:
                self._outbox.writes.append(ready.append)
            if ready.apply is not None:
                self._outbox.applies.append(ready.apply)
            for read in ready.reads:
                ticket, query = self._reads.pop(read.context)
                self._ready_reads.append((read.index, ticket, query))
            for context in ready.dropped_reads:
                ticket, _ = self._reads.pop(context)
                self._outbox.answers.append((ticket, Uncertain("the read was dropped")))
            self._answer_reads()
        outbox, self._outbox = self._outbox, Outbox()
        return outbox

    @property
    def is_leader(self) -> bool:
        """Whether it leads."""
        return self.raft.role is Role.LEADER

    def _save(self) -> None:
        self._saving = True
        meta = SnapshotMeta(self.applied, self._applied_term, self.raft.configuration)
        self._outbox.saves.append(Save(meta, self.machine.freeze()))

    def _answer_proposal(self, index: int, term: int, answer: bytes) -> None:
        proposed, ticket = self._proposals.pop(index, (0, None))
        if ticket is not None:
            lost = Uncertain(f"what was applied at {index} was proposed by another leader")
            self._outbox.answers.append((ticket, answer if proposed == term else lost))

    def _answer_reads(self) -> None:
        waiting = []
        for index, ticket, query in self._ready_reads:
            if index <= self.applied:
                self._outbox.answers.append((ticket, self.machine.query(query)))
            else:
                waiting.append((index, ticket, query))
        self._ready_reads = waiting
