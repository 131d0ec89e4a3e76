"""The core with the least around it that makes a replicated state machine.

It shows the core alone: whatever a replica adds (sessions, retries, batching) would hide some of its
faults. It takes the inputs and gives the outputs of ``warren.raft.replica``. Commands are applied when their time has come,
not at once, so that everything else can happen in between.
"""

from collections.abc import Callable

from warren.raft.core.entry import (
    NONE,
    ConfigurationChange,
    EntryKind,
    SnapshotMeta,
    decode_change,
)
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend, MsgStorageApply
from warren.raft.core.raft import Raft
from warren.raft.core.ready import Role
from warren.raft.errors import RaftError, Uncertain
from warren.raft.machine import Restoring
from warren.raft.replica.outbox import Answer, Outbox, SaveSnapshot
from warren.raft.replica.replicated import Replicated
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.wal.recovery import Recovered

Ticket = object
_TICKS_MADE_UP = 2


class Plain:
    """One member's logic.

    Attributes:
        core: the algorithm.
    """

    def __init__(
        self,
        settings: ReplicaSettings,
        state: Replicated,
        recovered: Recovered,
        *,
        draw: Callable[[int], int],
        now_ms: int,
    ) -> None:
        self.core = Raft(
            settings.core,
            hard_state=recovered.hard_state,
            snapshot=recovered.snapshot,
            entries=recovered.entries,
            draw=draw,
        )
        self._state = state
        self._settings = settings
        self._outbox = Outbox()
        self._applies: list[MsgStorageApply] = []
        self._ticked_ms = now_ms
        self._applied = self._saved = recovered.snapshot.index
        self._applied_term = recovered.snapshot.term
        self._saving = False
        self._installing: dict[int, Restoring] = {}
        self._proposals: dict[int, tuple[int, Ticket]] = {}
        self._reads: dict[int, tuple[Ticket, bytes]] = {}
        self._ready_reads: list[tuple[int, Ticket, bytes]] = []
        self._contexts = 0

    @property
    def wake_ms(self) -> int:
        """When ``tick`` has something to do at the latest."""
        return self._ticked_ms + self._settings.tick_ms

    def tick(self, now_ms: int) -> None:
        """Say what time it is."""
        due = (now_ms - self._ticked_ms) // self._settings.tick_ms
        self._ticked_ms += due * self._settings.tick_ms
        leads = self.core.role is Role.LEADER
        for _ in range(min(due, self._settings.core.election_ticks if leads else _TICKS_MADE_UP)):
            self.core.tick()

    def receive(self, message: Message) -> None:
        """A message has come."""
        if not isinstance(message, MsgSnap):
            self.core.step(message)

    def connection_lost(self, peer: int) -> None:
        """Nothing more comes from that member's process."""
        self.core.report_unreachable(peer)
        if self.core.leader == peer:
            self.core.forget_leader()

    def propose(self, ticket: Ticket, payload: bytes) -> None:
        """Replicate and apply a command."""
        try:
            (index,) = self.core.propose([payload])
        except RaftError as error:
            self._outbox.answers.append((ticket, error))
        else:
            self._proposals[index] = (self.core.term, ticket)

    def change(self, ticket: Ticket, change: ConfigurationChange) -> None:
        """Replicate and apply a change of membership."""
        try:
            index = self.core.propose_change(change)
        except RaftError as error:
            self._outbox.answers.append((ticket, error))
        else:
            self._proposals[index] = (self.core.term, ticket)

    def read(self, ticket: Ticket, query: bytes) -> None:
        """Answer a query with what is linearizable."""
        self._contexts += 1
        try:
            self.core.read(self._contexts)
        except RaftError as error:
            self._outbox.answers.append((ticket, error))
        else:
            self._reads[self._contexts] = (ticket, query)

    def transfer(self, to: int = NONE) -> None:
        """Hand leadership over."""
        self.core.transfer(to)

    def written(self, append: MsgStorageAppend) -> None:
        """What was to be written is durable."""
        if append.snapshot is not None:
            self._install(append.snapshot)
        self.core.advance(append)
        self._outbox.messages += append.responses

    def set_disk_full(self, is_full: bool) -> None:  # noqa: FBT001 - as a replica has it
        """Whoever can write should lead; the same will be tried again."""
        self.core.may_lead = not is_full
        if is_full:
            self.core.step_down()

    def take_applies(self) -> list[MsgStorageApply]:
        """What is to be applied when its time has come, in order."""
        applies, self._applies = self._applies, []
        return applies

    def apply(self, work: MsgStorageApply) -> None:
        """The time of committed entries has come."""
        for entry in work.entries:
            if entry.index <= self._applied:
                continue  # a snapshot overtook them
            answer = b""
            if entry.kind is EntryKind.CHANGE:
                self.core.apply_change(decode_change(entry.data))
            elif entry.data:
                answer = self._state.machine.apply(entry.index, entry.data)
            self._applied, self._applied_term = entry.index, entry.term
            self._answer_proposal(entry.index, entry.term, answer)
        self.core.advance(work)
        self._answer_reads()
        if self._applied - self._saved >= self._settings.snapshot_entries and not self._saving:
            self._save()

    def snapshot_saved(self, meta: SnapshotMeta, *, ok: bool) -> None:
        """A snapshot is durable, or could not be written."""
        self._saving = False
        if ok and meta.index > self._saved:
            self._saved = meta.index
            self.core.snapshot_saved(meta)
            self.core.compact(meta.index - self._settings.keep_entries)

    def snapshot_received(self, message: MsgSnap, restoring: Restoring) -> None:
        """A snapshot of the leader is on the disk."""
        known = self.core.snapshot
        self.core.step(message)
        if self.core.snapshot != known:
            self._installing[message.snapshot.index] = restoring

    def snapshot_sent(self, peer: int, *, ok: bool) -> None:
        """A snapshot was carried to a member, or was not."""
        self.core.report_snapshot(peer, ok=ok)

    def collect(self) -> Outbox:
        """What is to be done because of all that."""
        outbox = self._outbox
        while self.core.has_ready():
            ready = self.core.ready()
            for message in ready.messages:
                if isinstance(message, MsgSnap):
                    outbox.send_snapshots.append(message)
                else:
                    outbox.messages.append(message)
            if ready.append is not None:
                outbox.writes.append(ready.append)
            if ready.apply is not None:
                self._applies.append(ready.apply)
            for read in ready.reads:
                ticket, query = self._reads.pop(read.context)
                self._ready_reads.append((read.index, ticket, query))
            for context in ready.dropped_reads:
                ticket, _ = self._reads.pop(context)
                outbox.answers.append((ticket, Uncertain("the read was dropped")))
            self._answer_reads()
        self._outbox = Outbox()
        return outbox

    def _install(self, snapshot: SnapshotMeta) -> None:
        self._installing.pop(snapshot.index).finish()
        self._applied = self._saved = snapshot.index
        self._applied_term = snapshot.term
        for index in [index for index in self._proposals if index <= self._applied]:
            self._answer_proposal(index, NONE, b"")

    def _save(self) -> None:
        self._saving = True
        meta = SnapshotMeta(self._applied, self._applied_term, self.core.configuration)
        self._outbox.save = SaveSnapshot(meta, self._state.freeze())

    def _answer_proposal(self, index: int, term: int, result: bytes) -> None:
        proposed, ticket = self._proposals.pop(index, (0, None))
        if ticket is not None:
            lost = Uncertain(f"what was applied at {index} was proposed by another leader")
            answer: Answer = result if proposed == term else lost
            self._outbox.answers.append((ticket, answer))

    def _answer_reads(self) -> None:
        waiting = []
        for index, ticket, query in self._ready_reads:
            if index <= self._applied:
                self._outbox.answers.append((ticket, self._state.machine.query(query)))
            else:
                waiting.append((index, ticket, query))
        self._ready_reads = waiting
