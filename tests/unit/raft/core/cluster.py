"""Members in memory: a network that can be cut, disks that can be slow and lose what was not synced."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from warren.raft.core.entry import (
    Configuration,
    Entry,
    EntryKind,
    HardState,
    SnapshotMeta,
    decode_change,
)
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.core.raft import Raft
from warren.raft.core.ready import ReadState, Role
from warren.raft.core.settings import Settings


@dataclass
class Storage:
    """What survives a crash."""

    snapshot: SnapshotMeta
    hard_state: HardState = field(default_factory=HardState)
    entries: list[Entry] = field(default_factory=list)

    def write(self, append: MsgStorageAppend) -> None:
        if append.snapshot is not None:
            self.snapshot = append.snapshot
            self.entries = []
        if append.entries:
            first = append.entries[0].index
            last = self.entries[-1].index if self.entries else self.snapshot.index
            assert self.snapshot.index < first <= last + 1
            self.entries = [entry for entry in self.entries if entry.index < first]
            self.entries += append.entries
        if append.hard_state is not None:
            assert append.hard_state.term >= self.hard_state.term
            self.hard_state = append.hard_state

    def save_snapshot(self, meta: SnapshotMeta) -> None:
        self.snapshot = meta
        self.entries = [entry for entry in self.entries if entry.index > meta.index]


class Member:
    """A core, its disk, and a state machine that remembers what it was told."""

    def __init__(
        self, settings: Settings, storage: Storage, draw: Callable[[int], int] | None = None
    ) -> None:
        self.settings = settings
        self.storage = storage
        # Different timeouts, so that scenarios have one candidate unless they want more.
        self.draw = draw or (lambda bound: min(settings.member - 1, bound - 1))
        self.slow = False
        self.start()

    def start(self) -> None:
        """Start, or start again with what is durable."""
        storage = self.storage
        self.raft = Raft(
            self.settings,
            hard_state=storage.hard_state,
            snapshot=storage.snapshot,
            entries=storage.entries,
            draw=self.draw,
        )
        self.applied: list[Entry] = []
        self.loaded = storage.snapshot
        self.terms = {storage.snapshot.index: storage.snapshot.term}
        self.unwritten: deque[MsgStorageAppend] = deque()
        self.reads: list[ReadState] = []
        self.dropped_reads: list[int] = []
        self.sent: list[Message] = []

    @property
    def data(self) -> list[bytes]:
        """The commands that were applied since the start."""
        return [e.data for e in self.applied if e.data and e.kind is EntryKind.NORMAL]

    def run(self) -> list[Message]:
        """Do all there is to do; the messages that leave."""
        sent: list[Message] = []
        while self.raft.has_ready() or (self.unwritten and not self.slow):
            ready = self.raft.ready()
            sent += ready.messages
            self.reads += ready.reads
            self.dropped_reads += ready.dropped_reads
            if ready.append is not None:
                self.unwritten.append(ready.append)
            if self.unwritten and not self.slow:
                sent += self.write()
            if ready.apply is not None:
                for entry in ready.apply.entries:
                    self._apply(entry)
                self.raft.advance(ready.apply)
        self.sent += sent
        return sent

    def write(self) -> tuple[Message, ...]:
        """Finish the oldest write."""
        append = self.unwritten.popleft()
        self.storage.write(append)
        if append.snapshot is not None:
            self.loaded = append.snapshot
            self.applied = []
        self.raft.advance(append)
        return append.responses

    def save(self) -> SnapshotMeta:
        """Save a snapshot of what is applied, and compact the log."""
        index = self.raft.applied
        meta = SnapshotMeta(index, self.terms[index], self.raft.configuration)
        self.storage.save_snapshot(meta)
        self.raft.snapshot_saved(meta)
        self.raft.compact(index)
        return meta

    def _apply(self, entry: Entry) -> None:
        last = self.applied[-1].index if self.applied else self.loaded.index
        assert entry.index == last + 1
        self.applied.append(entry)
        self.terms[entry.index] = entry.term
        if entry.kind is EntryKind.CHANGE:
            self.raft.apply_change(decode_change(entry.data))


class Cluster:
    """Members and the wires between them."""

    def __init__(
        self,
        voters: Iterable[int] = (1, 2, 3),
        *,
        learners: Iterable[int] = (),
        outsiders: Iterable[int] = (),
        configure: Callable[[int], Settings] | None = None,
        draw: Callable[[int], int] | None = None,
    ) -> None:
        self.draw = draw
        configuration = Configuration(tuple(voters), learners=tuple(learners))
        self.configure = configure or (lambda member: Settings(member=member))
        self.members: dict[int, Member] = {}
        for member in sorted(configuration.members):
            self._add(member, SnapshotMeta(1, 1, configuration))
        for member in outsiders:
            self._add(member, SnapshotMeta())
        self.cut_wires: set[tuple[int, int]] = set()
        self.drops: Callable[[Message], bool] = lambda _message: False
        self.leaders: dict[int, int] = {}
        self.committed: dict[int, Entry] = {}

    def __getitem__(self, member: int) -> Raft:
        return self.members[member].raft

    def elect(self, member: int) -> Raft:
        """Let a member win an election."""
        self[member].campaign()
        self.settle()
        assert self[member].role is Role.LEADER
        return self[member]

    def settle(self) -> None:
        """Run everything until nobody has anything left to do."""
        wires: deque[Message] = deque()
        while True:
            for member in self.members.values():
                wires += member.run()
                self.check(member)
            if not wires:
                return
            self.deliver(wires.popleft())

    def deliver(self, message: Message) -> None:
        """Carry one message, unless it is lost."""
        if (message.sender, message.to) in self.cut_wires or self.drops(message):
            if isinstance(message, MsgSnap) and message.sender in self.members:
                self[message.sender].report_snapshot(message.to, ok=False)
            return
        if message.to in self.members:
            self[message.to].step(message)
            if isinstance(message, MsgSnap) and message.sender in self.members:
                self[message.sender].report_snapshot(message.to, ok=True)

    def stop_writing(self, *members: int) -> None:
        """Let the disks of these take for ever."""
        for member in members:
            self.members[member].slow = True

    def write(self, member: int) -> None:
        """Finish the writes of a member, and let its disk be quick again."""
        self.members[member].slow = False
        self.settle()

    def tick(self, count: int = 1, *, only: Iterable[int] | None = None) -> None:
        """Let time pass for all, or some."""
        for _ in range(count):
            for member in only or sorted(self.members):
                self[member].tick()
            self.settle()

    def isolate(self, *members: int) -> None:
        """Cut the wires between these and the others."""
        for inside in members:
            for outside in set(self.members) - set(members):
                self.cut_wires |= {(inside, outside), (outside, inside)}

    def heal(self) -> None:
        """Nothing is lost any more."""
        self.cut_wires.clear()
        self.drops = lambda _message: False

    def crash(self, member: int) -> None:
        """Lose everything that was not written, and start again."""
        self.members[member].start()

    @property
    def rafts(self) -> list[Raft]:
        """All cores."""
        return [member.raft for member in self.members.values()]

    @property
    def roles(self) -> dict[int, Role]:
        """What everybody is."""
        return {member: self[member].role for member in self.members}

    def _add(self, member: int, snapshot: SnapshotMeta) -> None:
        self.members[member] = Member(self.configure(member), Storage(snapshot), self.draw)

    def check(self, member: Member) -> None:
        """Nobody may contradict what anybody did or applied before."""
        raft = member.raft
        if raft.role is Role.LEADER:
            assert self.leaders.setdefault(raft.term, raft.leader) == raft.leader
        for entry in member.applied:
            assert self.committed.setdefault(entry.index, entry) == entry


def is_role(raft: Raft, role: Role) -> bool:
    """Whether it is that now; asking so, a type checker does not take it for ever after."""
    return raft.role is role
