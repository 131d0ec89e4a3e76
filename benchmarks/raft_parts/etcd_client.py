"""A quick Python client for etcd: gRPC's frames over one HTTP/2 connection, spoken by hand.

grpcio would be the usual choice, and its asyncio stack costs more than etcd itself: what was compared
then is the client. This one writes what grpcio would write, many calls of one turn of the loop in one
piece, as the client on the other side does.
"""

import asyncio
import struct

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_ACK = END_STREAM = 1
_END_HEADERS = 4
_LARGEST_WINDOW = 2**31 - 1
_INITIAL_WINDOW = 65_535
_STATIC = {(":method", "POST"): 3, (":scheme", "http"): 6}
_DYNAMIC = 62

_head = struct.Struct(">HBBBI")  # length (24 bits in two parts), kind, flags, stream


class EtcdFailed(Exception):
    """A call was not carried out, or its connection is gone."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    size = len(payload)
    return _head.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


class HeaderTable:
    """Compresses request headers: each is spelled out once and is one byte from then on."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], int] = {}

    def encode(self, headers: list[tuple[str, str]]) -> bytes:
        block = b""
        for header in headers:
            if header in _STATIC:
                block += bytes([0x80 | _STATIC[header]])
            elif header in self._places:
                block += bytes([0x80 | (_DYNAMIC + len(self._places) - 1 - self._places[header])])
            else:
                block += b"\x40" + b"".join(bytes([len(text)]) + text.encode() for text in header)
                self._places[header] = len(self._places)
        return block


class Connection(asyncio.Protocol):
    """One connection to one endpoint; calls are multiplexed on it."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._table = HeaderTable()
        self._stream = -1
        self._window = _INITIAL_WINDOW
        self._outgoing: list[bytes] = []
        self._waiting: list[tuple[bytes, int]] = []
        self._calls: dict[int, asyncio.Future[bytes]] = {}
        self._answers: dict[int, bytes] = {}
        self._received = bytearray()
        self._loop = asyncio.get_running_loop()
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        settings = struct.pack(">HIHI", 2, 0, 4, _LARGEST_WINDOW)
        grant = struct.pack(">I", _LARGEST_WINDOW - _INITIAL_WINDOW)
        transport.write(_PREFACE + frame(_SETTINGS, 0, 0, settings) + frame(_WINDOW, 0, 0, grant))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        for call in self._calls.values():
            if not call.done():
                call.set_exception(EtcdFailed(f"the connection ended: {exc}"))
        self._calls.clear()

    def call(self, path: str, message: bytes) -> asyncio.Future[bytes]:
        """Send a message; the future has the answer's."""
        answer: asyncio.Future[bytes] = self._loop.create_future()
        if self.is_lost:
            answer.set_exception(EtcdFailed("the connection has ended"))
            return answer
        self._stream += 2
        self._calls[self._stream] = answer
        block = self._table.encode([
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", self._authority),
            ("te", "trailers"), ("content-type", "application/grpc"),
        ])  # fmt: skip
        body = b"\0" + len(message).to_bytes(4, "big") + message
        piece = frame(_HEADERS, _END_HEADERS, self._stream, block) + frame(
            _DATA, END_STREAM, self._stream, body
        )
        self._waiting.append((piece, len(body)))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._flush)
        return answer

    def _flush(self) -> None:
        fitting = 0
        for _piece, size in self._waiting:
            if size > self._window:
                break
            self._window -= size
            fitting += 1
        if fitting:
            self._transport.write(b"".join(piece for piece, _size in self._waiting[:fitting]))
            del self._waiting[:fitting]

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        at = 0
        while len(received) - at >= 9:
            high, low, kind, flags, stream = _head.unpack_from(received, at)
            end = at + 9 + (high << 8 | low)
            if end > len(received):
                break
            self._take(kind, flags, stream, bytes(received[at + 9 : end]))
            at = end
        del received[:at]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self._answers[stream] = self._answers.get(stream, b"") + payload
        elif kind in {_HEADERS, _RESET}:
            if kind == _RESET or flags & END_STREAM:
                self._end(stream)
        elif kind == _WINDOW and stream == 0:
            self._window += int.from_bytes(payload, "big")
            self._flush()
        elif kind == _PING and not flags & _ACK:
            self._transport.write(frame(_PING, _ACK, 0, payload))
        elif kind == _SETTINGS and not flags & _ACK:
            self._transport.write(frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _GOAWAY:
            self._transport.close()

    def _end(self, stream: int) -> None:
        """An answer without a message is a refusal: gRPC sends one only with status 0."""
        call = self._calls.pop(stream, None)
        answer = self._answers.pop(stream, None)
        if call is None or call.done():
            return
        if answer is None:
            call.set_exception(EtcdFailed("etcd refused the call"))
        else:
            call.set_result(answer[5:])

    def close(self) -> None:
        self._transport.close()


def field(number: int, data: bytes) -> bytes:
    """One field of bytes in a protobuf message."""
    size = len(data)
    head = bytes([number << 3 | 2])
    if size < 0x80:
        return head + bytes([size]) + data
    assert size < 0x4000, "longer than this benchmark needs"
    return head + bytes([size & 0x7F | 0x80, size >> 7]) + data


def fields(message: bytes) -> dict[int, bytes]:
    """The fields of bytes in a protobuf message, by number; numbers are passed over."""
    found, at = {}, 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, at = _varint(message, at)
        if tag & 7 == 2:
            found[tag >> 3] = message[at : at + number]
            at += number
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
