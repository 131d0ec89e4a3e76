"""When to take a snapshot, how much of the log to drop behind it, and those that come from the leader."""

from collections.abc import Iterable

from warren.raft.core.entry import SnapshotMeta
from warren.raft.core.progress import Progress, ProgressState
from warren.raft.machine import Restoring
from warren.raft.replica.settings import ReplicaSettings

_RETRY_MS = 1_000
_WAIT_FOR_SLOW = 10
"""So many times ``snapshot_entries`` stay in memory for a member that is receiving a snapshot."""


class Snapshots:
    """What is being saved and installed.

    Args:
        settings: see there.
        index: of the newest snapshot.

    Attributes:
        saving: the one that is being written.
    """

    def __init__(self, settings: ReplicaSettings, index: int) -> None:
        self._every = settings.snapshot_entries
        self._keep = settings.keep_entries
        self._newest = index
        self._not_before_ms = 0
        self._hurry = False
        self._installing: dict[int, Restoring] = {}
        self.saving: SnapshotMeta | None = None

    def hurry(self) -> None:
        """Take the next one as soon as it would be of any use."""
        self._hurry = True

    def is_due(self, applied: int, now_ms: int) -> bool:
        """Whether one is to be taken now."""
        if self.saving is not None or self._installing or now_ms < self._not_before_ms:
            return False
        return applied - self._newest >= (1 if self._hurry else self._every)

    def begin(self, meta: SnapshotMeta) -> None:
        """It is being written."""
        self.saving = meta

    def end(self, meta: SnapshotMeta, now_ms: int, *, ok: bool) -> None:
        """It was written, or could not be."""
        assert meta == self.saving, "one snapshot is saved at a time"
        self.saving = None
        if ok:
            self._hurry = False
            self._newest = max(self._newest, meta.index)
        else:
            self._not_before_ms = now_ms + _RETRY_MS

    def compact_to(self, index: int, progress: Iterable[Progress]) -> int:
        """Up to where the log is not needed any more when there is a snapshot of ``index``."""
        last = index - self._keep
        oldest = index - _WAIT_FOR_SLOW * self._every
        for each in progress:
            if each.state is ProgressState.SNAPSHOT and each.pending_snapshot > oldest:
                last = min(last, each.pending_snapshot)
        return last

    def install_later(self, meta: SnapshotMeta, restoring: Restoring) -> None:
        """Hold what was received until the log on the disk begins behind it."""
        self._installing[meta.index] = restoring

    def install(self, meta: SnapshotMeta) -> None:
        """Put it in the place of the state."""
        self._installing.pop(meta.index).finish()
        self._installing = {
            index: each for index, each in self._installing.items() if index > meta.index
        }
        self._newest = max(self._newest, meta.index)
