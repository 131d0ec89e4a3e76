"""From the files of a state directory of format 1 back to the state.

The newest snapshot, then every journal entry after it. What is missing or damaged in between is
refused with the place named; the one thing that is forgiven is the torn last record, which nobody
was ever told about.
"""

import hashlib

from warren.aio.disk import Disk
from warren.model.errors import CorruptState
from warren.store.format1 import snapshot
from warren.store.format1.record import Contents, corrupt, read_journal
from warren.store.state import State, apply

JOURNAL_PREFIX = "journal-"


def cluster_digest(cluster_id: str) -> bytes:
    """What journal headers carry of the cluster's id."""
    return hashlib.blake2b(cluster_id.encode(), digest_size=32).digest()


def read_state(disk: Disk, cluster_id: str) -> State:
    """Read everything; change nothing.

    Raises:
        CorruptState: something acknowledged is damaged or missing; says where.
        PermanentError: a newer Warren wrote it.
    """
    names = disk.names()
    snapshots = numbered(names, snapshot.PREFIX)
    state = State()
    if snapshots:
        state = _load_snapshot(disk, snapshots[max(snapshots)], cluster_id)
    journals = numbered(names, JOURNAL_PREFIX)
    first = max((index for index in journals if index <= state.index + 1), default=None)
    if first is None:
        raise CorruptState(
            f"the journal that holds entry {state.index + 1} is missing",
            hint="restore the state directory from a copy, or move it away and begin anew",
        )
    _replay(disk, state, cluster_id, journals, first)
    return state


def files(names: tuple[str, ...]) -> tuple[str, ...]:
    """The files of ``names`` that format 1 kept its state in."""
    return (
        *numbered(names, JOURNAL_PREFIX).values(),
        *numbered(names, snapshot.PREFIX).values(),
    )


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
) -> None:
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


def _check_header(name: str, contents: Contents, cluster: bytes, index: int) -> None:
    if contents.header.cluster != cluster:
        raise corrupt(name, 0, 0, "it belongs to another cluster")
    if contents.header.first_index != index:
        raise corrupt(name, 0, 0, f"it begins at entry {contents.header.first_index}")
