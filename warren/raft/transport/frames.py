"""Frames: four bytes of length, one of kind, the payload. Little-endian.

The length is checked against the limit of its kind before anything is kept, so nobody can make this
side remember more than that.
"""

import struct
from enum import IntEnum

from warren.raft.errors import Incompatible

_MIB = 1 << 20
_HEAD = struct.Struct("<IB")
HEAD_BYTES = _HEAD.size


class FrameKind(IntEnum):
    """What a frame carries."""

    HELLO = 1
    WELCOME = 2
    REFUSAL = 3
    MESSAGES = 4
    REQUEST = 5
    RESPONSE = 6
    SNAPSHOT = 7
    CHUNK = 8
    PROGRESS = 9


LIMITS_BYTES = {
    FrameKind.HELLO: 4096,
    FrameKind.WELCOME: 4096,
    FrameKind.REFUSAL: 4096,
    FrameKind.MESSAGES: 16 * _MIB,
    FrameKind.REQUEST: 4 * _MIB,
    FrameKind.RESPONSE: 16 * _MIB,
    FrameKind.SNAPSHOT: 64 << 10,
    FrameKind.CHUNK: 2 * _MIB,
    FrameKind.PROGRESS: 4096,
}
"""The largest payload of each kind."""
GREETING_BYTES = 4096
"""The largest first payload of a connection."""

_KINDS = {int(kind): kind for kind in FrameKind}
_LIMITS = {int(kind): limit for kind, limit in LIMITS_BYTES.items()}

Frame = tuple[FrameKind, bytes]


def encode_frame(kind: FrameKind, payload: bytes) -> bytes:
    """The bytes of a frame."""
    assert len(payload) <= LIMITS_BYTES[kind], f"{kind.name} of {len(payload)} bytes"
    return _HEAD.pack(len(payload), kind) + payload


class FrameReader:
    """Takes bytes as they come and gives whole frames.

    The first frame is a greeting or its answer: before it, a few KiB are all that is kept.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._missing = HEAD_BYTES
        self._is_greeted = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now.

        Raises:
            Incompatible: what comes is no frame, or too long; the connection is of no more use.
        """
        rest = self._rest
        if rest:
            rest += data
            self._missing -= len(data)
            if self._missing > 0:
                return []
            data = bytes(rest)
            rest.clear()
        frames: list[Frame] = []
        offset, end = 0, len(data)
        missing = HEAD_BYTES
        while end - offset >= HEAD_BYTES:
            length, number = _HEAD.unpack_from(data, offset)
            kind = self._check(number, length)
            start = offset + HEAD_BYTES
            if end - start < length:
                missing = HEAD_BYTES + length
                break
            offset = start + length
            frames.append((kind, data[start:offset]))
        if offset < end:
            rest += data[offset:]
            self._missing = missing - (end - offset)
        return frames

    def _check(self, number: int, length: int) -> FrameKind:
        kind = _KINDS.get(number)
        if kind is None:
            raise Incompatible(f"the other side sent a frame of unknown kind {number}")
        limit = _LIMITS[number] if self._is_greeted else min(_LIMITS[number], GREETING_BYTES)
        if length > limit:
            raise Incompatible(
                f"the other side announced {length} bytes of {kind.name}; at most {limit} are taken"
            )
        self._is_greeted = True
        return kind
