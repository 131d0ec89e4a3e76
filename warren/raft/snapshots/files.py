"""The names of snapshots, and which of them stay."""

import re
from collections.abc import Collection

from warren.aio.disk import TEMPORARY_SUFFIX, Disk
from warren.raft.core.entry import SnapshotMeta
from warren.raft.wal.failures import disk_failure

RECEIVED_SUFFIX = ".part"
_NAME = re.compile(r"snapshot-\d{20}-\d{20}")
_UNFINISHED = re.compile(
    rf"{_NAME.pattern}({re.escape(TEMPORARY_SUFFIX)}|{re.escape(RECEIVED_SUFFIX)})"
)


def snapshot_name(meta: SnapshotMeta) -> str:
    """The name of the file that stands for ``meta``; names sort as snapshots do."""
    return f"snapshot-{meta.index:020}-{meta.term:020}"


def newest(disk: Disk) -> str | None:
    """The name of the snapshot with the highest index; whether it is whole only reading tells."""
    return max(filter(_NAME.fullmatch, disk.names()), default=None)


def prune(disk: Disk, keep: Collection[str]) -> None:
    """Remove the finished snapshots that are not in ``keep``.

    Raises:
        Broken: the disk failed.
    """
    remove_snapshots(
        disk, [name for name in disk.names() if _NAME.fullmatch(name) and name not in keep]
    )


def discard_unfinished(disk: Disk) -> None:
    """Remove what was being written or received when the process ended; nobody may be at it now.

    Raises:
        Broken: the disk failed.
    """
    remove_snapshots(disk, [name for name in disk.names() if _UNFINISHED.fullmatch(name)])


def remove_snapshots(disk: Disk, names: list[str]) -> None:
    """Remove these.

    Raises:
        DiskFull: there is no room even for that.
        Broken: the disk failed.
    """
    if not names:
        return
    try:
        for name in names:
            disk.remove(name)
        disk.sync_directory()
    except OSError as error:
        raise disk_failure(error, "remove old snapshots") from error
