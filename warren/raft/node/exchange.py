"""Snapshots on their way: from the state to the disk, from there to other members, and from others here."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from warren.aio.clock import Clock
from warren.aio.offload import Offload
from warren.raft.core.messages import MsgSnap
from warren.raft.errors import DiskFull, RaftError, Refused
from warren.raft.machine import Restoring
from warren.raft.node.statistics import Durations
from warren.raft.node.writing import Threads, Writing
from warren.raft.replica.outbox import SaveSnapshot
from warren.raft.snapshots.files import snapshot_name
from warren.raft.snapshots.reading import SnapshotReader
from warren.raft.snapshots.receiving import Receiver
from warren.raft.storage import Storage, read_pieces
from warren.raft.transport.transport import Transport

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def save(
    job: SaveSnapshot,
    storage: Storage,
    threads: Threads,
    writing: Writing,
    *,
    clock: Clock,
    durations: Durations,
) -> bool:
    """Write a snapshot and let the log begin behind it. Whether there was room for it.

    Raises:
        Broken: the disk failed.
    """
    start = clock.monotonic()
    try:
        await threads.snapshots.run(partial(storage.save, job.meta, job.pieces))
        try:
            await writing.mark(job.meta)
        except DiskFull:
            await threads.snapshots.run(partial(storage.discard, job.meta))
            raise
    except DiskFull as error:
        writing.tell_full(error)
        return False
    durations.add(clock.monotonic() - start)
    return True


async def tidy(job: SaveSnapshot, storage: Storage, threads: Threads) -> None:
    """Remove what a saved snapshot makes unnecessary.

    Raises:
        Broken: the disk failed.
    """
    try:
        await threads.snapshots.run(partial(storage.tidy, job.meta))
    except DiskFull as error:
        _log.warning("old files stay until the next snapshot: %s", error)


class _Source:
    """A durable snapshot, read on a thread."""

    def __init__(self, reader: SnapshotReader, offload: Offload) -> None:
        self.size_bytes = reader.size_bytes
        self._reader = reader
        self._offload = offload

    async def chunk(self, offset: int, size_bytes: int) -> bytes:
        """A part of it."""
        return await self._offload.run(partial(self._reader.chunk, offset, size_bytes))


async def send(message: MsgSnap, storage: Storage, offload: Offload, transport: Transport) -> bool:
    """Send a snapshot to the member that ``message`` is for. Whether it took it."""
    name = snapshot_name(message.snapshot)
    try:
        reader = await offload.run(partial(SnapshotReader, storage.disk, name))
    except RaftError as error:  # a newer one may have taken its place
        _log.info("%s is not sent to member %d: %s", name, message.to, error)
        return False
    try:
        await transport.send_snapshot(message, _Source(reader, offload))
    except RaftError as error:
        _log.warning("%s was not sent to member %d: %s", name, message.to, error)
        return False
    finally:
        offload.run(reader.close)
    return True


class Inbound:
    """Snapshots from other members, one at a time.

    Args:
        storage: where they go.
        offload: where that blocks.
        restore: begins to read back a state beside the present one.
        is_wanted: whether a snapshot is news.
        on_received: it is durable, and its pieces were added.
        on_full: there is no room for it.
        on_failed: the process must stop.
    """

    def __init__(
        self,
        storage: Storage,
        offload: Offload,
        *,
        restore: Callable[[], Restoring],
        is_wanted: Callable[[MsgSnap], bool],
        on_received: Callable[[MsgSnap, Restoring], None],
        on_full: Callable[[DiskFull], None],
        on_failed: Callable[[BaseException], None],
    ) -> None:
        self._storage = storage
        self._offload = offload
        self._restore = restore
        self._is_wanted = is_wanted
        self._on_received = on_received
        self._on_full = on_full
        self._on_failed = on_failed
        self._receiver: Receiver | None = None
        self._message: MsgSnap | None = None
        self._current: _Sink | None = None
        self._one_at_a_time = asyncio.Lock()

    async def open_sink(self, message: MsgSnap, size_bytes: int) -> "_Sink":
        """Begin to receive, or go on where the last connection broke.

        Raises:
            Refused: it is no news.
            DiskFull: there is no room for it.
            Broken: the disk failed.
        """
        async with self._one_at_a_time:
            if not self._is_wanted(message):
                raise Refused("all that it stands for is here already")
            receiver = self._receiver
            if receiver is None or self._message != message:
                if receiver is not None:
                    await self._run(receiver.abort)
                begin = partial(Receiver, self._storage.disk, message.snapshot, size_bytes)
                receiver = self._receiver = await self._run(begin)
                self._message = message
            self._current = _Sink(self, receiver)
            return self._current

    async def add(self, sink: "_Sink", offset: int, data: bytes) -> None:
        """Take a part that came in ``sink``.

        Raises:
            Refused: it does not follow on, or the snapshot comes in another way by now.
            DiskFull: there is no room for it.
            Broken: the disk failed.
        """
        async with self._one_at_a_time:
            self._require(sink)
            await self._run(partial(sink.receiver.add, offset, data))

    async def finish(self, sink: "_Sink") -> None:
        """Check all of it, and put it to use.

        Raises:
            Refused: it is not what was promised, or it comes in another way by now.
            DiskFull: there is no room for it.
            Broken: the disk failed.
        """
        async with self._one_at_a_time:
            self._require(sink)
            message, self._receiver, self._current = self._message, None, None
            assert message is not None, "what is received was announced"
            restoring = self._restore()

            def put_to_use() -> None:
                # In one go: one's own next snapshot might remove this one in between.
                sink.receiver.finish()
                read_pieces(self._storage.disk, message.snapshot, restoring)

            await self._run(put_to_use)
            self._on_received(message, restoring)

    def _require(self, sink: "_Sink") -> None:
        if sink is not self._current:
            raise Refused("the snapshot is received over another connection by now")

    async def _run(self, call: Callable[[], T]) -> T:
        try:
            return await self._offload.run(call)
        except (DiskFull, Refused) as error:
            receiver, self._receiver, self._current = self._receiver, None, None
            if receiver is not None:
                await self._offload.run(receiver.abort)
            if isinstance(error, DiskFull):
                self._on_full(error)
            raise
        except Exception as error:
            self._on_failed(error)
            raise


class _Sink:
    """One connection on which a snapshot comes."""

    def __init__(self, inbound: Inbound, receiver: Receiver) -> None:
        self.receiver = receiver
        self._inbound = inbound

    @property
    def offset(self) -> int:
        """Where the sender is to go on."""
        return self.receiver.offset

    async def add(self, offset: int, data: bytes) -> None:
        """Take the next part."""
        await self._inbound.add(self, offset, data)

    async def finish(self) -> None:
        """All of it is there."""
        await self._inbound.finish(self)
