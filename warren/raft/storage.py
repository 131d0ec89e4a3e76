"""What a member keeps: the log and the snapshots in one directory, and how both begin and are found again.

Everything here blocks. At every moment the directory holds all that was acknowledged: a snapshot is
durable before the log says so, and the log says so before anything older goes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from warren.aio.disk import Disk
from warren.raft.core.entry import Configuration, HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.errors import Damaged
from warren.raft.machine import Restoring
from warren.raft.replica.replicated import Replicated, initial_pieces
from warren.raft.snapshots.files import (
    discard_unfinished,
    prune,
    remove_snapshots,
    snapshot_name,
)
from warren.raft.snapshots.reading import SnapshotReader
from warren.raft.snapshots.writing import SnapshotWriter
from warren.raft.wal.recovery import SEGMENT_BYTES, Recovered, create, exists, recover
from warren.raft.wal.reserve import Reserve
from warren.raft.wal.writer import LogWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a member keeps its things.

    Attributes:
        disk: a directory of its own.
        cluster: digest of the cluster's id, 32 bytes.
        member: its id.
        segment_bytes: size of the files of the log.
        reserve_bytes: space kept back to be able to help oneself when the disk is full; it should hold
            a snapshot and a file of the log.
    """

    disk: Disk
    cluster: bytes
    member: int
    segment_bytes: int = SEGMENT_BYTES
    reserve_bytes: int = 0


def is_begun(place: Place) -> bool:
    """Whether there is a member already."""
    return exists(place.disk)


def bootstrap(
    place: Place,
    members: Mapping[int, str],
    machine: Iterable[bytes],
    *,
    index: int = 1,
    term: int = 1,
) -> None:
    """Begin a cluster, or take over a state that led to nothing but these pieces.

    To be called alike for every first member, on its own place. After a crash it may be called again.

    Args:
        place: of one of them.
        members: all first voters' addresses by id.
        machine: pieces of the state machine, as its ``freeze`` would give them.
        index: up to which entry they go; later entries follow on it.
        term: of that entry.

    Raises:
        Refused: there is a member already.
        DiskFull: there is no room for it.
        Broken: the disk failed.
    """
    assert members, "a cluster begins with members"
    assert index >= 1 <= term, "what a cluster begins with stands at an index"
    configuration = Configuration(voters=tuple(sorted(members)))
    meta = SnapshotMeta(index, term, configuration)
    if not is_begun(place):
        _write(place.disk, meta, initial_pieces(dict(members), iter(machine)))
    create(
        place.disk,
        cluster=place.cluster,
        member=place.member,
        snapshot=meta,
        hard_state=HardState(term, 0, index),
        segment_bytes=place.segment_bytes,
    )


def join(place: Place) -> None:
    """Begin a member of a cluster that exists; it learns everything from the leader.

    Raises:
        Refused: there is a member already.
        DiskFull: there is no room for it.
        Broken: the disk failed.
    """
    create(
        place.disk, cluster=place.cluster, member=place.member, segment_bytes=place.segment_bytes
    )


def read_pieces(disk: Disk, meta: SnapshotMeta, restoring: Restoring) -> None:
    """Add what a durable snapshot holds to a state that is being read back.

    Raises:
        Damaged: it is missing or altered.
    """
    reader = SnapshotReader(disk, snapshot_name(meta))
    with closing(reader):
        if reader.meta != meta:
            raise Damaged(
                f"{snapshot_name(meta)} stands for {reader.meta}, the log begins behind {meta}: "
                "if other members hold the state, remove this member's directory and join again as a fresh learner"
            )
        for piece in reader.pieces():
            restoring.add(piece)


class Storage:
    """An open directory.

    ``write``, ``mark`` and ``close`` belong to one thread. ``prepare``, ``give_space`` and ``hold_space``
    belong to another one, the rest to a third. After ``Broken`` the process must stop.

    Args:
        place: where; the member must have begun.

    Attributes:
        disk: the directory.
        recovered: what the log said.

    Raises:
        Damaged: something acknowledged is altered or missing; says what to do.
        DiskFull: it cannot be repaired now.
        Broken: the disk failed.
    """

    def __init__(self, place: Place) -> None:
        self.disk = place.disk
        self.recovered: Recovered = recover(place.disk, cluster=place.cluster, member=place.member)
        discard_unfinished(place.disk)
        self._log = LogWriter(place.disk, self.recovered.tail, segment_bytes=place.segment_bytes)
        self._reserve = Reserve(place.disk, place.reserve_bytes)

    @property
    def wants_preparation(self) -> bool:
        """Whether ``prepare`` has something to do."""
        return self._log.wants_preparation

    def load(self, replicated: Replicated) -> None:
        """Bring the state to where the log begins.

        Raises:
            Damaged: the snapshot is missing or altered.
        """
        meta = self.recovered.snapshot
        if meta.index:
            restoring = replicated.restore()
            read_pieces(self.disk, meta, restoring)
            restoring.finish()

    def write(self, batches: Sequence[MsgStorageAppend]) -> None:
        """Make these durable, with one fdatasync.

        Raises:
            DiskFull: nothing of them is recorded; the same may be tried again, no others may.
            Broken: the disk failed.
        """
        self._log.write(*batches)

    def mark(self, meta: SnapshotMeta) -> None:
        """Let the log begin behind a snapshot that was saved.

        Raises:
            DiskFull: it goes on as it is.
            Broken: the disk failed.
        """
        self._log.mark(meta)

    def prepare(self) -> None:
        """Make the next file of the log ready.

        Raises:
            DiskFull: there is no space for it.
            Broken: the disk failed.
        """
        self._log.prepare()

    def save(self, meta: SnapshotMeta, pieces: Iterator[bytes]) -> None:
        """Write a snapshot; ``mark`` and ``tidy`` are to follow.

        Raises:
            DiskFull: there is no room for it.
            Broken: the disk failed.
        """
        _write(self.disk, meta, pieces)

    def discard(self, meta: SnapshotMeta) -> None:
        """Remove a snapshot that was saved but could not be marked: it takes up space for nothing.

        Raises:
            DiskFull: there is no room even for that.
            Broken: the disk failed.
        """
        remove_snapshots(self.disk, [snapshot_name(meta)])

    def tidy(self, meta: SnapshotMeta) -> None:
        """Remove what the snapshot makes unnecessary, once it is marked.

        Raises:
            DiskFull: there is no room even for that.
            Broken: the disk failed.
        """
        self._log.drop_before(meta.index)
        name = snapshot_name(meta)
        prune(self.disk, {other for other in self.disk.names() if other >= name})

    def give_space(self) -> None:
        """Use what was kept back.

        Raises:
            DiskFull: there is no room even for that.
            Broken: the disk failed.
        """
        self._reserve.release()

    def hold_space(self) -> None:
        """Keep space back, if it is not done already.

        Raises:
            DiskFull: there is not enough.
            Broken: the disk failed.
        """
        self._reserve.hold()

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()


def _write(disk: Disk, meta: SnapshotMeta, pieces: Iterator[bytes]) -> None:
    writer = SnapshotWriter(disk, meta)
    try:
        for piece in pieces:
            writer.add(piece)
        writer.finish()
    finally:
        writer.abort()
