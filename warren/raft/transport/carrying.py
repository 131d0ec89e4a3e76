"""Snapshots between members, on a connection of their own, a few parts ahead of the receiver.

The receiver says after each part how much it has, and at the start where to begin: a connection that
breaks costs only what was under way on it.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from warren.aio.backoff import Backoff
from warren.aio.clock import Clock
from warren.raft.core.messages import MsgSnap
from warren.raft.errors import Incompatible, RaftError, Refused, Unavailable
from warren.raft.transport.connection import Connection
from warren.raft.transport.frames import FrameKind
from warren.raft.transport.handshake import Self, introduce
from warren.raft.transport.security import Security
from warren.raft.transport.wire import (
    Progress,
    Purpose,
    Snapshot,
    decode_chunk,
    decode_progress,
    decode_snapshot,
    encode,
    encode_chunk,
)

CHUNK_BYTES = 512 << 10
CHUNKS_AHEAD = 4
IDLE_SECONDS = 30.0
"""A connection on which nothing moved for so long is given up."""
RETRY = Backoff(first_seconds=0.2, factor=2.0, ceiling_seconds=2.0, attempts=5)


class Source(Protocol):
    """A snapshot to be sent."""

    @property
    def size_bytes(self) -> int:
        """Of all of it."""
        ...

    async def chunk(self, offset: int, size_bytes: int) -> bytes:
        """A part of it."""
        ...


class Sink(Protocol):
    """A snapshot being received."""

    @property
    def offset(self) -> int:
        """Where the sender is to go on."""
        ...

    async def add(self, offset: int, data: bytes) -> None:
        """Take the next part.

        Raises:
            RaftError: it cannot be taken; the transfer ends.
        """
        ...

    async def finish(self) -> None:
        """All of it is there: check it and put it to use.

        Raises:
            RaftError: it is not what was promised.
        """
        ...


class OpenSink(Protocol):
    """Where snapshots go that others send."""

    async def __call__(self, message: MsgSnap, size_bytes: int) -> Sink:
        """Begin to receive, or go on.

        Raises:
            RaftError: it is not wanted.
        """
        ...


class Carrier:
    """Sends one snapshot to one member.

    Args:
        message: what announces it.
        source: its bytes.
        address: of the receiver.
        security: certificates.
        ours: who we are.
        timeout_seconds: for connecting.
    """

    def __init__(
        self,
        message: MsgSnap,
        source: Source,
        address: str,
        security: Security,
        ours: Self,
        *,
        timeout_seconds: float,
    ) -> None:
        self._message = message
        self._source = source
        self._address = address
        self._security = security
        self._ours = ours
        self._timeout_seconds = timeout_seconds
        self._news: asyncio.Queue[Progress | None] = asyncio.Queue()

    async def carry(self, clock: Clock, random: Callable[[], float]) -> None:
        """Send it, over several connections if need be.

        Raises:
            RaftError: the receiver does not want it, or could not be reached.
        """
        failure: RaftError = Unavailable("nothing was tried")
        for wait_seconds in RETRY.waits(random):
            try:
                await self._try()
            except Unavailable as error:
                failure = error
                await clock.sleep(wait_seconds)
            else:
                return
        raise failure

    async def _try(self) -> None:
        news: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._news = news
        connection = await introduce(
            self._address,
            self._security,
            self._ours,
            to=self._message.to,
            purpose=Purpose.SNAPSHOT,
            on_frame=self._take,
            on_closed=lambda _connection: news.put_nowait(None),
            timeout_seconds=self._timeout_seconds,
        )
        try:
            begin = Snapshot(self._message, self._source.size_bytes)
            connection.send(FrameKind.SNAPSHOT, encode(begin))
            await self._send_from(connection, await self._next())
        finally:
            connection.abort()

    async def _send_from(self, connection: Connection, progress: Progress) -> None:
        sent = progress.offset
        while not progress.done:
            ahead = sent - progress.offset
            if sent < self._source.size_bytes and ahead < CHUNK_BYTES * CHUNKS_AHEAD:
                data = await self._source.chunk(sent, CHUNK_BYTES)
                assert data, "there is more of the snapshot"
                connection.send(FrameKind.CHUNK, encode_chunk(sent, data))
                sent += len(data)
            else:
                progress = await self._next()

    async def _next(self) -> Progress:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                progress = await self._news.get()
        except TimeoutError as error:
            raise Unavailable(f"{self._address} takes nothing more of a snapshot") from error
        if progress is None:
            raise Unavailable(f"the connection to {self._address} broke during a snapshot")
        if progress.refusal:
            raise Refused(f"{self._address} does not take the snapshot: {progress.refusal}")
        return progress

    def _take(self, _connection: Connection, kind: FrameKind, payload: bytes) -> None:
        if kind is not FrameKind.PROGRESS:
            raise Incompatible(f"{kind.name} came on a connection for a snapshot")
        self._news.put_nowait(decode_progress(payload))


class Receiving:
    """The other end of ``Carrier``: frames go in by ``take``, ``run`` works on them."""

    def __init__(self, connection: Connection, open_sink: OpenSink) -> None:
        self._connection = connection
        self._open_sink = open_sink
        self._frames: asyncio.Queue[tuple[FrameKind, bytes] | None] = asyncio.Queue()

    def take(self, kind: FrameKind, payload: bytes) -> None:
        """A frame has come.

        Raises:
            Incompatible: the other side sends more than it may.
        """
        if self._frames.qsize() > 2 * CHUNKS_AHEAD:
            raise Incompatible("the sender of a snapshot does not wait for its receiver")
        self._frames.put_nowait((kind, payload))

    def end(self) -> None:
        """The connection is closed."""
        self._frames.put_nowait(None)

    async def run(self) -> None:
        """Receive until all is there or the connection is closed."""
        try:
            await self._receive()
        except RaftError as error:
            self._tell(Progress(0, refusal=str(error)[:1000] or type(error).__name__))
            self._connection.close(error)

    async def _receive(self) -> None:
        first = await self._frames.get()
        if first is None:
            return
        begin = _read_begin(*first)
        sink = await self._open_sink(begin.message, begin.size_bytes)
        self._tell(Progress(sink.offset))
        while sink.offset < begin.size_bytes:
            frame = await self._frames.get()
            if frame is None:
                return
            kind, payload = frame
            if kind is not FrameKind.CHUNK:
                raise Incompatible(f"{kind.name} came in the middle of a snapshot")
            await sink.add(*decode_chunk(payload))
            if sink.offset < begin.size_bytes:
                self._tell(Progress(sink.offset))
        await sink.finish()
        self._tell(Progress(begin.size_bytes, done=True))

    def _tell(self, progress: Progress) -> None:
        self._connection.send(FrameKind.PROGRESS, encode(progress))


def _read_begin(kind: FrameKind, payload: bytes) -> Snapshot:
    if kind is not FrameKind.SNAPSHOT:
        raise Incompatible(f"{kind.name} came before a snapshot was announced")
    return decode_snapshot(payload)
