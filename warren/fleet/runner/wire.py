"""The frames between us and the runner, and the streams of its shell in them.

The answers to calls and both streams of the shell arrive on one line. Only one caller uses a runner at a
time, but a batch reads two streams at once: who reads a frame that is not his puts it where the other
looks first.
"""

import asyncio
import struct
from typing import Any, Literal

from warren.fleet import script
from warren.fleet.process import ByteReader, Process
from warren.fleet.runner import host_side
from warren.model.errors import HostUnreachable

FRAME_BYTES_MAX = 256 << 20
_READ_BYTES = 1 << 16
_SIZE = struct.Struct(">I")


class Wire:
    """Reads and writes the frames of one runner.

    A read that is cancelled loses nothing.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._buffer = bytearray()
        self._reading = asyncio.Lock()
        self._batch = 1
        self._greeting = b""
        self._streams: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
        self._ended: set[int] = set()

    async def answer(self) -> dict[str, Any]:
        """The next answer to a call.

        Raises:
            EOFError: the interpreter has ended, or sends nonsense.
        """
        while True:
            frame = await self._next()
            if "batch" not in frame:
                return frame

    def begin_batch(self) -> None:
        """Let what follows be a new batch: what an earlier one left in the streams is dropped."""
        self._batch += 1
        self._greeting = script.GREETING.encode()
        self._streams = {1: bytearray(), 2: bytearray()}
        self._ended.clear()

    async def write(self, data: bytes) -> None:
        """Give the shell input; it is greeted first, should it have to be started anew."""
        message = {"batch": self._batch, "input": data, "greeting": self._greeting}
        await self._process.write(host_side.pack(message))

    async def read(self, stream: int, size: int) -> bytes:
        """Read up to ``size`` bytes of one of the shell's streams; empty at its end."""
        while not self._streams[stream] and stream not in self._ended:
            async with self._reading:
                if not self._streams[stream] and stream not in self._ended:
                    self._deal(await self._next())
        data = bytes(self._streams[stream][:size])
        del self._streams[stream][:size]
        return data

    def _deal(self, frame: dict[str, Any]) -> None:
        if frame.get("batch") != self._batch:
            return
        if frame["data"]:
            self._streams[frame["stream"]] += frame["data"]
        else:
            self._ended.add(frame["stream"])

    async def _next(self) -> dict[str, Any]:
        size = _SIZE.unpack(await self._peek(_SIZE.size))[0]
        if size > FRAME_BYTES_MAX:
            raise EOFError
        frame: dict[str, Any] = host_side.unpack(
            (await self._peek(_SIZE.size + size))[_SIZE.size :]
        )
        del self._buffer[: _SIZE.size + size]
        return frame

    async def _peek(self, size: int) -> bytes:
        while len(self._buffer) < size:
            chunk = await self._process.stdout.read(_READ_BYTES)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        return bytes(self._buffer[:size])


class _Part:
    def __init__(self, host: str, wire: Wire, stream: Literal[1, 2]) -> None:
        self._host = host
        self._wire = wire
        self._stream = stream

    async def read(self, size: int, /) -> bytes:
        try:
            return await self._wire.read(self._stream, size)
        except EOFError as error:
            raise HostUnreachable(self._host, "its Python ended unexpectedly") from error


class CarriedShell:
    """The shell beside a runner, as a process; it ends with the runner."""

    def __init__(self, host: str, process: Process, wire: Wire) -> None:
        self._process = process
        self._wire = wire
        self._stdout = _Part(host, wire, 1)
        self._stderr = _Part(host, wire, 2)

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended."""
        return self._process.ended

    @property
    def stdout(self) -> ByteReader:
        """Its standard output."""
        return self._stdout

    @property
    def stderr(self) -> ByteReader:
        """Its standard error."""
        return self._stderr

    async def write(self, data: bytes) -> None:
        """Give it input."""
        await self._wire.write(data)

    async def close(self) -> None:
        """End the runner, and with it the shell's input."""
        await self._process.close()
