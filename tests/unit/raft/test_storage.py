"""What a member keeps: begun, taken over, found again after a crash at any moment."""

import pytest

from tests.unit.raft.replica.world import Registers
from warren.raft.core.entry import Configuration, Entry, HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.errors import Damaged, Refused
from warren.raft.replica.replicated import Replicated, stamp
from warren.raft.session import Plain, encode_proposal
from warren.raft.snapshots.files import snapshot_name
from warren.raft.storage import Place, Storage, bootstrap, is_begun, join, read_pieces
from warren.testing.disk import SimulatedDisk

MEMBERS = {1: "a:1", 2: "b:1"}
CLUSTER = bytes(range(32))


def place(disk: SimulatedDisk, member: int = 1) -> Place:
    return Place(disk=disk, cluster=CLUSTER, member=member, segment_bytes=4096, reserve_bytes=8192)


def machine() -> Registers:
    registers = Registers()
    registers.values = {b"k%d" % number: b"v" for number in range(5)}
    return registers


def append(first: int, count: int, term: int = 2) -> MsgStorageAppend:
    entries = tuple(
        Entry(index, term, stamp(0) + encode_proposal(Plain(b"k=%d" % index)))
        for index in range(first, first + count)
    )
    last = entries[-1]
    return MsgStorageAppend(
        entries=entries,
        hard_state=HardState(term, 1, first - 1),
        snapshot=None,
        must_sync=True,
        responses=(),
        last_index=last.index,
        last_term=last.term,
        term=term,
    )


def loaded(disk: SimulatedDisk) -> tuple[Storage, Replicated]:
    storage = Storage(place(disk))
    replicated = Replicated(Registers())
    storage.load(replicated)
    return storage, replicated


def test_cluster_begins_with_its_members_and_the_state_that_it_took_over() -> None:
    disk = SimulatedDisk()
    assert not is_begun(place(disk))
    bootstrap(place(disk), MEMBERS, machine().freeze(), index=40, term=3)
    assert is_begun(place(disk))
    storage, replicated = loaded(disk)
    assert storage.recovered.snapshot == SnapshotMeta(40, 3, Configuration(voters=(1, 2)))
    assert storage.recovered.hard_state == HardState(3, 0, 40)
    assert not storage.recovered.entries
    assert (replicated.members, replicated.next_member) == (MEMBERS, 3)
    assert replicated.machine.fingerprint() == machine().fingerprint()


def test_cluster_is_not_begun_twice() -> None:
    disk = SimulatedDisk()
    bootstrap(place(disk), MEMBERS, machine().freeze())
    before = disk.names()
    with pytest.raises(Refused):
        bootstrap(place(disk), {1: "other:1"}, iter(()))
    assert disk.names() == before
    assert loaded(disk)[1].members == MEMBERS


def test_crash_while_beginning_leaves_all_or_nothing() -> None:
    count = 0
    for stop in range(200):
        disk = SimulatedDisk()
        left = iter(range(stop))
        disk.fail = lambda _operation, _name, left=left: None if next(left, -1) >= 0 else 5  # type: ignore[misc]
        try:
            bootstrap(place(disk), MEMBERS, machine().freeze())
        except Exception:  # noqa: BLE001 - as the disk failed, so did this
            count += 1
        else:
            break
        disk.fail = lambda _operation, _name: None
        for after in disk.crashes(exhaustive_up_to=4):
            if not is_begun(place(after)):
                bootstrap(place(after), MEMBERS, machine().freeze())
            assert loaded(after)[1].machine.fingerprint() == machine().fingerprint()
    assert count > 10


def test_member_that_joins_begins_with_nothing() -> None:
    disk = SimulatedDisk()
    join(place(disk))
    storage, replicated = loaded(disk)
    assert storage.recovered.snapshot == SnapshotMeta()
    assert not replicated.members


def test_saved_snapshot_takes_the_place_of_the_log_and_of_older_ones() -> None:
    disk = SimulatedDisk()
    bootstrap(place(disk), MEMBERS, iter(()))
    storage, replicated = loaded(disk)
    for first in range(2, 402, 10):
        batch = append(first, 10)
        storage.write([batch])
        for entry in batch.entries:
            replicated.apply(entry.index, entry.data)
    meta = SnapshotMeta(401, 2, Configuration(voters=(1, 2)))
    storage.save(meta, replicated.freeze())
    logs = len([name for name in disk.names() if name.startswith("log-")])
    storage.mark(meta)
    storage.tidy(meta)
    names = disk.names()
    assert [name for name in names if name.startswith("snapshot-")] == [snapshot_name(meta)]
    assert len([name for name in names if name.startswith("log-")]) < logs
    storage.close()
    again, state = loaded(disk)
    assert again.recovered.snapshot == meta
    assert state.fingerprint() == replicated.fingerprint()


def test_crash_around_a_snapshot_loses_nothing() -> None:
    meta = SnapshotMeta(11, 2, Configuration(voters=(1, 2)))
    for stop in range(60):
        disk = SimulatedDisk()
        bootstrap(place(disk), MEMBERS, iter(()))
        storage, replicated = loaded(disk)
        batch = append(2, 10)
        storage.write([batch])
        for entry in batch.entries:
            replicated.apply(entry.index, entry.data)
        left = iter(range(stop))
        disk.fail = lambda _operation, _name, left=left: None if next(left, -1) >= 0 else 5  # type: ignore[misc]
        failed = False
        try:
            storage.save(meta, replicated.freeze())
            storage.mark(meta)
            storage.tidy(meta)
        except Exception:  # noqa: BLE001 - as the disk failed, so did this
            failed = True
        disk.fail = lambda _operation, _name: None
        for after in disk.crashes(exhaustive_up_to=3):
            again, state = loaded(after)
            for entry in again.recovered.entries:
                state.apply(entry.index, entry.data)
            assert state.fingerprint() == replicated.fingerprint()
        if not failed:
            return
    raise AssertionError("the snapshot never came to an end")


def test_missing_snapshot_is_damage_that_says_what_to_do() -> None:
    disk = SimulatedDisk()
    bootstrap(place(disk), MEMBERS, iter(()))
    storage = Storage(place(disk))
    disk.remove(snapshot_name(storage.recovered.snapshot))
    with pytest.raises(Damaged, match="join again as a fresh learner"):
        storage.load(Replicated(Registers()))


def test_snapshot_of_another_configuration_is_damage() -> None:
    disk = SimulatedDisk()
    bootstrap(place(disk), MEMBERS, iter(()))
    other = SnapshotMeta(1, 1, Configuration(voters=(7,)))
    with pytest.raises(Damaged, match="the log begins behind"):
        read_pieces(disk, other, Replicated(Registers()).restore())


def test_space_is_held_given_and_held_again() -> None:
    disk = SimulatedDisk()
    bootstrap(place(disk), MEMBERS, iter(()))
    storage, _ = loaded(disk)
    before = disk.used_bytes
    storage.hold_space()
    assert disk.used_bytes == before + 8192
    storage.give_space()
    assert disk.used_bytes == before
