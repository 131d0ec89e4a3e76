"""Calls that only the leader can carry out, passed on by the others.

The call goes on as the bytes that came, over a connection on which this manager shows its own
certificate, with the caller's identity beside it; the leader admits the caller anew. A call is passed
on once only: whoever receives it and does not lead says so.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio

from warren.api.callers import ON_BEHALF_OF, Caller
from warren.api.keys import Keys, client_credentials
from warren.api.recorder import Standing
from warren.model.errors import NotLeader, WarrenError
from warren.wire.failures import TRAILER, error_of
from warren.wire.methods import Method

MESSAGE_BYTES_MAX = 4 << 20
_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class Forwarder:
    """Passes calls on to the leader.

    Args:
        standing: who leads.
        keys: this manager's certificate and key; asked for each new connection.
    """

    def __init__(self, standing: Callable[[], Standing], keys: Callable[[], Keys]) -> None:
        self._standing = standing
        self._keys = keys
        self._channel: grpc.aio.Channel | None = None
        self._made_for: tuple[str, Keys] | None = None

    def is_due(self, caller: Caller) -> bool:
        """Whether a call for the leader is to be passed on from here.

        Raises:
            NotLeader: it is, but was passed on to here already, or no leader is known.
        """
        standing = self._standing()
        if standing.leads:
            return False
        if caller.passed_on_by or not standing.leader_address:
            raise _not_leader(standing)
        return True

    def expect_leader(self) -> None:
        """Refuse what is not passed on, where this manager does not lead.

        Raises:
            NotLeader: it does not.
        """
        standing = self._standing()
        if not standing.leads:
            raise _not_leader(standing)

    async def unary(
        self, method: Method, data: bytes, caller: Caller, timeout_seconds: float | None
    ) -> bytes:
        """The leader's answer.

        Raises:
            WarrenError: the leader's refusal, or that it was not reached.
        """
        channel = await self._connected()
        call: Any = channel.unary_unary(method.path)
        try:
            answer: bytes = await call(data, timeout=timeout_seconds, metadata=_metadata(caller))
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error
        return answer

    async def stream(
        self, method: Method, data: bytes, caller: Caller, timeout_seconds: float | None
    ) -> AsyncIterator[bytes]:
        """The leader's answers.

        Raises:
            WarrenError: the leader's refusal, or that it was not reached or is gone.
        """
        channel = await self._connected()
        call: Any = channel.unary_stream(method.path)
        try:
            async for answer in call(data, timeout=timeout_seconds, metadata=_metadata(caller)):
                yield answer
        except grpc.aio.AioRpcError as error:
            raise _refusal(error) from error

    async def close(self) -> None:
        """End the connection, and the calls on it."""
        if self._channel is not None:
            channel, self._channel = self._channel, None
            await channel.close()

    async def _connected(self) -> grpc.aio.Channel:
        """The connection to the leader; a new one after a change of leader or certificate."""
        wanted = (self._standing().leader_address, self._keys())
        if self._channel is None or self._made_for != wanted:
            old = self._channel
            address, keys = wanted
            self._made_for = wanted
            self._channel = grpc.aio.secure_channel(
                address, client_credentials(keys), options=_OPTIONS
            )
            if old is not None:
                await old.close()
        return self._channel


def _not_leader(standing: Standing) -> NotLeader:
    return NotLeader(
        "this manager does not lead"
        if standing.leader
        else "no manager leads: there is no majority, or an election is under way",
        leader=standing.leader_address,
        hint="try again; `warren manager list` shows who is reachable",
    )


def _metadata(caller: Caller) -> tuple[tuple[str, str], ...]:
    return ((ON_BEHALF_OF, caller.passed_on_as),)


def _refusal(error: grpc.aio.AioRpcError) -> WarrenError:
    details = next(
        (value for key, value in error.trailing_metadata() or () if key == TRAILER), None
    )
    code: int = error.code().value[0]
    return error_of(code, error.details() or "", details if isinstance(details, bytes) else None)
