"""From the files of a state directory back to the state.

The newest snapshot, then every journal entry after it. Files are only ever removed once a later
snapshot is durable, so anything missing or damaged in between is refused with the place named; the
one thing that is forgiven is the torn last record, which nobody was ever told about.
"""

import hashlib
from dataclasses import dataclass

from warren.aio.disk import TEMPORARY_SUFFIX, Disk
from warren.model.errors import CorruptState
from warren.store import snapshot
from warren.store.journal import PREFIX as JOURNAL_PREFIX, Tail
from warren.store.record import Contents, corrupt, read_journal
from warren.store.state import State, apply


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What the files say.

    Attributes:
        state: after the last entry.
        tail: where the journal goes on.
        torn_bytes: how much stands behind that.
        snapshot_index: index of the snapshot it began from; 0 without one.
        obsolete: files that no longer count.
    """

    state: State
    tail: Tail
    torn_bytes: int
    snapshot_index: int
    obsolete: tuple[str, ...]


def cluster_digest(cluster_id: str) -> bytes:
    """What journal headers carry of the cluster's id."""
    return hashlib.blake2b(cluster_id.encode(), digest_size=32).digest()


def read_state(disk: Disk, cluster_id: str) -> Recovered:
    """Read everything; change nothing.

    Raises:
        CorruptState: something acknowledged is damaged or missing; says where.
        PermanentError: a newer Warren wrote it.
        FileNotFoundError: a file went away while reading (a compaction by the holder).
    """
    names = disk.names()
    snapshots = numbered(names, snapshot.PREFIX)
    state = State()
    if snapshots:
        state = _load_snapshot(disk, snapshots[max(snapshots)], cluster_id)
    snapshot_index = state.index
    journals = numbered(names, JOURNAL_PREFIX)
    first = max((index for index in journals if index <= state.index + 1), default=None)
    if first is None:
        raise CorruptState(
            f"the journal that holds entry {state.index + 1} is missing",
            hint="restore the state directory from a copy, or move it away and begin anew",
        )
    tail, torn_bytes = _replay(disk, state, cluster_id, journals, first)
    obsolete = [name for index, name in journals.items() if index < first]
    obsolete += [name for index, name in snapshots.items() if index < snapshot_index]
    obsolete += [name for name in names if name.endswith(TEMPORARY_SUFFIX)]
    return Recovered(
        state=state,
        tail=tail,
        torn_bytes=torn_bytes,
        snapshot_index=snapshot_index,
        obsolete=tuple(obsolete),
    )


def repair(disk: Disk, recovered: Recovered) -> None:
    """Cut the torn record and remove what no longer counts, durably.

    Raises:
        OSError: as the disk says.
    """
    if recovered.torn_bytes:
        file = disk.open(recovered.tail.name)
        try:
            file.truncate(recovered.tail.offset)
            file.sync()
        finally:
            file.close()
    if recovered.obsolete:
        for name in recovered.obsolete:
            disk.remove(name)
        disk.sync_directory()


def numbered(names: tuple[str, ...], prefix: str) -> dict[int, str]:
    """The files ``prefix`` + number by their number, ascending; temporary ones left out."""
    found = {
        int(name.removeprefix(prefix)): name
        for name in names
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
    }
    return dict(sorted(found.items()))


def _load_snapshot(disk: Disk, name: str, cluster_id: str) -> State:
    meta, state = snapshot.decode_snapshot(name, disk.read(name))
    if meta.cluster_id != cluster_id or name != snapshot.snapshot_name(meta.index):
        raise CorruptState(
            f"snapshot {name} is that of cluster {meta.cluster_id} at entry {meta.index}",
            hint="it was copied or renamed: bring back the files that belong together",
        )
    return state


def _replay(
    disk: Disk, state: State, cluster_id: str, journals: dict[int, str], first: int
) -> tuple[Tail, int]:
    cluster = cluster_digest(cluster_id)
    before: Contents | None = None
    next_index = first
    needed = [(index, name) for index, name in journals.items() if index >= first]
    for index, name in needed:
        contents = read_journal(name, disk.read(name))
        _check_header(name, contents, cluster, index)
        if before is not None and (
            before.torn_bytes or contents.header.previous != before.checksum
        ):
            raise corrupt(name, 0, 0, "it does not continue the journal before it")
        if index != next_index:
            raise corrupt(name, 0, 0, f"entries {next_index} to {index - 1} are missing before it")
        for record in contents.records:
            for entry in record.entries:
                if next_index > state.index:
                    apply(state, entry, next_index)
                next_index += 1
        before = contents
    assert before is not None, "there is at least the journal asked for"
    name = needed[-1][1]
    if next_index <= state.index:
        raise corrupt(
            name, before.end, len(before.records) + 1, f"entries up to {state.index} are missing"
        )
    tail = Tail(
        name=name,
        cluster=cluster,
        first_index=needed[-1][0],
        next_index=next_index,
        offset=before.end,
        checksum=before.checksum,
    )
    return tail, before.torn_bytes


def _check_header(name: str, contents: Contents, cluster: bytes, index: int) -> None:
    if contents.header.cluster != cluster:
        raise corrupt(name, 0, 0, "it belongs to another cluster")
    if contents.header.first_index != index:
        raise corrupt(name, 0, 0, f"it begins at entry {contents.header.first_index}")
