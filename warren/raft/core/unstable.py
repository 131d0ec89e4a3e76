"""How much of a log is durable, and how much of the rest is on its way to the disk.

Writing takes its time, and the log goes on changing meanwhile. From ``offset`` on entries are not
known to be durable; those before ``offset_in_progress`` have been handed out to be written. When
entries are replaced both marks move back, so the new ones are handed out again and what becomes of
the old ones does not matter. The same goes for a snapshot that takes the place of the whole log.
"""

from warren.raft.core.entry import SnapshotMeta


class Unstable:
    """The marks; the entries themselves are the log's.

    Attributes:
        offset: the first index that is not known to be durable.
        offset_in_progress: the first index that has not been handed out; never before ``offset``.
        snapshot: one that replaces the log and is not known to be in force on the disk.
        snapshot_in_progress: whether it was handed out.
    """

    __slots__ = ("offset", "offset_in_progress", "snapshot", "snapshot_in_progress")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.offset_in_progress = offset
        self.snapshot: SnapshotMeta | None = None
        self.snapshot_in_progress = False

    @property
    def next_snapshot(self) -> SnapshotMeta | None:
        """The snapshot that is to be handed out."""
        return None if self.snapshot_in_progress else self.snapshot

    def accept_in_progress(self, last_index: int) -> None:
        """The snapshot and all entries up to ``last_index`` have been handed out."""
        self.offset_in_progress = max(self.offset_in_progress, last_index + 1)
        self.snapshot_in_progress = self.snapshot is not None

    def replaced_from(self, index: int) -> None:
        """The entries from ``index`` on are others than before."""
        self.offset = min(self.offset, index)
        self.offset_in_progress = min(self.offset_in_progress, index)

    def stable_to(self, index: int) -> None:
        """All up to ``index`` is durable, as the log has it now."""
        self.offset = max(self.offset, index + 1)
        self.offset_in_progress = max(self.offset_in_progress, self.offset)

    def stable_snapshot_to(self, index: int) -> None:
        """The snapshot of ``index`` is in force on the disk, unless another has come since."""
        if self.snapshot is not None and self.snapshot.index == index:
            self.snapshot = None
            self.snapshot_in_progress = False

    def restore(self, snapshot: SnapshotMeta) -> None:
        """A snapshot takes the place of the log."""
        self.snapshot = snapshot
        self.snapshot_in_progress = False
        self.offset = snapshot.index + 1
        self.offset_in_progress = self.offset
