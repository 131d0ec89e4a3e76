"""The journal: an append-only file behind the ``Proposer`` seam.

Entries proposed while a batch is being made durable form the next batch: one write, one fdatasync,
however many they are. Nothing is applied, and nobody is told, before the fdatasync has returned.

An fsync that failed is never tried again: the kernel may have thrown the pages away and report
success the next time. The journal is then dead, and so must be the process. A full disk is milder: the
partial record is cut off, nothing of the batch is applied, and reading goes on.

The work moves from step to step by callbacks of the loop, not by a task, so a caller that is
cancelled cannot leave a batch half done.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from warren.aio.disk import Disk, DiskFile, publish, write_temporary
from warren.aio.offload import Offload
from warren.model.errors import Busy, PermanentError, TransientError, WarrenError
from warren.store.proposer import ApplyEntry
from warren.store.record import HEADER_BYTES, Header, encode_header, encode_record, header_checksum
from warren.store.state import Applied

QUEUE_ENTRIES_MAX = 8192
BATCH_ENTRIES_MAX = 1024
BATCH_BYTES_MAX = 8 << 20
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
PREFIX = "journal-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where a journal goes on.

    Attributes:
        name: of the file.
        cluster: digest of the cluster's id, as in every header.
        first_index: of the file.
        next_index: of the next entry.
        offset: where its record will stand.
        checksum: of the record before.
    """

    name: str
    cluster: bytes
    first_index: int
    next_index: int
    offset: int
    checksum: int


def journal_name(first_index: int) -> str:
    """The name of the file whose first entry has that index."""
    return f"{PREFIX}{first_index:020}"


def create_journal(disk: Disk, *, cluster: bytes, first_index: int, previous: int) -> Tail:
    """Make an empty journal file, durably.

    Raises:
        OSError: as the disk says. With a full disk (``DISK_FULL``) there is no new file.
    """
    header = Header(cluster=cluster, first_index=first_index, previous=previous)
    name = journal_name(first_index)
    write_temporary(disk, name, encode_header(header))
    try:
        publish(disk, name)
    except OSError as error:  # the name may be there or not: nothing may be written any more
        raise OSError(errno.EIO, f"cannot publish {name}: {error}") from error
    return Tail(
        name=name,
        cluster=cluster,
        first_index=first_index,
        next_index=first_index,
        offset=HEADER_BYTES,
        checksum=header_checksum(header),
    )


class Journal:
    """Makes entries durable in batches, then applies them.

    Args:
        disk: the state directory.
        tail: where to go on; what stands behind it has been cut.
        apply_entry: called with each durable entry.
        offload: where writes and syncs run.
    """

    def __init__(
        self, disk: Disk, tail: Tail, apply_entry: ApplyEntry, *, offload: Offload
    ) -> None:
        self._disk = disk
        self._tail = tail
        self._apply = apply_entry
        self._offload = offload
        self._file = disk.open(tail.name)
        self._queue: deque[tuple[bytes, asyncio.Future[Applied]]] = deque()
        self._rotations: list[asyncio.Future[Tail]] = []
        self._at_work = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._failure: WarrenError | None = None

    @property
    def tail(self) -> Tail:
        """Where the next record will stand."""
        return self._tail

    async def propose(self, entry: bytes) -> Applied:
        """Make the entry durable, apply it, and say what it did.

        Raises:
            Busy: too many entries are waiting for the disk.
            TransientError: the disk is full; the entry was not applied.
            PermanentError: the disk failed; the entry may or may not survive.
        """
        if self._failure is not None:
            raise self._failure
        if len(self._queue) >= QUEUE_ENTRIES_MAX:
            raise Busy(f"{len(self._queue)} writes already wait for the disk")
        waiter: asyncio.Future[Applied] = asyncio.get_running_loop().create_future()
        self._queue.append((entry, waiter))
        self._wake()
        return await waiter

    async def rotate(self) -> Tail:
        """Begin a new file, so that those before it can go once a snapshot holds what they say.

        Raises:
            TransientError: the disk is full; the old file is used on.
            PermanentError: the disk failed.
        """
        if self._failure is not None:
            raise self._failure
        waiter: asyncio.Future[Tail] = asyncio.get_running_loop().create_future()
        self._rotations.append(waiter)
        self._wake()
        return await waiter

    async def close(self) -> None:
        """Wait for the batches under way and close the file; nothing can be proposed after."""
        await self._idle.wait()
        if self._failure is None:
            self._failure = PermanentError("the journal is closed")
        self._file.close()

    def _wake(self) -> None:
        if not self._at_work:
            self._at_work = True
            self._idle.clear()
            # Not now: all that is proposed in this turn of the loop shall share one fsync.
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._failure is None and self._rotations:
            self._start_rotation()
        elif self._failure is None and self._queue:
            self._start_batch()
        else:
            self._at_work = False
            self._idle.set()

    def _start_batch(self) -> None:
        batch: list[tuple[bytes, asyncio.Future[Applied]]] = []
        size = 0
        while self._queue and len(batch) < BATCH_ENTRIES_MAX and size < BATCH_BYTES_MAX:
            batch.append(self._queue.popleft())
            size += len(batch[-1][0])
        tail = self._tail
        data, checksum = encode_record(
            tail.checksum, tail.next_index, [entry for entry, _waiter in batch]
        )
        after = Tail(
            name=tail.name,
            cluster=tail.cluster,
            first_index=tail.first_index,
            next_index=tail.next_index + len(batch),
            offset=tail.offset + len(data),
            checksum=checksum,
        )
        written = self._offload.run(partial(self._write, tail.offset, data))
        written.add_done_callback(partial(self._end_batch, batch, after))

    def _write(self, offset: int, data: bytes) -> None:
        try:
            self._file.write(offset, data)
        except OSError as error:
            if error.errno in DISK_FULL:
                self._cut(offset)
            raise
        try:
            self._file.sync()
        except OSError as error:  # whatever it is called, what is on the disk is now unknown
            raise OSError(errno.EIO, f"fdatasync failed: {error}") from error

    def _cut(self, offset: int) -> None:
        # Synced, for the next thing written may be a new file: the partial record must not come
        # back behind a power failure then, where it would look like damage to acknowledged entries.
        try:
            self._file.truncate(offset)
            self._file.sync()
        except OSError as error:
            raise OSError(errno.EIO, f"cannot cut a partial record: {error}") from error

    def _end_batch(
        self,
        batch: list[tuple[bytes, asyncio.Future[Applied]]],
        after: Tail,
        written: "asyncio.Future[None]",
    ) -> None:
        error = written.exception()
        if error is not None:
            failure = self.judge(error)
            for _entry, waiter in batch:
                _fail(waiter, failure)
            self._go_on()
            return
        index = self._tail.next_index
        self._tail = after
        try:
            for number, (entry, waiter) in enumerate(batch):
                applied = self._apply(entry, index + number)
                if not waiter.done():
                    waiter.set_result(applied)
        except BaseException:
            self._die(PermanentError("a durable entry cannot be applied: the process must stop"))
            for _entry, waiter in batch:
                _fail(waiter, self._failure)
            raise
        finally:
            self._go_on()

    def _start_rotation(self) -> None:
        waiters, self._rotations = self._rotations, []
        tail = self._tail
        if tail.next_index == tail.first_index:  # nothing in it yet
            for waiter in waiters:
                waiter.set_result(tail)
            self._go_on()
            return
        create = partial(
            create_journal,
            self._disk,
            cluster=tail.cluster,
            first_index=tail.next_index,
            previous=tail.checksum,
        )
        created = self._offload.run(partial(self._create_and_open, create))
        created.add_done_callback(partial(self._end_rotation, waiters))

    def _create_and_open(self, create: Callable[[], Tail]) -> tuple[Tail, DiskFile]:
        tail = create()
        try:
            return tail, self._disk.open(tail.name)
        except OSError as error:  # entries must not go into the old file once there is a new one
            raise OSError(errno.EIO, f"cannot open {tail.name}: {error}") from error

    def _end_rotation(
        self, waiters: list[asyncio.Future[Tail]], created: "asyncio.Future[tuple[Tail, DiskFile]]"
    ) -> None:
        error = created.exception()
        if error is not None:
            failure = self.judge(error)
            for waiter in waiters:
                _fail(waiter, failure)
        else:
            self._file.close()
            self._tail, self._file = created.result()
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(self._tail)
        self._go_on()

    def judge(self, error: BaseException) -> WarrenError:
        """What a failed write means: for the disk being full a later try, for all else the end."""
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            full = TransientError(
                f"journal {self._tail.name}: the disk is full; nothing was recorded",
                hint="free some space in the state directory's file system and try again",
                retry_after_seconds=5.0,
            )
            full.__cause__ = error
            return full
        failure = PermanentError(
            f"journal {self._tail.name}: the disk failed ({error}); it is unknown whether the last "
            "write survives",
            hint="stop this process, check the disk, then start again: what was acknowledged is kept",
        )
        failure.__cause__ = error
        self._die(failure)
        return failure

    def _die(self, failure: WarrenError) -> None:
        self._failure = failure
        while self._queue:
            _fail(self._queue.popleft()[1], failure)
        for waiter in self._rotations:
            _fail(waiter, failure)
        self._rotations.clear()


def _fail(
    waiter: "asyncio.Future[Applied] | asyncio.Future[Tail]", failure: WarrenError | None
) -> None:
    assert failure is not None, "a failure has a reason"
    if not waiter.done():
        waiter.set_exception(failure)
