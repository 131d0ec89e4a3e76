"""A state directory, opened: locked, checked, recovered, and let go again."""

import json
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from warren.aio.clock import Clock
from warren.aio.disk import Disk, RealDisk, publish, write_temporary
from warren.aio.offload import Offload, Thread
from warren.model.errors import CorruptState, Denied, NotFound, PermanentError, TransientError
from warren.model.ids import new_id
from warren.store import snapshot
from warren.store.compaction import compact
from warren.store.journal import DISK_FULL, PREFIX as JOURNAL_PREFIX, Journal, create_journal
from warren.store.lock import hold
from warren.store.proposer import ApplyEntry
from warren.store.record import read_journal
from warren.store.recovery import Recovered, cluster_digest, numbered, read_state, repair
from warren.store.state import Applied
from warren.store.store import COMPACT_ENTRIES, Store

FORMAT_NAME = "format"
DIRECTORY_FORMAT = 1
READ_ATTEMPTS = 10
_READ_PAUSE_SECONDS = 0.05


@asynccontextmanager
async def open_store(
    directory: Path,
    *,
    clock: Clock,
    read_only: bool = False,
    command: str = "warren",
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> AsyncIterator[Store]:
    """Open the store that lives in ``directory``; it is made if there is none.

    Args:
        directory: made with mode 0700.
        clock: for the lock's note and a new cluster's id.
        read_only: take no lock and write nothing; what is recorded up to now is shown, even while
            somebody else holds the directory.
        command: what others are told who find it locked; must hold no secret.
        random_bytes: for a new cluster's id.

    Raises:
        Busy: another process holds it; the message says which.
        NotFound: it is to be read only and there is none.
        CorruptState: something acknowledged is damaged; says where.
        PermanentError: the directory cannot be used, or a newer Warren wrote it.
        TransientError: the disk is full.
    """
    if read_only:
        recovered, cluster_id = await _read(directory, clock)
        store = Store(recovered.state, cluster_id, lambda _apply: _ReadOnly(directory))
        try:
            yield store
        finally:
            store.close()
        return
    make_id = partial(
        new_id, "cluster", now_ms=int(clock.now().timestamp() * 1000), random_bytes=random_bytes
    )
    async with AsyncExitStack() as stack:
        try:
            _make_directory(directory)
            stack.enter_context(hold(directory, now=clock.now(), command=command))
        except OSError as error:
            raise _unusable(directory, error) from error
        writer, compactor = Thread("journal"), Thread("snapshot")
        stack.callback(writer.close)
        stack.callback(compactor.close)
        disk = RealDisk(directory)
        yield await stack.enter_async_context(
            open_on_disk(disk, make_id, writer=writer, compactor=compactor, called=str(directory))
        )


@asynccontextmanager
async def open_on_disk(
    disk: Disk,
    make_id: Callable[[], str],
    *,
    writer: Offload,
    compactor: Offload,
    called: str,
) -> AsyncIterator[Store]:
    """Open the store on a disk that nobody else writes.

    Args:
        disk: real or simulated.
        make_id: makes the id of a new cluster.
        writer: where the journal's writes run.
        compactor: where snapshots are written.
        called: what messages call the directory.
    """
    try:
        cluster_id = _read_format(disk) or _initialise(disk, make_id())
        recovered = read_state(disk, cluster_id)
        repair(disk, recovered)
    except OSError as error:
        raise _unusable(Path(called), error) from error
    journals: list[Journal] = []

    def journal_for(apply_entry: ApplyEntry) -> Journal:
        journals.append(Journal(disk, recovered.tail, apply_entry, offload=writer))
        return journals[0]

    store = Store(recovered.state, cluster_id, journal_for)
    store.compact_with(
        partial(compact, disk, journals[0], store.freeze, offload=compactor),
        index=recovered.snapshot_index,
    )
    try:
        if store.index - recovered.snapshot_index >= COMPACT_ENTRIES:
            await store.compact()
        yield store
    finally:
        store.close()
        await journals[0].close()


class _ReadOnly:
    """Refuses every write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def propose(self, entry: bytes) -> Applied:
        raise Denied(
            f"state directory {self._directory} was opened to be read ({len(entry)} bytes)"
        )


async def _read(directory: Path, clock: Clock) -> tuple[Recovered, str]:
    disk = RealDisk(directory)
    for attempt in range(1, READ_ATTEMPTS + 1):
        try:
            cluster_id = _read_format(disk)
            if cluster_id is None:
                raise _missing(directory)
            return read_state(disk, cluster_id), cluster_id
        except (FileNotFoundError, CorruptState) as error:
            if not _exists(directory):
                raise _missing(directory) from error
            # The holder may just be replacing journals by a snapshot: look again.
            if attempt == READ_ATTEMPTS:
                if isinstance(error, CorruptState):
                    raise
                raise _unusable(directory, error) from error
        except OSError as error:
            raise _unusable(directory, error) from error
        await clock.sleep(_READ_PAUSE_SECONDS)
    raise AssertionError("the last attempt returns or raises")


def _exists(directory: Path) -> bool:
    return directory.is_dir()


def _missing(directory: Path) -> NotFound:
    return NotFound(
        f"there is no state in {directory}", hint="run a playbook first, or name its directory"
    )


def _make_directory(directory: Path) -> None:
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:  # a synced file is lost all the same if its directory's name is
        RealDisk(each.parent).sync_directory()
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", str(directory))


def _read_format(disk: Disk) -> str | None:
    """The cluster's id, or ``None`` where nothing was recorded yet."""
    if FORMAT_NAME not in disk.names():
        return None
    try:
        document = json.loads(disk.read(FORMAT_NAME))
        version, cluster_id = document["format"], document["cluster_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptState(
            f"file {FORMAT_NAME} of the state directory is damaged: {error}",
            hint="restore the state directory from a copy, or move it away and begin anew",
        ) from error
    if version != DIRECTORY_FORMAT:
        raise PermanentError(
            f"the state directory has format {version}; this Warren knows {DIRECTORY_FORMAT}",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    return str(cluster_id)


def _initialise(disk: Disk, cluster_id: str) -> str:
    """Make an empty journal, then say that it is there.

    In this order a directory with a format file has a journal, so that a journal that went missing
    is noticed; one without a format file never acknowledged anything.
    """
    names = disk.names()
    journals = numbered(names, JOURNAL_PREFIX)
    recorded = any(read_journal(name, disk.read(name)).records for name in journals.values())
    if recorded or numbered(names, snapshot.PREFIX):
        raise CorruptState(
            f"file {FORMAT_NAME} of the state directory is missing, but there is state",
            hint="restore the state directory from a copy, or move it away and begin anew",
        )
    for name in journals.values():
        disk.remove(name)
    create_journal(disk, cluster=cluster_digest(cluster_id), first_index=1, previous=0)
    document = {"format": DIRECTORY_FORMAT, "cluster_id": cluster_id}
    write_temporary(disk, FORMAT_NAME, json.dumps(document).encode())
    publish(disk, FORMAT_NAME)
    return cluster_id


def _unusable(directory: Path, error: OSError) -> PermanentError | TransientError:
    what = f"state directory {directory}: {error.strerror or error}"
    if error.errno in DISK_FULL:
        return TransientError(what, hint="free some space and try again", retry_after_seconds=5.0)
    return PermanentError(
        what, hint="name a directory that this user may write, or have its permissions changed"
    )
