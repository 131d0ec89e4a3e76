"""The connection on which a member sends its messages to another one: opened, kept, opened again."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence

from warren.aio.backoff import Backoff
from warren.aio.clock import Clock
from warren.raft.core.messages import Message
from warren.raft.errors import RaftError
from warren.raft.transport.connection import Connection
from warren.raft.transport.frames import LIMITS_BYTES, FrameKind
from warren.raft.transport.handshake import Self, introduce
from warren.raft.transport.security import Security
from warren.raft.transport.wire import Purpose, encode

QUEUE_BYTES_MAX = 16 << 20
RECONNECT = Backoff(first_seconds=0.02, factor=2.0, ceiling_seconds=1.0)
STEADY_SECONDS = 2.0
"""A connection that stood for so long is opened again at once."""

_log = logging.getLogger(__name__)


class Link:
    """Messages to one member. What cannot be sent soon is dropped and said to be unreachable.

    Args:
        peer: whom to.
        address: host and port.
        security: certificates.
        ours: who we are.
        on_lost: called when a connection that stood is gone.
        on_unreachable: called when messages were dropped.
        timeout_seconds: for connecting.
    """

    def __init__(
        self,
        peer: int,
        address: str,
        security: Security,
        ours: Self,
        *,
        on_lost: Callable[[int], None],
        on_unreachable: Callable[[int], None],
        timeout_seconds: float,
    ) -> None:
        self.peer = peer
        self.address = address
        self._security = security
        self._ours = ours
        self._on_lost = on_lost
        self._on_unreachable = on_unreachable
        self._timeout_seconds = timeout_seconds
        self._connection: Connection | None = None

    @property
    def is_connected(self) -> bool:
        """Whether messages can be sent."""
        return self._connection is not None

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages, or drop them if the other side is not there or does not keep up."""
        connection = self._connection
        if connection is None:
            self._on_unreachable(self.peer)
            return
        if connection.is_choked and connection.unsent_bytes > QUEUE_BYTES_MAX:
            self._on_unreachable(self.peer)
            return
        payload = encode(messages)
        if len(payload) <= LIMITS_BYTES[FrameKind.MESSAGES]:
            connection.send(FrameKind.MESSAGES, payload)
        elif len(messages) > 1:
            half = len(messages) // 2
            self.send(messages[:half])
            self.send(messages[half:])
        else:
            _log.error("a message to member %d of %d bytes was dropped", self.peer, len(payload))

    async def run(self, clock: Clock, random: Callable[[], float]) -> None:
        """Keep the connection up until cancelled."""
        waits = RECONNECT.waits(random)
        while True:
            connection = await self._reach(clock, waits)
            begun = clock.monotonic()
            self._connection = connection
            try:
                await asyncio.shield(connection.closed)
            finally:
                self._connection = None
                connection.abort()
            if connection.reason is not None:
                _log.warning("the connection to member %d: %s", self.peer, connection.reason)
            self._on_lost(self.peer)
            if clock.monotonic() - begun > STEADY_SECONDS:
                waits = RECONNECT.waits(random)
            else:
                await clock.sleep(next(waits))

    async def _reach(self, clock: Clock, waits: Iterator[float]) -> Connection:
        complaint = ""
        while True:
            try:
                return await self._open()
            except RaftError as error:
                if str(error) != complaint:
                    complaint = str(error)
                    _log.warning("no connection to member %d: %s", self.peer, error)
                await clock.sleep(next(waits))

    async def _open(self) -> Connection:
        return await introduce(
            self.address,
            self._security,
            self._ours,
            to=self.peer,
            purpose=Purpose.PEER,
            on_frame=_expect_nothing,
            on_closed=_nothing,
            timeout_seconds=self._timeout_seconds,
        )


def _expect_nothing(connection: Connection, kind: FrameKind, _payload: bytes) -> None:
    _log.debug("member at %s sent %s on our connection", connection.address, kind.name)


def _nothing(_connection: Connection) -> None:
    return
