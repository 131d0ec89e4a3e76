"""A snapshot in place of a long journal, without stopping the loop."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from warren.aio.disk import TEMPORARY_SUFFIX, Disk, DiskFile, publish
from warren.aio.offload import Offload
from warren.store import snapshot
from warren.store.journal import PREFIX as JOURNAL_PREFIX, Journal
from warren.store.recovery import numbered
from warren.store.snapshot import Frozen


async def compact(
    disk: Disk, journal: Journal, take: Callable[[], Frozen], *, offload: Offload
) -> int:
    """Begin a new journal file, write a snapshot, then remove what it makes unnecessary.

    At every moment the files on disk hold everything: the old ones go only when the snapshot is
    durable.

    Returns:
        The index that the snapshot holds.

    Raises:
        TransientError: the disk is full; the journal goes on.
        PermanentError: the disk failed; the journal is dead.
    """
    tail = await journal.rotate()
    frozen = take()
    name = snapshot.snapshot_name(frozen.meta.index)
    try:
        await _write(disk, name, frozen, offload)
        await offload.run(
            partial(_remove_old, disk, snapshot_index=frozen.meta.index, journal=tail.first_index)
        )
    except OSError as error:
        raise journal.judge(error) from error
    return frozen.meta.index


async def _write(disk: Disk, name: str, frozen: Frozen, offload: Offload) -> None:
    temporary = name + TEMPORARY_SUFFIX
    file = await offload.run(partial(disk.create, temporary))
    done = False
    try:
        offset = 0
        for piece in snapshot.encode_snapshot(frozen):
            await offload.run(partial(file.write, offset, piece))
            offset += len(piece)
        await offload.run(file.sync)
        done = True
    finally:
        # Queued behind what may still be running, and not waited for: this may be a cancellation.
        offload.run(partial(_let_go, disk, file, temporary, keep=done))
    await offload.run(partial(publish, disk, name))


def _let_go(disk: Disk, file: DiskFile, temporary: str, *, keep: bool) -> None:
    with suppress(OSError):
        file.close()
        if not keep:
            disk.remove(temporary)


def _remove_old(disk: Disk, *, snapshot_index: int, journal: int) -> None:
    names = disk.names()
    old = [name for index, name in numbered(names, JOURNAL_PREFIX).items() if index < journal]
    old += [
        name for index, name in numbered(names, snapshot.PREFIX).items() if index < snapshot_index
    ]
    for name in old:
        disk.remove(name)
    disk.sync_directory()
