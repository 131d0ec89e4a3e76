"""A state directory: whose it is, what it holds, and how an older one becomes a present one.

The file ``format`` is the word of the whole and is replaced in one step: a log that it does not call
begun holds nothing. Consensus keeps its files in ``raft`` below.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from warren.aio.disk import Disk, publish, write_temporary
from warren.model.errors import CorruptState, PermanentError
from warren.raft.storage import Place, bootstrap
from warren.store.format1.recovery import files as format1_files
from warren.store.format1.takeover import take_over
from warren.store.machine import StoreMachine
from warren.store.state import State

FORMAT_NAME = "format"
DIRECTORY_FORMAT = 2
LONE_MEMBER = 1
SEGMENT_BYTES = 1 << 20
"""Of a lone manager's log, which lies beside an inventory and is read at every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What is said of a directory.

    Attributes:
        version: how it is laid out.
        cluster_id: whose it is.
        is_begun: false while its log is being made for the first time: there is nothing in it yet.
    """

    version: int = DIRECTORY_FORMAT
    cluster_id: str
    is_begun: bool = True


def cluster_digest(cluster_id: str) -> bytes:
    """What the files of consensus carry of the cluster's id."""
    return hashlib.blake2b(cluster_id.encode(), digest_size=32).digest()


def place_of(cluster_id: str, consensus: Disk, *, segment_bytes: int = SEGMENT_BYTES) -> Place:
    """Where a lone manager keeps its log."""
    return Place(
        disk=consensus,
        cluster=cluster_digest(cluster_id),
        member=LONE_MEMBER,
        segment_bytes=segment_bytes,
    )


def begin(
    disk: Disk,
    consensus: Disk,
    make_id: Callable[[], str],
    *,
    segment_bytes: int = SEGMENT_BYTES,
) -> str:
    """Make a new directory, or bring an older one up to date; the cluster's id.

    Whatever the moment of a crash, it may be called again.

    Args:
        disk: the state directory.
        consensus: the directory for the files of consensus.
        make_id: makes the id of a new cluster.
        segment_bytes: size of the log's files.

    Raises:
        CorruptState: something acknowledged is damaged or missing; says where.
        PermanentError: a newer Warren wrote it.
        OSError: as the disk says.
        RaftError: as ``raft.storage.bootstrap``.
    """
    found = read_format(disk)
    if found is None:
        _check_nothing_is_lost(disk, consensus)
        found = Format(cluster_id=make_id(), is_begun=False)
        _write_format(disk, found)
    state, epoch = State(), 1
    if found.version < DIRECTORY_FORMAT:
        state, epoch = take_over(disk, found.cluster_id)
    elif found.is_begun:
        _remove(disk, format1_files(disk.names()))
        return found.cluster_id
    place = place_of(found.cluster_id, consensus, segment_bytes=segment_bytes)
    _begin_log(place, found.cluster_id, state, term=max(epoch, 1))
    _write_format(disk, Format(cluster_id=found.cluster_id))
    _remove(disk, format1_files(disk.names()))
    return found.cluster_id


def read_format(disk: Disk) -> Format | None:
    """What is said of a directory; ``None`` where nothing was recorded yet.

    Raises:
        CorruptState: the file is damaged.
        PermanentError: a newer Warren wrote it.
    """
    if FORMAT_NAME not in disk.names():
        return None
    try:
        document = json.loads(disk.read(FORMAT_NAME))
        found = Format(
            version=int(document["format"]),
            cluster_id=str(document["cluster_id"]),
            is_begun=bool(document.get("is_begun", True)),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptState(
            f"file {FORMAT_NAME} of the state directory is damaged: {error}",
            hint="restore the state directory from a copy, or move it away and begin anew",
        ) from error
    if found.version > DIRECTORY_FORMAT:
        raise PermanentError(
            f"the state directory has format {found.version}; this Warren knows {DIRECTORY_FORMAT}",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    return found


def _begin_log(place: Place, cluster_id: str, state: State, *, term: int) -> None:
    _remove(place.disk, place.disk.names())  # of an attempt that a crash ended
    pieces = StoreMachine(state, cluster_id).freeze()
    bootstrap(place, {LONE_MEMBER: ""}, pieces, index=max(state.index, 1), term=term)


def _write_format(disk: Disk, found: Format) -> None:
    document = {"format": found.version, "cluster_id": found.cluster_id, "is_begun": found.is_begun}
    write_temporary(disk, FORMAT_NAME, json.dumps(document).encode())
    publish(disk, FORMAT_NAME)


def _check_nothing_is_lost(disk: Disk, consensus: Disk) -> None:
    """A directory whose ``format`` went missing must not be taken for a new one."""
    if format1_files(disk.names()) or consensus.names():
        raise CorruptState(
            f"file {FORMAT_NAME} of the state directory is missing, but there is state",
            hint="restore the state directory from a copy, or move it away and begin anew",
        )


def _remove(disk: Disk, names: Iterable[str]) -> None:
    gone = tuple(names)
    for name in gone:
        disk.remove(name)
    if gone:
        disk.sync_directory()
