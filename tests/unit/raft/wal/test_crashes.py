"""Every crash point of a workload, and of the repair behind it; failing and full disks at every step."""

import errno
from dataclasses import dataclass, field

import pytest

from tests.unit.raft.wal.samples import (
    SEGMENT_BYTES,
    Action,
    Memory,
    Workload,
    batch,
    entries,
    new_log,
    next_batch,
    open_log,
)
from warren.raft.core.entry import HardState, SnapshotMeta
from warren.raft.errors import Broken, DiskFull
from warren.raft.wal.recovery import exists
from warren.raft.wal.reserve import Reserve
from warren.raft.wal.writer import LogWriter
from warren.testing.disk import SimulatedDisk


@dataclass
class Crash:
    """A disk as power left it, and what it may tell."""

    disk: SimulatedDisk
    allowed: tuple[Memory, ...]
    may_be_absent: bool
    point: str


@dataclass
class Observer:
    """Keeps each disk that a crash could leave, at every operation of the disk."""

    workload: Workload = field(default_factory=Workload)
    crashes: list[Crash] = field(default_factory=list)

    def __call__(self, operation: str, name: str) -> None:
        if operation in {"read", "open"}:
            return
        work = self.workload
        allowed = tuple(memory for memory in (work.before, work.after) if memory is not None)
        point = f"{len(work.disk.trace)}: before {operation} {name}"
        self.crashes += [
            Crash(disk, allowed, work.before is None, point)
            for disk in work.disk.crashes(exhaustive_up_to=9)
        ]


def crashes_of_the_workload() -> list[Crash]:
    observer = Observer()
    observer.workload.disk.fail = observer
    log = observer.workload.run()
    observer("end", "")
    assert len(log.segments) > 1
    return observer.crashes


def check(disk: SimulatedDisk, allowed: tuple[Memory, ...], point: str) -> Memory:
    recovered = open_log(disk)
    told = [memory for memory in allowed if memory.is_told_by(recovered)]
    assert told, (point, recovered, allowed)
    return told[-1]


def test_no_crash_loses_what_was_acknowledged_or_invents_anything() -> None:
    crashes = crashes_of_the_workload()
    assert len(crashes) > 700
    absent = 0
    for crash in crashes:
        if crash.may_be_absent and not exists(crash.disk):
            absent += 1
            continue
        check(crash.disk, crash.allowed, crash.point)
        # It goes on from there, and forgets nothing if power fails again at once.
        recovered = open_log(crash.disk)
        assert recovered.repaired == (), crash.point
        log = LogWriter(crash.disk, recovered.tail, segment_bytes=SEGMENT_BYTES)
        added = next_batch(recovered)
        log.write(added)
        again = open_log(crash.disk.crash(lambda _number: False))
        assert tuple(again.entries) == (*recovered.entries, *added.entries), crash.point
        assert again.hard_state == added.hard_state, crash.point
    assert absent > 0


def test_crash_while_repairing_after_a_crash_loses_nothing_either() -> None:
    seen: set[tuple[object, ...]] = set()
    repaired = 0
    for crash in crashes_of_the_workload():
        contents = tuple((name, crash.disk.read(name)) for name in crash.disk.names())
        if contents in seen or not exists(crash.disk):
            continue
        seen.add(contents)
        if not open_log(crash.disk.crash(lambda _number: True)).repaired:
            continue
        again: list[SimulatedDisk] = []

        def keep(
            operation: str,
            _name: str,
            *,
            disk: SimulatedDisk = crash.disk,
            again: list[SimulatedDisk] = again,
        ) -> None:
            if operation.startswith("sync"):
                again.extend(disk.crashes(exhaustive_up_to=5))

        crash.disk.fail = keep
        memory = check(crash.disk, crash.allowed, crash.point)
        repaired += 1
        for after in again:
            assert memory.is_told_by(open_log(after)), crash.point
    assert repaired > 100


def operations() -> list[str]:
    workload = Workload()
    workload.run()
    return [operation for operation, _name in workload.disk.trace]


NUMBERS = range(len(operations()))


@dataclass
class FailOnce:
    """Raises one error at the operation of that number, and keeps the disks that a crash leaves."""

    number: int
    error: int
    count: int = 0

    def __call__(self, _operation: str, _name: str) -> int | None:
        self.count += 1
        return self.error if self.count == self.number + 1 else None


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_failing_disk_ends_the_log_or_is_waited_for_and_loses_nothing(error: int) -> None:
    outcomes = set()
    for number in NUMBERS:
        workload = Workload()
        workload.disk.fail = FailOnce(number, error)
        again: list[str] = []

        def act(action: Action, log: LogWriter, again: list[str] = again) -> None:
            try:
                action(log)
            except DiskFull:
                again.append("full")
                action(log)
            except Broken:
                with pytest.raises(Broken):
                    log.write(batch(hard_state=HardState(99, 1, 0)))
                raise

        try:
            workload.run(act)
        except (DiskFull, Broken) as end:
            again.append(type(end).__name__)
        outcomes.update(again)
        work = workload
        allowed = tuple(memory for memory in (work.before, work.after) if memory is not None)
        for disk in work.disk.crashes(exhaustive_up_to=4):
            disk.fail = lambda _operation, _name: None
            if work.before is None and not exists(disk):
                continue
            check(disk, allowed, f"{number}: {work.disk.trace[number]}")
    assert outcomes == ({"Broken"} if error == errno.EIO else {"Broken", "full", "DiskFull"})


@pytest.mark.parametrize("operation", ["write", "sync"])
def test_failed_fsync_is_never_tried_again(operation: str) -> None:
    disk = SimulatedDisk()
    log = new_log(disk)
    log.write(batch(entries(1, 1)))
    disk.fail = lambda each, _name: errno.EIO if each == operation else None
    with pytest.raises(Broken, match="stop this process"):
        log.write(batch(entries(2, 1)))
    disk.fail = lambda _operation, _name: None
    before = len(disk.trace)
    for action in (
        log.prepare,
        lambda: log.write(batch(entries(2, 1))),
        lambda: log.drop_before(1),
    ):
        with pytest.raises(Broken):
            action()
    with pytest.raises(Broken):
        log.mark(SnapshotMeta(1, 1))
    assert len(disk.trace) == before
    assert not log.wants_preparation


def test_full_disk_that_takes_nothing_back_either_is_broken() -> None:
    disk = SimulatedDisk()
    log = new_log(disk)
    log.write(batch(entries(1, 1)))
    disk.fail = lambda operation, _name: errno.ENOSPC if operation == "write" else None
    with pytest.raises(Broken, match="undo an interrupted write"):
        log.write(batch(entries(2, 1)))
    disk.fail = lambda _operation, _name: None
    assert tuple(open_log(disk).entries) == entries(1, 1)


def test_restarted_process_makes_sure_of_what_it_reads() -> None:
    # The process died between write and fdatasync: the kernel shows what the disk may not have.
    disk = SimulatedDisk()
    log = new_log(disk)
    log.write(batch(entries(1, 2)))
    disk.fail = lambda operation, _name: errno.EIO if operation == "sync" else None
    with pytest.raises(Broken):
        log.write(batch(entries(3, 1), hard_state=HardState(7, 2, 1)))
    disk.fail = lambda _operation, _name: None
    assert open_log(disk).hard_state == HardState(7, 2, 1)
    assert open_log(disk.crash(lambda _number: False)).hard_state == HardState(7, 2, 1)


def fill(log: LogWriter, first: int) -> int:
    """Write until the disk is full; the index behind the last entry."""
    while True:
        try:
            log.write(batch(entries(first, 2, size_bytes=300)))
        except DiskFull:
            return first
        first += 2


def test_full_disk_is_noticed_early_and_left_behind_with_the_reserve() -> None:
    disk = SimulatedDisk()
    reserve = Reserve(disk, 3000)
    reserve.hold()
    log = new_log(disk)
    disk.capacity_bytes = 3000 + 4 * SEGMENT_BYTES + 100
    log.prepare()
    after = fill(log, 1)
    with pytest.raises(DiskFull, match="reading goes on"):
        log.prepare()
    with pytest.raises(DiskFull):
        log.write(batch(entries(after, 2, size_bytes=300)))
    last = open_log(disk.crash(lambda _number: True)).tail.last_index
    assert last == after - 1
    reserve.release()
    assert not reserve.held
    disk.create("snapshot").write(0, b"s" * 2500)
    log.mark(SnapshotMeta(last, 1))
    log.drop_before(last)
    disk.remove("snapshot")
    log.write(batch(entries(after, 2, size_bytes=300)))
    reserve.hold()
    assert reserve.held
    recovered = open_log(disk.crash(lambda _number: False))
    assert recovered.snapshot == SnapshotMeta(last, 1)
    assert tuple(recovered.entries) == entries(after, 2, size_bytes=300)


def test_reserve_is_whole_or_not_there() -> None:
    disk = SimulatedDisk()
    reserve = Reserve(disk, (2 << 20) + 5)
    disk.capacity_bytes = 1 << 20
    with pytest.raises(DiskFull):
        reserve.hold()
    assert disk.names() == ()
    disk.capacity_bytes = None
    reserve.hold()
    reserve.hold()
    assert disk.names() == ("reserve",)
    assert len(disk.read("reserve")) == (2 << 20) + 5
    reserve.release()
    reserve.release()
    Reserve(disk, 0).hold()
    assert disk.names() == ()
    disk.fail = lambda operation, _name: errno.EIO if operation == "sync_directory" else None
    for action in (reserve.hold, reserve.release):
        with pytest.raises(Broken):
            action()
