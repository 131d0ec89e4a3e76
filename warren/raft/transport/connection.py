"""One TLS connection that carries frames.

Frames sent in one turn of the loop leave in one write: a TLS record and a system call each would cost
more than the frames do. But to wait for the end of the turn costs time, too, so where one frame was all
there was in the last turn, the first one of this turn leaves at once.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from warren.raft.errors import Incompatible, RaftError, Unavailable
from warren.raft.transport.frames import FrameKind, FrameReader, encode_frame

BUFFER_BYTES = 1 << 20
"""Beyond this much unsent, ``is_choked`` is true."""
END_SECONDS = 1.0
"""How long a proper end of TLS is waited for."""
SILENCE_MS = 3000
"""What was sent and not acknowledged for so long has been sent to nobody. The system itself would go on
for a quarter of an hour, at longer and longer intervals, and so miss the return of a lost link."""

OnFrame = Callable[["Connection", FrameKind, bytes], None]
OnClosed = Callable[["Connection"], None]


class Connection(asyncio.Protocol):
    """A connection, in either direction.

    Args:
        on_frame: called with every frame; what it raises as ``RaftError`` closes the connection.
        on_closed: called once, when nothing more will come.
        is_patient: take nothing more while the other side does not take what is sent to it.

    Attributes:
        address: the other side's, for messages.
        is_choked: whether the other side takes less than is sent.
        closed: done when the connection is closed.
        reason: why it was closed from this side; ``None`` if the other side did.
    """

    def __init__(self, on_frame: OnFrame, on_closed: OnClosed, *, is_patient: bool = False) -> None:
        self.address = "nowhere"
        self.is_choked = False
        self.reason: RaftError | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_frame = on_frame
        self._on_closed = on_closed
        self._is_patient = is_patient
        self._is_closing = False
        self._reader = FrameReader()
        self._queued: list[bytes] = []
        self._frames_in_turn = 0
        self._is_lonely = True
        self._transport: asyncio.Transport | None = None

    @property
    def certificate(self) -> bytes:
        """The other side's certificate (DER)."""
        assert self._transport is not None, "it is connected"
        session: ssl.SSLObject = self._transport.get_extra_info("ssl_object")
        return session.getpeercert(binary_form=True) or b""

    @property
    def is_open(self) -> bool:
        """Whether what is sent now may arrive."""
        return not self._is_closing

    @property
    def unsent_bytes(self) -> int:
        """How much waits for the other side to take it."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    def send(self, kind: FrameKind, payload: bytes) -> None:
        """Send a frame, by the end of this turn of the loop, if the connection is up."""
        if self._is_closing:
            return
        frame = encode_frame(kind, payload)
        if self._frames_in_turn == 0:
            asyncio.get_running_loop().call_soon(self._end_turn)
        self._frames_in_turn += 1
        self._queued.append(frame)
        if self._frames_in_turn == 1 and self._is_lonely:
            self._flush()

    def close(self, reason: RaftError | None = None) -> None:
        """Close after what is queued has left."""
        self._flush()
        if self.reason is None:
            self.reason = reason
        self._is_closing = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()

    async def end(self) -> None:
        """Close, and wait for that; at once if the other side does not play its part."""
        self.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await asyncio.shield(self.closed)
        except TimeoutError:
            self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """For asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        self.address = "{}:{}".format(*transport.get_extra_info("peername"))
        transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_MS
        )
        self._flush()

    def data_received(self, data: bytes) -> None:
        """For asyncio."""
        if self._is_closing:  # TLS still hands on what has come
            return
        try:
            for kind, payload in self._reader.feed(data):
                self._on_frame(self, kind, payload)
        except RaftError as error:
            self.close(error)

    def pause_writing(self) -> None:
        """For asyncio."""
        self.is_choked = True
        if self._is_patient and self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """For asyncio."""
        self.is_choked = False
        if self._is_patient and self._transport is not None:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """For asyncio."""
        self._is_closing = True
        self._queued.clear()
        if self.reason is None and isinstance(exc, ssl.SSLError):
            # In TLS 1.3 this is how one learns that the other side does not like our certificate.
            self.reason = Incompatible(f"{self.address} refused TLS: {exc}")
        if not self.closed.done():
            self.closed.set_result(None)
            self._on_closed(self)

    def _end_turn(self) -> None:
        self._is_lonely = self._frames_in_turn == 1
        self._frames_in_turn = 0
        self._flush()

    def _flush(self) -> None:
        queued = self._queued
        if queued and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(queued))
            queued.clear()


async def connect(
    address: str,
    context: ssl.SSLContext,
    on_frame: OnFrame,
    on_closed: OnClosed,
) -> Connection:
    """Open a connection.

    Raises:
        Unavailable: nobody answers there.
        TimeoutError: the time of the caller's ``asyncio.timeout`` ran out.
        Incompatible: the address is none, or TLS was refused; says why.
    """
    host, port = split_address(address)
    loop = asyncio.get_running_loop()
    try:
        _transport, connection = await loop.create_connection(
            lambda: Connection(on_frame, on_closed),
            host,
            port,
            ssl=context,
            server_hostname=host,
        )
    except ssl.SSLCertVerificationError as error:
        raise Incompatible(f"{address} has no certificate that we trust: {error}") from error
    except ssl.SSLError as error:
        raise Incompatible(f"{address} refused TLS: {error}") from error
    except (OSError, UnicodeError) as error:  # the latter for names that are no host names
        raise Unavailable(f"cannot connect to {address}: {error}") from error
    return connection


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[v6]:port``.

    Raises:
        Incompatible: it is none.
    """
    host, _colon, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise Incompatible(f"{address!r} is no address: it must be host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)
