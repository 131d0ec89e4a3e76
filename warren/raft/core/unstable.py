"""How far the writing of the log has come: asked for, and done.

Writes are handed out in order and end in order, but the tail of the log may be replaced meanwhile.
So the end of a write counts only as far as the log still is what was written.
"""

from warren.raft.core.entry import SnapshotMeta


class Unstable:
    """Two marks in a log, and the snapshot that is to replace all before them.

    Attributes:
        handed: up to here the log was handed out to be written.
        durable: up to here it is written.
        snapshot: replaces the log and is not written yet; ``None`` if there is none.
    """

    __slots__ = ("_snapshot_handed", "durable", "handed", "snapshot")

    def __init__(self, durable: int) -> None:
        self.handed = durable
        self.durable = durable
        self.snapshot: SnapshotMeta | None = None
        self._snapshot_handed = False

    @property
    def has_new_snapshot(self) -> bool:
        """Whether there is a snapshot that was not handed out."""
        return self.snapshot is not None and not self._snapshot_handed

    def truncate(self, last: int) -> None:
        """The log ends at ``last`` now, for the moment."""
        self.handed = min(self.handed, last)
        self.durable = min(self.durable, last)

    def restore(self, snapshot: SnapshotMeta) -> None:
        """The log is replaced by ``snapshot``."""
        self.snapshot = snapshot
        self._snapshot_handed = False
        self.handed = self.durable = snapshot.index

    def accept(self, last: int) -> SnapshotMeta | None:
        """All up to ``last`` is handed out, and with it the snapshot if it was not before."""
        self.handed = last
        if not self.has_new_snapshot:
            return None
        self._snapshot_handed = True
        return self.snapshot

    def stable_to(self, index: int) -> None:
        """The log up to ``index``, as it is now, is written."""
        self.durable = max(self.durable, min(index, self.handed))

    def stable_snapshot_to(self, index: int) -> None:
        """The snapshot of ``index`` is written."""
        if self.snapshot is not None and self.snapshot.index == index:
            self.snapshot = None
            self._snapshot_handed = False
