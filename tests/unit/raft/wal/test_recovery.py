"""What the files tell: torn ends and damage, byte by byte; foreign, lost and stale files."""

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crc32c import crc32c
from hypothesis import given, settings, strategies as st

from tests.unit.raft.wal.samples import (
    BEGINNING,
    CLUSTER,
    MEMBER,
    SEGMENT_BYTES,
    Memory,
    batch,
    entries,
    new_log,
    open_log,
)
from warren.aio.disk import RealDisk
from warren.raft.core.entry import Configuration, Entry, HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.errors import Broken, Damaged, DiskFull, Incompatible, Refused
from warren.raft.wal.format import (
    HEAD_BYTES,
    Append,
    Base,
    Identity,
    Mark,
    Step,
    encode_header,
    encode_record,
    encode_steps,
    read_segment,
    segment_name,
)
from warren.raft.wal.recovery import create, exists, recover
from warren.raft.wal.tail import SECTOR_BYTES, is_torn
from warren.raft.wal.writer import LogWriter
from warren.testing.disk import SimulatedDisk

IDENTITY = Identity(cluster=CLUSTER, member=MEMBER)
FIRST, SECOND = segment_name(1), segment_name(2)


def written(count: int = 9, size_bytes: int = 300) -> SimulatedDisk:
    """One entry a record, over more than one file."""
    disk = SimulatedDisk()
    log = new_log(disk)
    for index in range(1, count + 1):
        log.write(batch(entries(index, 1, size_bytes=size_bytes), hard_state=HardState(1, 2, 0)))
    return disk


def records(disk: SimulatedDisk, number: int) -> tuple[int, ...]:
    """Where the records of a file begin, and where the last one ends."""
    name = segment_name(number)
    contents = read_segment(name, number, disk.read(name), IDENTITY)
    assert contents is not None
    return (*contents.offsets, contents.end)


def overwrite(disk: SimulatedDisk, name: str, offset: int, data: bytes) -> None:
    file = disk.open(name)
    file.write(offset, data)
    file.sync()


def test_new_log_tells_what_it_was_made_with() -> None:
    disk = SimulatedDisk()
    assert not exists(disk)
    with pytest.raises(Damaged, match="there is none"):
        open_log(disk)
    snapshot = SnapshotMeta(17, 4, Configuration(voters=(2, 9), learners=(4,)))
    create(
        disk, cluster=CLUSTER, member=MEMBER, snapshot=snapshot, hard_state=HardState(5, 9, 3),
        segment_bytes=SEGMENT_BYTES,
    )  # fmt: skip
    assert exists(disk)
    recovered = open_log(disk)
    assert (recovered.snapshot, recovered.entries) == (snapshot, [])
    assert recovered.hard_state == HardState(5, 9, 17)
    assert recovered.repaired == ()
    with pytest.raises(Refused, match="there is a log"):
        create(disk, cluster=CLUSTER, member=MEMBER)


def test_log_of_one_member_is_refused_by_another() -> None:
    disk = written()
    for cluster, member, whose in (
        (b"d" * 32, MEMBER, "another cluster"),
        (CLUSTER, 4, "member 3"),
    ):
        with pytest.raises(Incompatible, match=whose):
            recover(disk, cluster=cluster, member=member)
    header, _checksum = encode_header(IDENTITY, 1, size_bytes=SEGMENT_BYTES, previous=0)
    newer = header[:8] + b"\x02\x00" + header[10:-4]
    overwrite(disk, FIRST, 0, newer + crc32c(newer).to_bytes(4, "little"))
    with pytest.raises(Incompatible, match="newer"):
        open_log(disk)


def test_any_altered_byte_of_a_record_is_refused_and_located() -> None:
    disk = written()
    number = len([name for name in disk.names() if name.startswith("log-")])
    assert number == 2
    for file in (1, 2):
        name = segment_name(file)
        offsets = records(disk, file)
        for offset in range(offsets[-1]):
            record = sum(start <= offset for start in offsets)
            for mask in (0xFF, 0x10):
                disk.damage(name, offset, mask)
                with pytest.raises((Damaged, Incompatible), match=name) as refused:
                    open_log(disk.crash(lambda _number: True))
                disk.damage(name, offset, mask)
            if record and isinstance(refused.value, Damaged):
                where = f"record {record} at offset {offsets[record - 1]}"
                assert where in str(refused.value), offset
    assert len(open_log(disk).entries) == 9


def test_log_without_one_readable_file_is_refused() -> None:
    disk = written(1)
    overwrite(disk, FIRST, 0, bytes(SEGMENT_BYTES))
    with pytest.raises(Damaged, match="no file of the log can be read"):
        open_log(disk)


def test_damage_says_what_to_do() -> None:
    disk = written()
    disk.damage(FIRST, records(disk, 1)[2] + 40)
    with pytest.raises(Damaged, match="remove this member's directory and join again as a fresh"):
        open_log(disk)


@pytest.mark.parametrize("file", [1, 2])
def test_lost_sector_is_forgiven_at_the_end_only(file: int) -> None:
    # With the head of a record its length is lost: what followed looks like a part of it. And of a
    # record that stood in the lost sector alone nothing is left to tell of it.
    name = segment_name(file)
    for start in range(0, SEGMENT_BYTES, SECTOR_BYTES):
        disk = written()
        offsets = records(disk, file)
        used = disk.read(name)[start : start + SECTOR_BYTES]
        overwrite(disk, name, start, bytes(SECTOR_BYTES))
        touches = [n for n in range(len(offsets) - 1) if offsets[n] < start + SECTOR_BYTES]
        touches = [n for n in touches if offsets[n + 1] > start]
        last = len(offsets) - 2
        lost = touches[0] if touches else last
        untold = offsets[lost] + HEAD_BYTES > start or offsets[-1] <= start + SECTOR_BYTES
        if file == 2 and touches and touches[-1] == last and (lost == last or untold):
            recovered = open_log(disk)
            assert len(recovered.entries) == 9 - (last + 1 - lost)
            assert "wiped" in recovered.repaired[0]
            assert open_log(disk).repaired == ()
        elif touches:
            with pytest.raises(Damaged):
                open_log(disk)
        else:
            assert not any(used)
            assert len(open_log(disk).entries) == 9


def test_write_that_stopped_anywhere_is_wiped() -> None:
    whole = written()
    start, end = records(whole, 2)[-2:]
    for stop in range(start + 1, end):
        disk = whole.crash(lambda _number: True)
        overwrite(disk, SECOND, stop, bytes(end - stop))
        recovered = open_log(disk)
        assert len(recovered.entries) == 8, stop
        assert recovered.tail.offset == start
        log = LogWriter(disk, recovered.tail, segment_bytes=SEGMENT_BYTES)
        log.write(batch(entries(9, 1, size_bytes=2)))
        assert len(open_log(disk).entries) == 9


def test_first_write_into_a_file_that_stopped_anywhere_is_wiped() -> None:
    whole = written(6, 350)
    assert len(records(whole, 2)) == 2
    end = records(whole, 2)[-1]
    for stop in range(end):
        disk = whole.crash(lambda _number: True)
        overwrite(disk, SECOND, stop, bytes(end - stop))
        recovered = open_log(disk)
        assert (len(recovered.entries), disk.names()) == (5, (FIRST,)), stop


def test_last_write_with_bytes_altered_in_every_sector_is_no_torn_one() -> None:
    disk = written()
    start, end = records(disk, 2)[-2:]
    disk.damage(SECOND, end - 5)
    with pytest.raises(Damaged, match="it is altered"):
        open_log(disk)
    overwrite(disk, SECOND, start, b"\x55" * (end - start))
    with pytest.raises(Damaged, match="it is altered"):
        open_log(disk)


def test_anything_behind_an_interrupted_write_proves_that_it_was_none() -> None:
    disk = written(2)
    start = records(disk, 1)[-1]
    log = LogWriter(disk, open_log(disk).tail, segment_bytes=SEGMENT_BYTES)
    log.write(batch(entries(3, 1, size_bytes=1100)))
    end = records(disk, 1)[-1]
    overwrite(disk, FIRST, (start // SECTOR_BYTES + 1) * SECTOR_BYTES, bytes(SECTOR_BYTES))
    torn = disk.crash(lambda _number: True)
    assert len(open_log(torn).entries) == 2
    overwrite(disk, FIRST, end + 3, b"r")
    with pytest.raises(Damaged, match=r"record 4 at offset \d+: it is altered"):
        open_log(disk)
    assert is_torn(b"garbage", 0, 0), "no record fits there"


def test_altered_first_record_behind_a_good_header_is_refused() -> None:
    disk = written(6, 350)
    assert len(records(disk, 2)) == 2
    disk.damage(SECOND, records(disk, 2)[1] - 9)
    with pytest.raises(Damaged, match=f"{SECOND}: record 1 at offset .*: it is altered"):
        open_log(disk)


def test_good_record_behind_a_bad_one_proves_damage() -> None:
    disk = written()
    offsets = records(disk, 1)
    overwrite(disk, FIRST, offsets[1], bytes(offsets[2] - offsets[1]))
    with pytest.raises(Damaged, match=f"record 2 at offset {offsets[1]}"):
        open_log(disk)
    disk = written(3)
    offsets = records(disk, 1)
    overwrite(disk, FIRST, offsets[2], bytes(offsets[3] - offsets[2]))
    with pytest.raises(Damaged, match=f"record 3 at offset {offsets[2]}"):
        open_log(disk)


def test_repeated_and_stale_records_are_never_taken() -> None:
    disk = written(8)
    first, second = records(disk, 1), records(disk, 2)
    data = disk.read(FIRST)
    for copied in (data[first[1] : first[2]], disk.read(SECOND)[second[0] : second[1]]):
        stale = disk.crash(lambda _number: True)
        overwrite(stale, SECOND, second[-1], copied)
        with pytest.raises(Damaged):
            open_log(stale)
    # What an earlier use left behind begins with zeros here: it is wiped, not read.
    stale = disk.crash(lambda _number: True)
    overwrite(stale, SECOND, second[-1] + SECTOR_BYTES, data[first[1] : first[2]])
    assert len(open_log(stale).entries) == 8
    assert not any(stale.read(SECOND)[second[-1] :])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda disk: disk.remove(FIRST), "entries 1 to 5 are missing"),
        (lambda disk: disk.remove(SECOND), "follows on another record|header is altered"),
        (lambda disk: disk.rename(FIRST, SECOND), "when it was written"),
        (lambda disk: disk.open(FIRST).truncate(700), "has 700 bytes and had 2560"),
        (lambda disk: disk.open(FIRST).truncate(0), "header is altered"),
        (lambda disk: disk.open(segment_name(3)).truncate(1000), "has 1000 bytes and had 2560"),
    ],
)
def test_missing_swapped_and_cut_files_are_refused(
    spoil: Callable[[SimulatedDisk], None], message: str
) -> None:
    disk = written(12)
    assert disk.names() == (FIRST, SECOND, segment_name(3))
    spoil(disk)
    if "follows" in message:  # a gap: only the last file counts, and what it needs is not there
        message = "are missing"
    with pytest.raises(Damaged, match=message):
        open_log(disk)


def forge(disk: SimulatedDisk, *payloads: tuple[Step, ...]) -> None:
    """A file whose records are whole, whatever they say."""
    header, checksum = encode_header(IDENTITY, 1, size_bytes=SEGMENT_BYTES, previous=0)
    data = header
    for steps in payloads:
        record, checksum = encode_record(
            encode_steps(steps), previous=checksum, seed=IDENTITY.seed(1)
        )
        data += record
    disk.create(FIRST).write(0, data + bytes(SEGMENT_BYTES - len(data)))


BASE = Base(0, HardState(3, 1, 0), BEGINNING)


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        ([(Append(entries(1, 1)),)], "does not begin with what came before"),
        ([(BASE, BASE)], "begins in the middle"),
        ([(BASE,), (Append(entries(2, 1)),)], "record 2 at offset .*: entries 1 to 1 are missing"),
        ([(BASE, Append((Entry(1, 1), Entry(3, 1))))], "not in a row"),
        ([(BASE, Append((), HardState(2, 1, 0)))], "came after"),
        ([(BASE, Append((), HardState(3, 2, 0)))], "came after"),
        ([(BASE, Append(entries(1, 1), HardState(3, 1, 2)))], "entry 2 was committed"),
        ([(Base(7, HardState(), BEGINNING),)], "entries 1 to 7 are missing"),
        ([(Base(7, HardState(), BEGINNING), Mark(SnapshotMeta(6, 1)))], "entries 7 to 7 are"),
    ],
)
def test_records_that_contradict_each_other_are_refused(
    payloads: list[tuple[Step, ...]], message: str
) -> None:
    disk = SimulatedDisk()
    forge(disk, *payloads)
    with pytest.raises(Damaged, match=message):
        open_log(disk)


def test_files_that_do_not_follow_on_each_other_are_refused() -> None:
    disk = written(5)
    header, checksum = encode_header(
        IDENTITY, 2, size_bytes=SEGMENT_BYTES, previous=_last_checksum(disk)
    )
    steps = encode_steps([Base(9, HardState(1, 2, 0), BEGINNING)])
    record, _checksum = encode_record(steps, previous=checksum, seed=IDENTITY.seed(2))
    disk.create(SECOND).write(0, (header + record).ljust(SEGMENT_BYTES, b"\0"))
    with pytest.raises(Damaged, match="the log was at entry 9, the files before it come to 5"):
        open_log(disk)


def _last_checksum(disk: SimulatedDisk) -> int:
    contents = read_segment(FIRST, 1, disk.read(FIRST), IDENTITY)
    assert contents is not None
    return contents.checksum


def test_record_that_cannot_be_understood_is_refused() -> None:
    disk = SimulatedDisk()
    header, checksum = encode_header(IDENTITY, 1, size_bytes=SEGMENT_BYTES, previous=0)
    record, _checksum = encode_record(b"\xc1", previous=checksum, seed=IDENTITY.seed(1))
    disk.create(FIRST).write(0, (header + record).ljust(SEGMENT_BYTES, b"\0"))
    with pytest.raises(Damaged, match="cannot be understood"):
        open_log(disk)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=700), st.integers(0, SEGMENT_BYTES - 701))
def test_garbage_is_refused_or_wiped_and_nothing_else_happens(garbage: bytes, offset: int) -> None:
    disk = written(7)
    before = Memory(entries(1, 7, size_bytes=300), HardState(1, 2, 0))
    end = records(disk, 2)[-1]
    overwrite(disk, SECOND, offset, garbage)
    try:
        recovered = open_log(disk)
    except (Damaged, Incompatible):
        pass
    else:
        told = tuple(recovered.entries)
        assert told == before.entries or (offset < end and told == before.entries[: len(told)])


Operation = tuple[str, int, int]
KINDS = [
    "append",
    "append",
    "append",
    "conflict",
    "vote",
    "commit",
    "mark",
    "receive",
    "drop",
    "prepare",
    "restart",
]
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 30), st.integers(0, 900)), max_size=40
)


class History:
    """A log and what it must hold, moved by random operations."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.log = new_log(self.disk)
        self.memory = Memory()

    @property
    def last_index(self) -> int:
        held = self.memory.entries
        return held[-1].index if held else self.memory.snapshot.index

    def move(self, operation: str, number: int, size_bytes: int) -> None:
        memory, state = self.memory, self.memory.hard_state
        if operation == "append":
            added = entries(
                self.last_index + 1, number % 4 + 1, term=state.term, size_bytes=size_bytes
            )
            self.write(batch(added, hard_state=state))
        elif operation == "conflict":
            first = max(state.commit, memory.snapshot.index) + 1
            first += number % (self.last_index - first + 2)
            new = HardState(state.term + 1, 0, state.commit)
            self.write(
                batch(entries(first, 1, term=new.term, size_bytes=size_bytes), hard_state=new)
            )
        elif operation == "vote":
            self.write(
                batch(hard_state=HardState(state.term + number % 2 + 1, number, state.commit))
            )
        elif operation == "commit":
            commit = min(self.last_index, max(state.commit, memory.snapshot.index) + number % 5)
            new = HardState(state.term, state.vote, commit)
            self.write(batch(hard_state=new, must_sync=False))
        elif operation == "receive":
            index = self.last_index + number
            new = HardState(state.term, state.vote, max(index, state.commit))
            self.write(batch(snapshot=SnapshotMeta(index, state.term), hard_state=new))
        elif operation == "mark":
            meta = SnapshotMeta(max(state.commit, memory.snapshot.index), state.term)
            self.log.mark(meta)
            self.memory = memory.marked(meta)
        elif operation == "drop":
            self.log.drop_before(memory.snapshot.index - number % 3)
        elif operation == "prepare":
            self.log.prepare()
        else:
            self.restart(lambda _number: number % 2 == 0)

    def write(self, each: MsgStorageAppend) -> None:
        self.log.write(each)
        self.memory = self.memory.after(each)

    def restart(self, survives: Callable[[int], bool]) -> None:
        self.disk = self.disk.crash(survives)
        recovered = open_log(self.disk)
        assert self.memory.is_told_by(recovered), (recovered, self.memory)
        self.memory = Memory(
            tuple(recovered.entries), recovered.hard_state, recovered.snapshot,
            recovered.hard_state.commit,
        )  # fmt: skip
        self.log = LogWriter(self.disk, recovered.tail, segment_bytes=SEGMENT_BYTES)


@settings(max_examples=150, deadline=None)
@given(OPERATIONS)
def test_random_history_is_remembered(operations: list[Operation]) -> None:
    history = History()
    for operation, number, size_bytes in operations:
        history.move(operation, number, size_bytes)
    history.restart(lambda _number: False)


def test_old_files_go_and_become_new_ones() -> None:
    disk = written(30)
    recovered = open_log(disk)
    log = LogWriter(disk, recovered.tail, segment_bytes=SEGMENT_BYTES)
    count = len(log.segments)
    log.drop_before(30)
    assert len(log.segments) == count
    log.mark(SnapshotMeta(20, 1, BEGINNING.configuration))
    log.drop_before(12)
    held = [segment.last_index for segment in log.segments]
    assert held[0] > 12
    assert len(held) < count
    assert any(name.startswith("recycled-") for name in disk.names())
    creations = disk.trace.count(("create", f"{segment_name(log.segments[-1].number + 1)}.new"))
    log.mark(SnapshotMeta(25, 1, BEGINNING.configuration))
    log.drop_before(20)
    log.drop_before(20)
    assert sum(name.startswith("recycled-") for name in disk.names()) == 1
    log.prepare()
    assert not any(name.startswith("recycled-") for name in disk.names())
    assert creations == 0
    assert not any(disk.read(disk.names()[-1]))
    assert not log.wants_preparation
    assert tuple(open_log(disk).entries) == entries(26, 5, size_bytes=300)


def test_record_larger_than_a_file_gets_a_file_of_its_size() -> None:
    disk = SimulatedDisk()
    log = new_log(disk)
    log.prepare()
    large = entries(1, 3, size_bytes=5000)
    log.write(batch(large))
    log.write(batch(entries(4, 1)))
    log.close()
    assert len(disk.read(SECOND)) > 15_000
    recovered = open_log(disk)
    assert tuple(recovered.entries) == large + entries(4, 1)
    log = LogWriter(disk, recovered.tail, segment_bytes=SEGMENT_BYTES)
    log.write(batch(entries(5, 2, size_bytes=700)))
    log.mark(SnapshotMeta(6, 1))
    log.drop_before(6)
    log.prepare()
    assert [len(disk.read(name)) for name in disk.names()] == [SEGMENT_BYTES] * 2


def test_files_are_made_ready_on_another_thread_of_a_real_disk(tmp_path: Path) -> None:
    disk = RealDisk(tmp_path)
    size_bytes = 1 << 20
    tail = create(
        disk, cluster=CLUSTER, member=MEMBER, snapshot=BEGINNING, segment_bytes=size_bytes
    )
    log = LogWriter(disk, tail, segment_bytes=size_bytes)
    with ThreadPoolExecutor(max_workers=1) as other:
        ready = other.submit(log.prepare)
        for number in range(200):
            log.write(batch(entries(1 + 16 * number, 16, size_bytes=1000)))
            if log.wants_preparation and ready.done():
                ready.result()
                log.drop_before(16 * number)
                ready = other.submit(log.prepare)
            if number == 120:
                log.mark(SnapshotMeta(1000, 1))
        ready.result()
        log.close()
    recovered = open_log(disk)
    assert tuple(recovered.entries) == entries(1001, 2200, size_bytes=1000)
    assert {(tmp_path / name).stat().st_size for name in disk.names()} == {size_bytes}


def test_restarted_log_goes_on_with_other_sizes() -> None:
    disk = written(20)
    memory = Memory(entries(1, 20, size_bytes=300), HardState(1, 2, 0))
    for size_bytes in (4096, 1536, SEGMENT_BYTES):
        recovered = open_log(disk)
        assert memory.is_told_by(recovered)
        log = LogWriter(disk, recovered.tail, segment_bytes=size_bytes)
        for _number in range(8):
            last = memory.entries[-1].index
            added = batch(entries(last + 1, 3, size_bytes=200))
            log.write(added)
            memory = memory.after(added)
        log.mark(SnapshotMeta(memory.entries[-9].index, 1, BEGINNING.configuration))
        memory = memory.marked(SnapshotMeta(memory.entries[-9].index, 1, BEGINNING.configuration))
        log.drop_before(1000)
        log.close()
        with pytest.raises(Broken, match="closed"):
            log.write(batch())


def test_nothing_is_written_for_a_commit_index_alone_or_for_nothing() -> None:
    disk = SimulatedDisk()
    log = new_log(disk)
    log.write(batch(entries(1, 3), hard_state=HardState(1, 2, 0)))
    before = len(disk.trace)
    log.write(batch())
    log.write(batch(hard_state=HardState(1, 2, 2), must_sync=False))
    log.mark(SnapshotMeta(0, 0))
    assert len(disk.trace) == before
    assert open_log(disk).hard_state.commit == 0
    log.write(batch(entries(4, 1), must_sync=False))
    assert disk.trace[-2:] == [("write", FIRST), ("sync", FIRST)]
    assert open_log(disk).hard_state.commit == 2
    log.write(batch(hard_state=HardState(1, 2, 3)), batch(entries(5, 1)))
    assert open_log(disk).hard_state == HardState(1, 2, 3)


def test_log_that_cannot_be_opened_is_broken() -> None:
    disk = SimulatedDisk()
    tail = create(disk, cluster=CLUSTER, member=MEMBER, segment_bytes=SEGMENT_BYTES)
    disk.remove(FIRST)
    with pytest.raises(Broken, match="open"):
        LogWriter(disk, tail)


def test_full_disk_at_the_repair_is_waited_for() -> None:
    disk = written()
    disk.fail = lambda operation, _name: errno.ENOSPC if operation == "write" else None
    with pytest.raises(DiskFull):
        open_log(disk)
    disk.fail = lambda _operation, _name: None
    assert len(open_log(disk).entries) == 9
