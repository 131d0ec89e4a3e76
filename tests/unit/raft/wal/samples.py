"""A model of what a log must remember, and a workload that touches all that a log does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from warren.aio.disk import Disk
from warren.raft.core.entry import Configuration, Entry, EntryKind, HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.wal.recovery import Recovered, create, recover
from warren.raft.wal.writer import LogWriter
from warren.testing.disk import SimulatedDisk

CLUSTER = b"c" * 32
MEMBER = 3
BEGINNING = SnapshotMeta(0, 0, Configuration(voters=(1, 2, 3)))
SEGMENT_BYTES = 2560


def entries(first: int, count: int, *, term: int = 1, size_bytes: int = 40) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            index, term, bytes([65 + (index + term) % 50]) * size_bytes, EntryKind(index % 7 == 0)
        )
        for index in range(first, first + count)
    )


def batch(
    added: tuple[Entry, ...] = (),
    *,
    hard_state: HardState | None = None,
    snapshot: SnapshotMeta | None = None,
    must_sync: bool = True,
) -> MsgStorageAppend:
    return MsgStorageAppend(added, hard_state, snapshot, must_sync, (), 0, 0, 0)


def open_log(disk: Disk) -> Recovered:
    return recover(disk, cluster=CLUSTER, member=MEMBER)


def new_log(disk: Disk) -> LogWriter:
    tail = create(
        disk, cluster=CLUSTER, member=MEMBER, snapshot=BEGINNING, segment_bytes=SEGMENT_BYTES
    )
    return LogWriter(disk, tail, segment_bytes=SEGMENT_BYTES)


def next_batch(recovered: Recovered) -> MsgStorageAppend:
    """An entry and a vote that fit behind what was recovered."""
    term = recovered.hard_state.term + 1
    last = recovered.tail.last_index
    return batch(entries(last + 1, 1, term=term), hard_state=HardState(term, 2, last))


@dataclass(frozen=True)
class Memory:
    """What a log holds; ``commit_lost_to`` is the commit index that a crash may fall back to."""

    entries: tuple[Entry, ...] = ()
    hard_state: HardState = field(default_factory=HardState)
    snapshot: SnapshotMeta = BEGINNING
    commit_lost_to: int = 0

    def after(self, *batches: MsgStorageAppend) -> "Memory":
        held, hard_state, snapshot = self.entries, self.hard_state, self.snapshot
        recorded = False
        for each in batches:
            if each.snapshot is not None:
                held, snapshot = (), each.snapshot
            if each.entries:
                held = tuple(e for e in held if e.index < each.entries[0].index) + each.entries
            if each.hard_state is not None:
                recorded = recorded or (
                    (each.hard_state.term, each.hard_state.vote)
                    != (hard_state.term, hard_state.vote)
                )
                hard_state = each.hard_state
            recorded = recorded or bool(each.must_sync or each.entries or each.snapshot)
        lost_to = hard_state.commit if recorded else self.commit_lost_to
        return Memory(held, hard_state, snapshot, lost_to)

    def marked(self, snapshot: SnapshotMeta) -> "Memory":
        if snapshot.index <= self.snapshot.index:
            return self
        held = tuple(e for e in self.entries if e.index > snapshot.index)
        return Memory(held, self.hard_state, snapshot, self.hard_state.commit)

    def is_told_by(self, recovered: Recovered) -> bool:
        found, mine = recovered.hard_state, self.hard_state
        return (
            tuple(recovered.entries) == self.entries
            and recovered.snapshot == self.snapshot
            and (found.term, found.vote) == (mine.term, mine.vote)
            and max(self.commit_lost_to, self.snapshot.index)
            <= found.commit
            <= max(mine.commit, self.snapshot.index)
        )


Action = Callable[[LogWriter], None]


@dataclass
class Workload:
    """Acts on a log, keeping what it must hold before and after the action under way."""

    disk: SimulatedDisk = field(default_factory=SimulatedDisk)
    before: Memory | None = None
    after: Memory = field(default_factory=Memory)

    def steps(self) -> Iterator[tuple[Memory, Action]]:
        """Everything a log does: each action, and what the log holds then."""
        for step in _batches():
            memory = self.after
            if isinstance(step, SnapshotMeta):
                yield memory.marked(step), lambda log, meta=step: log.mark(meta)  # type: ignore[misc]
            elif isinstance(step, int):
                yield memory, lambda log, index=step: log.drop_before(index)  # type: ignore[misc]
            elif step is None:
                yield memory, LogWriter.prepare
            else:
                yield memory.after(*step), lambda log, each=step: log.write(*each)  # type: ignore[misc]

    def run(self, retry: Callable[[Action, LogWriter], None] | None = None) -> LogWriter:
        """All of them, beginning with ``create``."""
        log = new_log(self.disk)
        for memory, action in self.steps():
            self.before, self.after = self.after, memory
            (retry or _act)(action, log)
            self.before = memory
        return log


def _act(action: Action, log: LogWriter) -> None:
    action(log)


def _batches() -> list[list[MsgStorageAppend] | SnapshotMeta | int | None]:
    mark = SnapshotMeta(12, 2, Configuration(voters=(1, 2, 3), learners=(4,)))
    received = SnapshotMeta(40, 5, Configuration(voters=(2, 3, 4)))
    return [
        [batch(hard_state=HardState(1, 3, 0))],
        [batch(entries(1, 3, size_bytes=150), hard_state=HardState(1, 3, 0))],
        [batch(hard_state=HardState(1, 3, 2), must_sync=False)],
        [batch(entries(4, 2)), batch(entries(6, 2), hard_state=HardState(1, 3, 3))],
        [batch(entries(8, 4, size_bytes=200), hard_state=HardState(1, 3, 3))],
        None,
        [batch(entries(6, 3, term=2), hard_state=HardState(2, 1, 5))],
        [batch(hard_state=HardState(2, 1, 8), must_sync=False)],
        [batch(entries(9, 6, term=2, size_bytes=150))],
        [batch(entries(15, 4, term=2, size_bytes=200), hard_state=HardState(2, 1, 14))],
        mark,
        12,
        None,
        [batch(entries(19, 3, term=2, size_bytes=500))],
        [batch(entries(17, 2, term=3, size_bytes=1500), hard_state=HardState(3, 0, 15))],
        [batch(entries(19, 1, term=3, size_bytes=3000))],
        [batch(hard_state=HardState(4, 2, 16))],
        [batch(hard_state=HardState(5, 0, 40), snapshot=received)],
        20,
        [batch(entries(41, 2, term=5, size_bytes=300), hard_state=HardState(5, 0, 41))],
        None,
        [batch(entries(43, 9, term=5, size_bytes=200), hard_state=HardState(5, 0, 50))],
        SnapshotMeta(50, 5, received.configuration),
        45,
        [batch(entries(52, 1, term=5))],
        *([batch(entries(53 + n, 1, term=5, size_bytes=n * 97 % 900))] for n in range(24)),
    ]
