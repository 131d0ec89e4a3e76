"""Requests to a member, many at a time over one connection, answered in any order."""

import asyncio
from collections.abc import Callable
from itertools import count

from warren.raft.errors import Incompatible, RaftError, Uncertain
from warren.raft.transport.connection import Connection
from warren.raft.transport.frames import FrameKind
from warren.raft.transport.handshake import Self, introduce
from warren.raft.transport.security import Security
from warren.raft.transport.wire import (
    Purpose,
    decode_error,
    decode_numbered,
    encode_error,
    encode_numbered,
)

OK = 0
FAILED = 1

Reply = Callable[[bytes | RaftError], None]
"""To be called once."""
OnRequest = Callable[[int, bytes, Reply], None]
"""Kind and payload of a request, and how to answer it; must not wait."""


class Calls:
    """Requests to one address; the connection is opened when there is one, and again if it broke.

    Args:
        address: host and port.
        security: certificates.
        ours: who we are.
        to: the member meant; 0 for anybody.
        timeout_seconds: for connecting.
    """

    def __init__(
        self, address: str, security: Security, ours: Self, *, to: int = 0, timeout_seconds: float
    ) -> None:
        self.address = address
        self._security = security
        self._ours = ours
        self._to = to
        self._timeout_seconds = timeout_seconds
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._connection: Connection | None = None
        self._connecting: asyncio.Lock = asyncio.Lock()

    async def request(self, kind: int, payload: bytes, *, timeout_seconds: float) -> bytes:
        """Ask, and wait for the answer.

        Raises:
            Uncertain: the connection broke or nothing came in time; it may have been carried out.
            RaftError: what the other side answered, or that it could not be reached.
        """
        connection = self._connection
        if connection is None:
            connection = await self._connect()
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        connection.send(FrameKind.REQUEST, encode_numbered(number, kind, payload))
        timer = asyncio.get_running_loop().call_later(timeout_seconds, self._expire, number)
        try:
            return await answer
        finally:
            timer.cancel()
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Close the connection; requests under way end as uncertain."""
        if self._connection is not None:
            self._connection.close()

    async def _connect(self) -> Connection:
        async with self._connecting:
            if self._connection is None:
                self._connection = await introduce(
                    self.address,
                    self._security,
                    self._ours,
                    to=self._to,
                    purpose=Purpose.CLIENT,
                    on_frame=self._take,
                    on_closed=self._lose,
                    timeout_seconds=self._timeout_seconds,
                )
            return self._connection

    def _take(self, _connection: Connection, kind: FrameKind, payload: bytes) -> None:
        if kind is not FrameKind.RESPONSE:
            raise Incompatible(f"{self.address} sent {kind.name} in place of a response")
        number, status, body = decode_numbered(payload)
        answer = self._waiting.get(number)
        if answer is None or answer.done():
            return
        if status == OK:
            answer.set_result(body)
        else:
            answer.set_exception(decode_error(body))

    def _lose(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
        why = connection.reason or "it was closed"
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Uncertain(f"the connection to {self.address} broke: {why}"))

    def _expire(self, number: int) -> None:
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            answer.set_exception(Uncertain(f"{self.address} did not answer in time"))


def answer_request(connection: Connection, payload: bytes, on_request: OnRequest) -> None:
    """Hand a request on, and its answer back as long as the connection is there.

    Raises:
        Incompatible: it is none.
    """
    number, kind, body = decode_numbered(payload)

    def reply(answer: bytes | RaftError) -> None:
        if isinstance(answer, RaftError):
            response = encode_numbered(number, FAILED, encode_error(answer))
        else:
            response = encode_numbered(number, OK, answer)
        connection.send(FrameKind.RESPONSE, response)

    on_request(kind, body, reply)
