"""Adding to the log: one write and one fdatasync for all that there is to remember.

Files are filled with zeros ahead of need by ``prepare``, on another thread, so that a full disk is
noticed while there still is room for thousands of entries, and so that fdatasync has no new blocks
to record. A file that is no longer needed becomes the next one that is made ready.

A commit index alone is not worth a write: it goes with the next record. So there is never more than one
record that is not yet synced, which is what lets recovery tell a torn end from damage.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from warren.aio.disk import TEMPORARY_SUFFIX, Disk, DiskFile
from warren.raft.core.entry import HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.errors import Broken, DiskFull
from warren.raft.wal.failures import disk_failure, sync_failure
from warren.raft.wal.format import (
    HEADER_BYTES,
    PREFIX,
    Append,
    Base,
    Mark,
    Step,
    encode_header,
    encode_record,
    encode_steps,
    record_bytes,
    segment_name,
)
from warren.raft.wal.recovery import RECYCLED, SEGMENT_BYTES, Segment, Tail
from warren.raft.wal.replay import may_follow

_ZEROED_AT_ONCE_BYTES = 1 << 18
_PAUSE_SECONDS = 0.01
_MARK_BYTES = 512
"""Left free in each file for a mark: on a full disk that is what makes old files superfluous."""


@dataclass(frozen=True, slots=True)
class Position:
    """What the log has come to."""

    last_index: int
    hard_state: HardState
    snapshot: SnapshotMeta


@dataclass(frozen=True, slots=True)
class Change:
    """What batches do to it: the steps to record, and the highest index of an entry among them."""

    after: Position
    steps: list[Step]
    highest: int
    replaced: bool


def gather(before: Position, batches: Sequence[MsgStorageAppend]) -> Change:
    """Put batches together; what they say of the hard state is not yet among the steps."""
    last_index, hard_state, snapshot = before.last_index, before.hard_state, before.snapshot
    steps: list[Step] = []
    highest, replaced = 0, False
    for batch in batches:
        if batch.snapshot is not None:
            snapshot = batch.snapshot
            last_index, highest, replaced = snapshot.index, 0, True
        if batch.entries:
            first = batch.entries[0].index
            assert snapshot.index < first <= last_index + 1, "entries follow on those before"
            last_index = batch.entries[-1].index
            highest = max(highest, last_index)
        if batch.entries or batch.snapshot is not None:
            steps.append(Append(batch.entries, None, batch.snapshot))
        if batch.hard_state is not None:
            assert may_follow(hard_state, batch.hard_state), "what is remembered never goes back"
            hard_state = batch.hard_state
    return Change(Position(last_index, hard_state, snapshot), steps, highest, replaced)


class LogWriter:
    """Writes where recovery or ``create`` left off.

    ``write``, ``mark`` and ``close`` belong to one thread; ``prepare`` and ``drop_before`` may run on
    another. After ``Broken`` every call raises it again: the process must stop.

    Args:
        disk: the log's directory.
        tail: where to go on.
        segment_bytes: size of the files to come.

    Raises:
        Broken: the disk failed.
    """

    def __init__(self, disk: Disk, tail: Tail, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._disk = disk
        self._identity = tail.identity
        self._segment_bytes = segment_bytes
        self._making = threading.Lock()  # held while names change and files are made ready
        self._lock = threading.Lock()  # over the list of files; never held while the disk works
        self._segments = list(tail.segments)
        self._urgent = threading.Event()
        self._next: DiskFile | None = None
        self._recycled = ""
        self._failure: Broken | None = None
        self._offset = tail.offset
        self._capacity = tail.capacity
        self._checksum = tail.checksum
        self._seed = tail.identity.seed(tail.segments[-1].number)
        self._position = Position(tail.last_index, tail.hard_state, tail.snapshot)
        self._durable = (
            tail.hard_state
        )  # as on the disk; that of the position may be ahead in commit
        self._marked = tail.snapshot.index
        self._file = self._open(segment_name(tail.segments[-1].number))

    @property
    def wants_preparation(self) -> bool:
        """Whether ``prepare`` has something to do."""
        return self._next is None and self._failure is None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The files, oldest first; the last one is written to."""
        return tuple(self._segments)

    def write(self, *batches: MsgStorageAppend) -> None:
        """Make the batches durable, in their order, with one write and one fdatasync.

        Raises:
            DiskFull: nothing of them is recorded; the same may be tried again, nothing else may.
            Broken: the disk failed; they may or may not survive.
        """
        self._check()
        change = gather(self._position, batches)
        hard_state, durable = change.after.hard_state, self._durable
        votes_alike = (hard_state.term, hard_state.vote) == (durable.term, durable.vote)
        if not change.steps and votes_alike and not any(batch.must_sync for batch in batches):
            self._position = change.after
        elif change.steps or hard_state != durable:
            self._put(change)

    def mark(self, snapshot: SnapshotMeta) -> None:
        """Remember that a snapshot of one's own is durable; an older one than the last is ignored.

        Raises:
            DiskFull: it is not recorded.
            Broken: the disk failed.
        """
        self._check()
        before = self._position
        if snapshot.index <= before.snapshot.index:
            return
        assert snapshot.index <= before.last_index, "a snapshot holds what the log held"
        after = Position(before.last_index, before.hard_state, snapshot)
        self._put(Change(after, [Mark(snapshot)], 0, replaced=False))

    def drop_before(self, index: int) -> None:
        """Let go of the files that only hold entries up to ``index`` and up to the last snapshot.

        Raises:
            Broken: the disk failed.
        """
        self._check()
        limit = min(index, self._marked)
        with self._making:
            old: list[str] = []
            with self._lock:
                while len(self._segments) > 1 and self._segments[0].last_index <= limit:
                    old.append(segment_name(self._segments[0].number))
                    del self._segments[0]
            if not old:
                return
            kept = "" if self._recycled else RECYCLED + old[0].removeprefix(PREFIX)
            try:
                if kept:
                    self._disk.rename(old.pop(0), kept)
                for name in old:
                    self._disk.remove(name)
                self._disk.sync_directory()
            except OSError as error:
                raise self._fail(sync_failure(error, "drop files of the log")) from error
            self._recycled = self._recycled or kept

    def prepare(self) -> None:
        """Make the next file ready, if none is; at leisure, unless a write waits for it.

        Raises:
            DiskFull: there is no space; entries still fit into the file in use, for a while.
            Broken: the disk failed.
        """
        self._check()
        with self._making:
            if self._next is None:
                self._next = self._make_ready(segment_name(self._segments[-1].number + 1))

    def close(self) -> None:
        """Let go of the files; all that was written is durable already."""
        self._urgent.set()
        with self._making:
            self._failure = self._failure or Broken("the log is closed")
            self._file.close()
            if self._next is not None:
                self._next.close()
                self._next = None

    def _put(self, change: Change) -> None:
        steps = change.steps
        if change.after.hard_state != self._durable:
            steps = [*steps, Append((), change.after.hard_state)]
        payload = encode_steps(steps)
        kept_bytes = 0 if isinstance(steps[0], Mark) else _MARK_BYTES
        if self._offset + record_bytes(payload) <= self._capacity - kept_bytes:
            data, checksum = encode_record(payload, previous=self._checksum, seed=self._seed)
            self._write_durably(self._file, self._offset, data)
            self._offset += len(data)
        else:
            checksum = self._put_into_next(steps)
        self._checksum = checksum
        self._position = change.after
        self._durable = change.after.hard_state
        self._marked = change.after.snapshot.index
        with self._lock:
            if change.replaced:
                self._segments = [Segment(each.number, 0) for each in self._segments]
            current = self._segments[-1]
            if change.highest > current.last_index:
                self._segments[-1] = Segment(current.number, change.highest)

    def _put_into_next(self, steps: list[Step]) -> int:
        before = self._position
        base = Base(before.last_index, before.hard_state, before.snapshot)
        payload = encode_steps([base, *steps])
        number = self._segments[-1].number + 1
        seed = self._identity.seed(number)
        size = HEADER_BYTES + record_bytes(payload)
        self._urgent.set()
        try:
            self.prepare()
            file = self._next
            assert file is not None, "it was made ready"
            capacity = self._grow(file, size + _MARK_BYTES)
        finally:
            self._urgent.clear()
        header, linked = encode_header(
            self._identity, number, size_bytes=capacity, previous=self._checksum
        )
        record, checksum = encode_record(payload, previous=linked, seed=seed)
        self._write_durably(file, 0, header + record)
        self._file.close()
        with self._lock:
            self._segments.append(Segment(number, 0))
        self._file, self._next = file, None
        self._seed, self._capacity, self._offset = seed, capacity, size
        return checksum

    def _make_ready(self, name: str) -> DiskFile:
        recycled, source = self._recycled, self._recycled or name + TEMPORARY_SUFFIX
        try:
            file = self._disk.open(source) if recycled else self._disk.create(source)
            try:
                file.truncate(min(file.size(), self._segment_bytes))
                self._fill(file, 0, self._segment_bytes)
            except BaseException:
                file.close()
                raise
        except OSError as error:
            if not recycled:
                with suppress(OSError):
                    self._disk.remove(source)
            raise self._fail(disk_failure(error, f"make {name} ready")) from error
        try:
            self._disk.rename(source, name)
            self._disk.sync_directory()
        except OSError as error:
            file.close()
            raise self._fail(sync_failure(error, f"publish {name}")) from error
        self._recycled = ""
        return file

    def _grow(self, file: DiskFile, size_bytes: int) -> int:
        """Make room for a record larger than a whole file is meant to be."""
        size = file.size()
        if size >= size_bytes:
            return size
        try:
            self._fill(file, size, size_bytes)
        except OSError as error:
            failure = disk_failure(error, "make room for a large record")
            if isinstance(failure, DiskFull):
                self._undo(lambda: file.truncate(size), file)
            raise self._fail(failure) from error
        return size_bytes

    def _fill(self, file: DiskFile, start: int, end: int) -> None:
        # Bit by bit, with pauses: else every fdatasync of the log would wait behind this one's.
        while True:
            stop = min(end, start + _ZEROED_AT_ONCE_BYTES)
            file.zero(start, stop - start)
            try:
                file.sync()
            except OSError as error:
                raise self._fail(sync_failure(error, "sync a file made ready")) from error
            start = stop
            if start == end:
                return
            self._urgent.wait(_PAUSE_SECONDS)

    def _write_durably(self, file: DiskFile, offset: int, data: bytes) -> None:
        try:
            file.write(offset, data)
        except OSError as error:
            failure = disk_failure(error, "write to the log")
            if isinstance(failure, DiskFull):
                self._undo(lambda: file.write(offset, bytes(len(data))), file)
            raise self._fail(failure) from error
        try:
            file.sync()
        except OSError as error:
            raise self._fail(sync_failure(error, "sync the log")) from error

    def _undo(self, undo: Callable[[], None], file: DiskFile) -> None:
        # Durably: what is written next may be shorter, or go into another file.
        try:
            undo()
            file.sync()
        except OSError as error:
            raise self._fail(sync_failure(error, "undo an interrupted write")) from error

    def _open(self, name: str) -> DiskFile:
        try:
            return self._disk.open(name)
        except OSError as error:
            raise sync_failure(error, f"open {name}") from error

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _fail(self, failure: DiskFull | Broken) -> DiskFull | Broken:
        if isinstance(failure, Broken):
            self._failure = failure
        return failure
