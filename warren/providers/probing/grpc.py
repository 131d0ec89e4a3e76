"""The standard gRPC health protocol, as far as one question needs HTTP/2 (RFC 9113).

One unary call on one stream: the request's headers are literals that need no compression state, the
answer's status is a protobuf enum in a data frame, and headers of the answer need not be understood.
That is less than a dependency on a gRPC library would cost at start.
"""

import struct
from collections.abc import Iterator

from warren.fleet.host import ByteStream

SERVING = "SERVING"
_STATUSES = {0: "UNKNOWN", 1: SERVING, 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_ACK, _END_STREAM, _END_HEADERS, _PADDED = 0x1, 0x1, 0x4, 0x8
_STREAM = 1
_HEAD_BYTES = 9
_FRAME_BYTES_MAX = 1 << 14
_READ_BYTES = 1 << 14
_PREFIX_BYTES = 5
_STATUS_FIELD = b"\x08"
_VARINT_PART = 0x7F
_PATH = "/grpc.health.v1.Health/Check"


def question(authority: str, service: str) -> bytes:
    """All that the client sends at first: preface, settings, and the call."""
    headers = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", _PATH),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", "warren-health-check"),
    )
    block = b"".join(b"\0" + _text(name) + _text(value) for name, value in headers)
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    body = struct.pack(">BI", 0, len(message)) + message
    return (
        _PREFACE
        + _frame(_SETTINGS, 0, 0, b"")
        + _frame(_HEADERS, _END_HEADERS, _STREAM, block)
        + _frame(_DATA, _END_STREAM, _STREAM, body)
    )


class Answer:
    """Reads what the server sends; feed it until it has a status."""

    def __init__(self) -> None:
        self._buffer = b""
        self._message = b""
        self.status: str | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Take in a chunk; returns what has to be sent back."""
        self._buffer += chunk
        back = b""
        for kind, flags, stream, payload in self._frames():
            if kind == _SETTINGS and not flags & _ACK:
                back += _frame(_SETTINGS, _ACK, 0, b"")
            elif kind == _PING and not flags & _ACK:
                back += _frame(_PING, _ACK, 0, payload)
            elif kind == _GOAWAY:
                self.status = self.status or "the server went away"
            elif stream == _STREAM:
                self._take(kind, flags, payload)
        return back

    def _take(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == _RST_STREAM:
            self.status = self.status or "the server refused the call"
        elif kind == _DATA:
            if flags & _PADDED:
                payload = payload[1 : len(payload) - payload[0]]
            self._message += payload
            self.status = self.status or _read_status(self._message)
        if kind in {_DATA, _HEADERS} and flags & _END_STREAM:
            self.status = self.status or "an error instead of a health status"

    def _frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        while len(self._buffer) >= _HEAD_BYTES and self.status is None:
            length = int.from_bytes(self._buffer[:3], "big")
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:9], "big") & 0x7FFFFFFF
            if length > _FRAME_BYTES_MAX:
                self.status = "not an HTTP/2 answer"
                return
            if len(self._buffer) < _HEAD_BYTES + length:
                return
            payload = self._buffer[_HEAD_BYTES : _HEAD_BYTES + length]
            self._buffer = self._buffer[_HEAD_BYTES + length :]
            yield kind, flags, stream, payload


async def ask(stream: ByteStream, authority: str, service: str) -> str:
    """Ask over an open connection; returns the health status, or why there is none."""
    await stream.write(question(authority, service))
    answer = Answer()
    while answer.status is None:
        chunk = await stream.read(_READ_BYTES)
        if not chunk:
            return "the connection was closed without an answer"
        if back := answer.feed(chunk):
            await stream.write(back)
    return answer.status


def _read_status(message: bytes) -> str | None:
    """The status in a length-prefixed HealthCheckResponse; ``None`` while it is incomplete."""
    if len(message) < _PREFIX_BYTES:
        return None
    is_compressed, size = struct.unpack(">BI", message[:_PREFIX_BYTES])
    body = message[_PREFIX_BYTES:]
    if is_compressed:
        return "a compressed answer"
    if len(body) < size:
        return None
    value = body[1] if body.startswith(_STATUS_FIELD) and size > 1 else 0
    return _STATUSES.get(value, f"status {value}")


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + struct.pack(">I", stream) + payload
    )


def _text(value: str) -> bytes:
    """A string literal of HPACK, not Huffman-coded (RFC 7541 §5.2)."""
    data = value.encode()
    most = 0x7F
    if len(data) < most:
        return bytes((len(data),)) + data
    return bytes((most,)) + _varint(len(data) - most) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > _VARINT_PART:
        out.append(value & _VARINT_PART | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
