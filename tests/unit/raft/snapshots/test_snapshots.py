"""Snapshots: pieces come back as given, every altered byte is noticed, crashes leave all or nothing."""

import errno
import struct
from pathlib import Path

import pytest
from crc32c import crc32c
from hypothesis import given, settings, strategies as st

from warren.aio.disk import Disk, RealDisk
from warren.raft.core.entry import Configuration, SnapshotMeta
from warren.raft.errors import Broken, Damaged, DiskFull, Incompatible, Refused
from warren.raft.snapshots.files import discard_unfinished, newest, prune, snapshot_name
from warren.raft.snapshots.format import (
    CHUNK_BYTES_MAX,
    FORMAT,
    HEAD_BYTES,
    MAGIC,
    ChunkKind,
    encode_head,
    encode_piece,
)
from warren.raft.snapshots.reading import SnapshotReader, read_snapshot
from warren.raft.snapshots.receiving import Receiver
from warren.raft.snapshots.writing import SnapshotWriter
from warren.testing.disk import SimulatedDisk

META = SnapshotMeta(70, 4, Configuration(voters=(1, 2, 3), learners=(7,)))
NAME = snapshot_name(META)
PIECES = [b"first", b"", b"x" * 700, bytes(1300), b"last"]


def write(disk: Disk, pieces: list[bytes], meta: SnapshotMeta = META) -> str:
    writer = SnapshotWriter(disk, meta)
    for piece in pieces:
        writer.add(piece)
    return writer.finish()


def pieces_of(disk: Disk, name: str = NAME) -> list[bytes]:
    meta, pieces = read_snapshot(disk, name)
    assert meta == META
    return list(pieces)


def send(disk: Disk, receiver: Receiver, step: int, name: str = NAME) -> None:
    reader = SnapshotReader(disk, name)
    while data := reader.chunk(receiver.offset, step):
        receiver.add(receiver.offset, data)
    reader.close()


def receiver_for(source: SimulatedDisk, target: Disk, meta: SnapshotMeta = META) -> Receiver:
    return Receiver(target, meta, len(source.read(NAME)))


def obtain(way: str, disk: Disk, source: SimulatedDisk) -> None:
    if way == "write":
        write(disk, PIECES)
    else:
        receiver = receiver_for(source, disk)
        send(source, receiver, 100)
        receiver.finish()


@pytest.fixture
def source() -> SimulatedDisk:
    disk = SimulatedDisk()
    write(disk, PIECES)
    return disk


@pytest.mark.parametrize("kind", ["real", "simulated"])
def test_pieces_come_back_as_they_were_given(kind: str, tmp_path: Path) -> None:
    disk: Disk = RealDisk(tmp_path) if kind == "real" else SimulatedDisk()
    pieces = [*PIECES, b"y" * (2 * CHUNK_BYTES_MAX + 5), b"z" * CHUNK_BYTES_MAX, b"w" * 5_000_000]
    assert write(disk, pieces) == NAME
    assert disk.names() == (NAME,)
    assert pieces_of(disk) == pieces


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=3000), max_size=8), st.integers(1, 2000))
def test_snapshot_arrives_as_it_was_sent_whatever_the_parts(pieces: list[bytes], step: int) -> None:
    source, target = SimulatedDisk(), SimulatedDisk()
    write(source, pieces)
    receiver = receiver_for(source, target)
    send(source, receiver, step)
    assert receiver.finish() == NAME
    assert target.names() == (NAME,)
    assert pieces_of(target) == pieces


def test_any_altered_byte_is_noticed(source: SimulatedDisk) -> None:
    for offset in range(len(source.read(NAME))):
        source.damage(NAME, offset)
        with pytest.raises(Damaged, match=NAME):
            pieces_of(source)
        source.damage(NAME, offset)
    assert pieces_of(source) == PIECES


def test_any_missing_end_and_anything_added_is_noticed(source: SimulatedDisk) -> None:
    data = source.read(NAME)
    for size in range(len(data)):
        file = source.create(NAME)
        file.write(0, data[:size])
        with pytest.raises(Damaged, match=NAME):
            pieces_of(source)
    file = source.create(NAME)
    file.write(0, data + b"\0")
    with pytest.raises(Damaged, match="digest of the whole"):
        pieces_of(source)


def test_lost_and_swapped_pieces_are_noticed_though_each_is_whole() -> None:
    disk = SimulatedDisk()
    write(disk, [b"aa", b"bb"])
    data = disk.read(NAME)
    chunk = len(data) - len(data.split(b"aa")[1]) - data.index(b"aa") + 9
    first = data.index(b"aa") - 9
    a, b = data[first : first + chunk], data[first + chunk : first + 2 * chunk]
    head, end = data[:first], data[first + 2 * chunk :]
    for altered in (head + b + a + end, head + a + end, head + a + a + b + end):
        disk.create(NAME).write(0, altered)
        with pytest.raises(Damaged, match="digest of the whole"):
            pieces_of(disk)
    disk.create(NAME).write(0, head + a + head[HEAD_BYTES:] + b + end)
    with pytest.raises(Damaged, match="begins anew"):
        pieces_of(disk)


def test_newer_format_and_foreign_files_are_told_apart(source: SimulatedDisk) -> None:
    newer = MAGIC + struct.pack("<H", FORMAT + 1)
    source.open(NAME).write(0, newer + struct.pack("<I", crc32c(newer)))
    with pytest.raises(Incompatible, match="newer"):
        read_snapshot(source, NAME)
    with pytest.raises(Damaged, match="cannot be opened"):
        read_snapshot(source, "snapshot-0")


def test_first_chunk_that_makes_no_sense_is_damage() -> None:
    disk = SimulatedDisk()
    head = encode_head(META)[:HEAD_BYTES]
    for chunk, message in (
        (b"".join(encode_piece(b"x")), "what it stands for"),
        (_forged_meta(b"\xc1"), "cannot be understood"),
    ):
        disk.create(NAME).write(0, head + chunk)
        with pytest.raises(Damaged, match=message):
            read_snapshot(disk, NAME)


def _forged_meta(payload: bytes) -> bytes:
    covered = struct.pack("<BI", ChunkKind.META, len(payload))
    checksum = crc32c(payload, crc32c(covered))
    return covered + checksum.to_bytes(4, "little") + payload


def test_unreadable_file_is_damage(source: SimulatedDisk) -> None:
    _meta, pieces = read_snapshot(source, NAME)
    next(pieces)
    source.fail = lambda operation, _name: errno.EIO if operation == "read" else None
    with pytest.raises(Damaged, match="cannot be read"):
        next(pieces)


def test_pruned_snapshot_is_still_sent_to_the_end(source: SimulatedDisk, tmp_path: Path) -> None:
    real = RealDisk(tmp_path)
    write(real, PIECES)
    for disk in (source, real):
        reader = SnapshotReader(disk, NAME)
        prune(disk, keep=())
        assert disk.names() == ()
        assert list(reader.pieces()) == PIECES
        reader.close()


def test_newest_prune_and_discard_know_their_files(source: SimulatedDisk) -> None:
    newer = write(source, [], SnapshotMeta(71, 4))
    for other in ("snapshot-1", "log-1", f"{NAME}.new", f"{NAME}.part", "snapshot-9.new"):
        source.create(other).close()
    assert newest(source) == newer
    prune(source, keep={newer})
    assert set(source.names()) == {
        newer, "snapshot-1", "log-1", f"{NAME}.new", f"{NAME}.part", "snapshot-9.new"
    }  # fmt: skip
    discard_unfinished(source)
    assert set(source.names()) == {newer, "snapshot-1", "log-1", "snapshot-9.new"}
    assert newest(SimulatedDisk()) is None


def test_receiver_goes_on_after_interruptions_and_refuses_gaps(source: SimulatedDisk) -> None:
    data = source.read(NAME)
    target = SimulatedDisk()
    receiver = receiver_for(source, target)
    receiver.add(0, data[:100])
    receiver.add(0, data[:100])
    receiver.add(40, data[40:130])
    assert receiver.offset == 130
    for offset, part in ((131, b"x"), (-1, b"x"), (120, data[120:] + b"x")):
        with pytest.raises(Refused, match="follow on"):
            receiver.add(offset, part)
    with pytest.raises(Refused, match="bytes are here"):
        receiver.finish()
    receiver.add(130, data[130:])
    assert receiver.complete
    receiver.finish()
    assert target.read(NAME) == data


@pytest.mark.parametrize("altered", [0, 20, 60, -1])
def test_receiver_refuses_what_is_not_the_promised_snapshot(
    source: SimulatedDisk, altered: int
) -> None:
    data = bytearray(source.read(NAME))
    data[altered] ^= 1
    target = SimulatedDisk()
    receiver = receiver_for(source, target)
    receiver.add(0, bytes(data))
    with pytest.raises(Refused, match="send it anew"):
        receiver.finish()
    assert target.names() == ()
    other = receiver_for(source, target, SnapshotMeta(71, 4, META.configuration))
    other.add(0, source.read(NAME))
    with pytest.raises(Refused, match="send it anew"):
        other.finish()
    with pytest.raises(Refused, match="is none"):
        Receiver(target, META, 10)


def test_crash_leaves_all_of_a_snapshot_or_none() -> None:
    old = SnapshotMeta(60, 4)

    def begin() -> SimulatedDisk:
        disk = SimulatedDisk()
        write(disk, [b"old"], old)
        return disk

    source = SimulatedDisk()
    write(source, PIECES)
    found = set()
    for way in ("write", "receive"):
        disk = begin()
        crashed: list[SimulatedDisk] = []

        def keep(
            _operation: str,
            _name: str,
            *,
            disk: SimulatedDisk = disk,
            crashed: list[SimulatedDisk] = crashed,
        ) -> None:
            crashed.extend(disk.crashes(exhaustive_up_to=5))

        disk.fail = keep
        obtain(way, disk, source)
        crashed.extend(disk.crashes())
        prune(disk, keep={NAME})
        for after in crashed:
            discard_unfinished(after)
            found.add(after.names())
            if newest(after) == NAME:
                assert pieces_of(after) == PIECES
            else:
                assert list(read_snapshot(after, snapshot_name(old))[1]) == [b"old"]
        final = {after.names() for after in disk.crashes()}
        assert final == {(NAME,)}
    assert found == {(snapshot_name(old),), (snapshot_name(old), NAME), (NAME,)}


@pytest.mark.parametrize("way", ["write", "receive"])
def test_full_disk_is_reported_and_leaves_nothing_behind(way: str, source: SimulatedDisk) -> None:
    data = source.read(NAME)
    for capacity in range(0, len(data), 97):
        disk = SimulatedDisk()
        disk.capacity_bytes = capacity
        with pytest.raises(DiskFull):
            obtain(way, disk, source)
        assert disk.names() == ()
        disk.capacity_bytes = None
        write(disk, PIECES)
        assert pieces_of(disk) == PIECES


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("operation", ["create", "write", "sync", "rename", "sync_directory"])
@pytest.mark.parametrize("way", ["write", "receive"])
def test_failing_disk_never_yields_a_snapshot(
    way: str, operation: str, number: int, source: SimulatedDisk
) -> None:
    disk = SimulatedDisk()
    disk.fail = lambda each, _name: number if each == operation else None
    full = number == errno.ENOSPC and operation in {"create", "write"}
    with pytest.raises(DiskFull if full else Broken):
        obtain(way, disk, source)
    assert all(newest(after) is None for after in disk.crashes() if operation != "sync_directory")


@pytest.mark.parametrize("operation", ["remove", "sync_directory"])
def test_failing_disk_ends_the_pruning(operation: str, source: SimulatedDisk) -> None:
    source.fail = lambda each, _name: errno.EIO if each == operation else None
    with pytest.raises(Broken, match="remove old snapshots"):
        prune(source, keep=())


def test_aborted_snapshot_leaves_nothing(source: SimulatedDisk) -> None:
    disk = SimulatedDisk()
    writer = SnapshotWriter(disk, META)
    writer.add(b"x" * 1_000_000)
    writer.abort()
    writer.abort()
    assert disk.names() == ()
    receiver = receiver_for(source, disk)
    receiver.add(0, b"x")
    receiver.abort()
    receiver.abort()
    receiver = receiver_for(source, disk)
    receiver.add(0, source.read(NAME))
    receiver.finish()
    receiver.abort()
    assert disk.names() == (NAME,)
    prune(disk, keep=())
    write(disk, PIECES)
    writer.abort()
    assert disk.names() == (NAME,)
