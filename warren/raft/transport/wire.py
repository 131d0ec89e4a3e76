"""What the frames carry, in msgpack; messages of consensus are as ``core.messages`` has them."""

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

import msgspec

from warren.raft.core.messages import Message, MsgSnap
from warren.raft.errors import (
    DiskFull,
    Incompatible,
    NotLeader,
    Overloaded,
    RaftError,
    Refused,
    SessionExpired,
    Unavailable,
    Uncertain,
)

PROTOCOL = 1
"""Raised when members that speak the old one could not understand the new one."""


class Purpose(IntEnum):
    """What a connection is for."""

    PEER = 1
    SNAPSHOT = 2
    CLIENT = 3


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """The first frame of whoever connects.

    Attributes:
        protocol: the version it speaks.
        cluster: its cluster; a client that does not know leaves it empty.
        member: its id; 0 for a client.
        to: whom it means to reach; 0 for anybody.
        purpose: of the connection.
    """

    protocol: int
    cluster: str
    member: int
    to: int
    purpose: Purpose


class Welcome(msgspec.Struct, frozen=True, array_like=True):
    """The answer to ``Hello``."""

    protocol: int
    cluster: str
    member: int


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """Why the connection is closed."""

    message: str


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """The first frame on a connection for a snapshot."""

    message: MsgSnap
    size_bytes: int


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How much of a snapshot has arrived; ``refusal`` is why it is not wanted."""

    offset: int
    done: bool = False
    refusal: str = ""


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """An error of ``raft.errors`` on its way."""

    kind: str
    message: str
    retry_after_seconds: float = 0.0
    leader: int = 0
    address: str = ""


_TRANSIENT: dict[str, type[Unavailable]] = {
    each.__name__: each for each in (Unavailable, Overloaded, DiskFull, Uncertain)
}
_PERMANENT: dict[str, type[Refused]] = {
    each.__name__: each for each in (Refused, SessionExpired, Incompatible)
}
_NUMBERED = struct.Struct("<QB")
NUMBERED_BYTES = _NUMBERED.size
"""What the number and the kind of a request take."""
_OFFSET = struct.Struct("<Q")

T = TypeVar("T")


def _reader(kind: Any, _result: type[T], what: str) -> Callable[[bytes], T]:
    """Reads such payloads; whatever else the bytes are, the error is ``Incompatible``."""
    decode = msgspec.msgpack.Decoder(kind).decode

    def read(payload: bytes) -> T:
        try:
            found: T = decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # The last two are what text that is none and deep nesting lead to.
            raise Incompatible(f"{what} cannot be read: {error}") from error
        return found

    return read


encode = msgspec.msgpack.Encoder().encode
"""Any of these as bytes."""
decode_hello = _reader(Hello, Hello, "the greeting")
decode_welcome = _reader(Welcome, Welcome, "the answer to our greeting")
decode_refusal = _reader(Refusal, Refusal, "the refusal of our greeting")
decode_snapshot = _reader(Snapshot, Snapshot, "the announcement of a snapshot")
decode_progress = _reader(Progress, Progress, "the progress of a snapshot")
decode_messages = _reader(list[Message], list[Message], "a batch of messages")
_decode_failure = _reader(Failure, Failure, "the other side's error")


def encode_numbered(number: int, kind: int, payload: bytes) -> bytes:
    """A request of that kind, or the response of that status, by its number."""
    return _NUMBERED.pack(number, kind) + payload


def decode_numbered(data: bytes) -> tuple[int, int, bytes]:
    """Number, kind or status, and payload.

    Raises:
        Incompatible: it is too short.
    """
    if len(data) < _NUMBERED.size:
        raise Incompatible(f"a request or response of {len(data)} bytes is none")
    number, kind = _NUMBERED.unpack_from(data)
    return number, kind, data[_NUMBERED.size :]


def encode_chunk(offset: int, data: bytes) -> bytes:
    """A part of a snapshot."""
    return _OFFSET.pack(offset) + data


def decode_chunk(payload: bytes) -> tuple[int, bytes]:
    """Offset and bytes of a part.

    Raises:
        Incompatible: it is too short.
    """
    if len(payload) < _OFFSET.size:
        raise Incompatible(f"a part of a snapshot of {len(payload)} bytes is none")
    (offset,) = _OFFSET.unpack_from(payload)
    return offset, payload[_OFFSET.size :]


def encode_error(error: RaftError) -> bytes:
    """An error as it travels."""
    failure = Failure(type(error).__name__, str(error))
    if isinstance(error, NotLeader):
        failure = Failure(
            "NotLeader", str(error), error.retry_after_seconds, error.leader, error.address
        )
    elif isinstance(error, Unavailable):
        failure = Failure(failure.kind, failure.message, error.retry_after_seconds)
    return encode(failure)


def decode_error(payload: bytes) -> RaftError:
    """The error again; of a kind unknown here, the nearest that is known."""
    try:
        failure = _decode_failure(payload)
    except Incompatible as error:
        return error
    if failure.kind == "NotLeader":
        again = NotLeader(failure.message, leader=failure.leader, address=failure.address)
        again.retry_after_seconds = failure.retry_after_seconds
        return again
    if failure.kind in _TRANSIENT:
        return _TRANSIENT[failure.kind](
            failure.message, retry_after_seconds=failure.retry_after_seconds
        )
    return _PERMANENT.get(failure.kind, Refused)(failure.message)
