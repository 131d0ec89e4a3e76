"""Requests to a member, many at a time over one connection, answered in any order."""

import asyncio
from collections.abc import Callable
from itertools import count
from math import inf

from warren.raft.errors import Incompatible, RaftError, Refused, Unavailable, Uncertain
from warren.raft.transport.connection import Connection
from warren.raft.transport.frames import LIMITS_BYTES, FrameKind
from warren.raft.transport.handshake import Self, introduce
from warren.raft.transport.security import Security
from warren.raft.transport.wire import (
    NUMBERED_BYTES,
    Purpose,
    decode_error,
    decode_numbered,
    encode_error,
    encode_numbered,
)

OK = 0
FAILED = 1
REQUEST_BYTES_MAX = LIMITS_BYTES[FrameKind.REQUEST] - NUMBERED_BYTES
"""The longest payload of a request."""

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
        self._waiting: dict[int, tuple[asyncio.Future[bytes], float]] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        self._connection: Connection | None = None
        self._connecting: asyncio.Lock = asyncio.Lock()
        self._tries = 0
        self._failure: RaftError | None = None

    async def request(self, kind: int, payload: bytes, *, timeout_seconds: float) -> bytes:
        """Ask, and wait for the answer.

        Raises:
            Uncertain: the connection broke or nothing came in time; it may have been carried out.
            RaftError: what the other side answered, or that it could not be reached.
        """
        if len(payload) > REQUEST_BYTES_MAX:
            raise Refused(
                f"a request of {len(payload)} bytes is too long: {REQUEST_BYTES_MAX} are taken"
            )
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_seconds
        connection = self._connection
        if connection is None:
            connection = await self._connect()
        if not connection.is_open:
            raise Unavailable(f"the connection to {self.address} is just being closed")
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = loop.create_future()
        self._waiting[number] = answer, until
        if until < self._alarm_at:
            self._set_alarm(until)
        connection.send(FrameKind.REQUEST, encode_numbered(number, kind, payload))
        try:
            return await answer
        finally:
            del self._waiting[number]

    def close(self) -> None:
        """Close the connection; requests under way end as uncertain."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._connection is not None:
            self._connection.close()

    async def end(self) -> None:
        """Close the connection, and wait for that."""
        connection = self._connection
        self.close()
        if connection is not None:
            await connection.end()

    async def _connect(self) -> Connection:
        tries = self._tries
        async with self._connecting:
            if self._connection is not None:
                return self._connection
            if self._tries != tries:  # while this one waited: it need not try as long again
                raise Unavailable(f"{self._failure}")
            try:
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
            except RaftError as error:
                self._tries += 1
                self._failure = error
                raise
            if self._connection.closed.done():
                self._connection = None
                raise Unavailable(f"{self.address} closed the connection at once")
            return self._connection

    def _take(self, _connection: Connection, kind: FrameKind, payload: bytes) -> None:
        if kind is not FrameKind.RESPONSE:
            raise Incompatible(f"{self.address} sent {kind.name} in place of a response")
        number, status, body = decode_numbered(payload)
        found = self._waiting.get(number)
        if found is None or found[0].done():
            return
        if status == OK:
            found[0].set_result(body)
        else:
            found[0].set_exception(decode_error(body))

    def _lose(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
        why = connection.reason or "it was closed"
        for answer, _until in self._waiting.values():
            if not answer.done():
                answer.set_exception(Uncertain(f"the connection to {self.address} broke: {why}"))

    def _set_alarm(self, at: float) -> None:
        """Look for requests without an answer then.

        One timer for all: most requests are answered long before their time, and a timer for each
        costs a fifth of all that the request does.
        """
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().call_at(at, self._expire)

    def _expire(self) -> None:
        now, first = asyncio.get_running_loop().time(), inf
        for answer, until in self._waiting.values():
            if answer.done():
                continue
            if until <= now:
                answer.set_exception(Uncertain(f"{self.address} did not answer in time"))
            else:
                first = min(first, until)
        self._alarm, self._alarm_at = None, inf
        if first < inf:
            self._set_alarm(first)


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
        if len(response) > LIMITS_BYTES[FrameKind.RESPONSE]:
            failure = Refused(f"the answer of {len(response)} bytes is too long: ask for less")
            response = encode_numbered(number, FAILED, encode_error(failure))
        connection.send(FrameKind.RESPONSE, response)

    on_request(kind, body, reply)
