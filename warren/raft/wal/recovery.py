"""From the files of a log back to what a member remembers, and to where it goes on writing.

The files from the highest number down to the first gap count; what is older was being dropped. Of
the last record a crash may have left a part: it was never acknowledged and is wiped, unless it can be
told that it was whole once (``tail``). Everything else that cannot be read is refused.

The last good record is written once more before anything depends on it. The process that wrote it may have died
between write and fdatasync, or at a failed fdatasync, whose data the kernel shows and the disk lacks.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from warren.aio.disk import TEMPORARY_SUFFIX, Disk, publish
from warren.raft.core.entry import Entry, HardState, SnapshotMeta
from warren.raft.errors import Refused
from warren.raft.wal.failures import damaged, disk_failure, sync_failure
from warren.raft.wal.format import (
    HEADER_BYTES,
    Base,
    Contents,
    Identity,
    encode_header,
    encode_record,
    encode_steps,
    read_segment,
    record_bytes,
    segment_name,
)
from warren.raft.wal.replay import Contradiction, Replay
from warren.raft.wal.tail import end_of_data, is_blank, is_torn

SEGMENT_BYTES = 16 << 20
RECYCLED = "recycled-"
_SEGMENT = re.compile(r"log-(\d{20})")
_LEFT_OVER = re.compile(r"(log-\d{20}\.new|recycled-\d{20})")


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the log, and the highest index of an entry in it that may count; 0 for none."""

    number: int
    last_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where a log goes on.

    Attributes:
        identity: whose it is.
        segments: its files; the last one is written to.
        offset: where the next record will stand.
        capacity: size of the last file.
        checksum: of the record before.
        last_index: of the log.
        hard_state: the last one.
        snapshot: the last one.
    """

    identity: Identity
    segments: tuple[Segment, ...]
    offset: int
    capacity: int
    checksum: int
    last_index: int
    hard_state: HardState
    snapshot: SnapshotMeta


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a log says.

    Attributes:
        hard_state: the last one; its commit is at least the snapshot's index.
        snapshot: what stands for the entries that are no longer there.
        entries: those behind it.
        tail: for the writer.
        repaired: what was wiped and removed, in words.
    """

    hard_state: HardState
    snapshot: SnapshotMeta
    entries: list[Entry]
    tail: Tail
    repaired: tuple[str, ...]


@dataclass(slots=True)
class _File:
    number: int
    data: bytes
    contents: Contents | None

    @property
    def name(self) -> str:
        return segment_name(self.number)

    @property
    def records(self) -> int:
        return len(self.contents.steps) if self.contents is not None else 0


def exists(disk: Disk) -> bool:
    """Whether there is a log, whole or not."""
    return bool(_numbers(disk))


def create(
    disk: Disk,
    *,
    cluster: bytes,
    member: int,
    snapshot: SnapshotMeta = SnapshotMeta(),  # noqa: B008 - immutable
    hard_state: HardState = HardState(),  # noqa: B008 - immutable
    segment_bytes: int = SEGMENT_BYTES,
) -> Tail:
    """Begin a log, durably: after a crash there is all of it or nothing.

    Args:
        disk: where.
        cluster: digest of the cluster's id, 32 bytes.
        member: raft id.
        snapshot: what it begins with: the first configuration, at index 0, or a durable snapshot.
        hard_state: what was remembered before, elsewhere.
        segment_bytes: size of the first file.

    Raises:
        Refused: there is one.
        DiskFull: nothing was made.
        Broken: the disk failed.
    """
    identity = Identity(cluster=cluster, member=member)
    base = Base(last_index=snapshot.index, hard_state=hard_state, snapshot=snapshot)
    payload = encode_steps([base])
    offset = HEADER_BYTES + record_bytes(payload)
    capacity = max(segment_bytes, offset)
    header, previous = encode_header(identity, 1, size_bytes=capacity, previous=0)
    record, checksum = encode_record(payload, previous=previous, seed=identity.seed(1))
    try:
        if exists(disk):
            raise Refused(
                "there is a log in this directory already: another member's, or an older one"
            )
        _write_first(disk, segment_name(1), header + record, capacity)
    except OSError as error:
        raise disk_failure(error, f"create {segment_name(1)}") from error
    try:
        publish(disk, segment_name(1))
    except OSError as error:
        raise sync_failure(error, f"publish {segment_name(1)}") from error
    return Tail(
        identity=identity,
        segments=(Segment(1, 0),),
        offset=offset,
        capacity=capacity,
        checksum=checksum,
        last_index=snapshot.index,
        hard_state=hard_state,
        snapshot=snapshot,
    )


def recover(disk: Disk, *, cluster: bytes, member: int) -> Recovered:
    """Read the log and repair what a crash left of it; nothing acknowledged is ever cut.

    Raises:
        Damaged: something acknowledged is altered or missing; says where.
        Incompatible: it is another member's or another cluster's, or of a newer program.
        DiskFull: it cannot be repaired now.
        Broken: the disk failed.
    """
    identity = Identity(cluster=cluster, member=member)
    try:
        return _recover(disk, identity, repair=_repair)
    except OSError as error:
        raise disk_failure(error, "read and repair the log") from error


def inspect(disk: Disk, *, cluster: bytes, member: int) -> Recovered:
    """Read the log as it is and change nothing; another process may be writing it.

    Raises:
        Damaged: something acknowledged is altered or missing, or is just being written: look again.
        Incompatible: it is another member's or another cluster's, or of a newer program.
        OSError: as the disk says; a file may just have been dropped.
    """
    identity = Identity(cluster=cluster, member=member)
    return _recover(disk, identity, repair=lambda _disk, _last, _old: ())


def _recover(
    disk: Disk, identity: Identity, *, repair: Callable[[Disk, _File, list[str]], tuple[str, ...]]
) -> Recovered:
    numbers = _numbers(disk)
    run = _last_run(numbers)
    files, unused = _read_files(disk, run, identity)
    _check_chain(files, unused)
    replay = Replay()
    for file in files:
        _replay_file(replay, file)
    last = files[-1]
    assert last.contents is not None, "a file with records"
    try:
        entries = replay.end()
    except Contradiction as error:
        raise damaged(last.name, last.contents.end, last.records, str(error)) from error
    hard_state = HardState(
        replay.hard_state.term,
        replay.hard_state.vote,
        max(replay.hard_state.commit, replay.snapshot.index),
    )
    old = [segment_name(number) for number in numbers if number < run[0]]
    old += [file.name for file in unused]
    old += [name for name in disk.names() if _LEFT_OVER.fullmatch(name)]
    tail = Tail(
        identity=identity,
        segments=tuple(
            Segment(file.number, index) for file, index in zip(files, replay.segments, strict=True)
        ),
        offset=last.contents.end,
        capacity=len(last.data),
        checksum=last.contents.checksum,
        last_index=max(replay.last_index, replay.snapshot.index),
        hard_state=hard_state,
        snapshot=replay.snapshot,
    )
    return Recovered(
        hard_state=hard_state,
        snapshot=replay.snapshot,
        entries=entries,
        tail=tail,
        repaired=repair(disk, last, old),
    )


def _numbers(disk: Disk) -> list[int]:
    found = [_SEGMENT.fullmatch(name) for name in disk.names()]
    return sorted(int(match[1]) for match in found if match is not None)


def _last_run(numbers: list[int]) -> list[int]:
    """The numbers in a row up to the highest."""
    if not numbers:
        raise damaged("the log", 0, 0, "there is none")
    first = len(numbers) - 1
    while first > 0 and numbers[first - 1] == numbers[first] - 1:
        first -= 1
    return numbers[first:]


def _read_files(disk: Disk, run: list[int], identity: Identity) -> tuple[list[_File], list[_File]]:
    """Those with records, and those behind them that were made ready and never used."""
    files: list[_File] = []
    for number in run:
        name = segment_name(number)
        data = disk.read(name)
        files.append(_File(number, data, read_segment(name, number, data, identity)))
    unused: list[_File] = []
    while files and not files[-1].records:
        unused.append(files.pop())
    if not files:
        raise damaged(unused[-1].name, 0, 0, "no file of the log can be read")
    for file in unused:
        seed = identity.seed(file.number)
        if file.contents is None and not is_blank(file.data, seed):
            raise damaged(file.name, 0, 0, "the header is altered")
        if file.contents is not None and not is_torn(file.data, HEADER_BYTES, seed):
            raise damaged(file.name, HEADER_BYTES, 1, "it is altered")
    last = files[-1]
    assert last.contents is not None, "a file with records"
    if not is_torn(last.data, last.contents.end, identity.seed(last.number)):
        raise damaged(last.name, last.contents.end, last.records + 1, "it is altered")
    return files, unused


def _check_chain(files: list[_File], unused: list[_File]) -> None:
    """Each file must go on where the one before it ends."""
    for before, after in pairwise([*files, *reversed(unused)]):
        if before.contents is None or after.contents is None:
            if after.records:
                raise damaged(before.name, 0, 0, "the header is altered")
            continue
        if after.contents.previous != before.contents.checksum:
            end, number = before.contents.end, before.records + 1
            raise damaged(before.name, end, number, f"{after.name} follows on another record")


def _replay_file(replay: Replay, file: _File) -> None:
    assert file.contents is not None, "the chain was checked"
    for number, steps in enumerate(file.contents.steps):
        try:
            rest = steps
            if number == 0:
                replay.begin(steps[0])
                rest = steps[1:]
            for step in rest:
                replay.add(step)
        except Contradiction as error:
            offset = file.contents.offsets[number]
            raise damaged(file.name, offset, number + 1, str(error)) from error


def _repair(disk: Disk, last: _File, old: list[str]) -> tuple[str, ...]:
    assert last.contents is not None, "a file with records"
    contents = last.contents
    done: list[str] = []
    start = contents.offsets[-1] if len(contents.offsets) > 1 else 0
    rest = end_of_data(last.data, contents.end) - contents.end
    file = disk.open(last.name)
    try:
        file.write(start, last.data[start : contents.end] + bytes(rest))
        file.sync()
    finally:
        file.close()
    if rest:
        done.append(f"wiped {rest} bytes of an interrupted write at {contents.end} in {last.name}")
    for name in old:
        disk.remove(name)
        done.append(f"removed {name}, which is not in use")
    disk.sync_directory()
    return tuple(done)


def _write_first(disk: Disk, name: str, data: bytes, capacity: int) -> None:
    temporary = name + TEMPORARY_SUFFIX
    try:
        file = disk.create(temporary)
        try:
            file.zero(0, capacity)
            file.write(0, data)
            file.sync()
        finally:
            file.close()
    except OSError:
        with suppress(OSError):
            disk.remove(temporary)
        raise
