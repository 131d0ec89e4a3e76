"""A program on a host with its three streams, however it was started.

The persistent shell and the runner are written against this, so SSH and this machine's own
processes are the same to them.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class ByteReader(Protocol):
    """The end of a stream that is read."""

    async def read(self, n: int = -1, /) -> bytes:
        """Read up to ``n`` bytes; empty at the end."""
        ...


class Process(Protocol):
    """A running program.

    Its methods raise ``BrokenPipeError`` or ``ConnectionError`` when it or its connection is gone.
    """

    @property
    def stdout(self) -> ByteReader:
        """What it writes to standard output."""
        ...

    @property
    def stderr(self) -> ByteReader:
        """What it writes to standard error."""
        ...

    async def write(self, data: bytes) -> None:
        """Give it input; waits while its buffers are full."""
        ...

    async def status(self) -> int:
        """Wait for its end; exit status, 128 + N for signal N."""
        ...

    async def close(self) -> None:
        """End it: close its input, and kill it if that does not help."""
        ...


Start = Callable[[str], Coroutine[Any, Any, Process]]
"""Starts a shell command line on a host in a session of its own."""


class LocalProcess:
    """A process of this machine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def stdout(self) -> ByteReader:
        """Its standard output."""
        assert self._process.stdout is not None, "started with a pipe"
        return self._process.stdout

    @property
    def stderr(self) -> ByteReader:
        """Its standard error."""
        assert self._process.stderr is not None, "started with a pipe"
        return self._process.stderr

    async def write(self, data: bytes) -> None:
        """Give it input."""
        assert self._process.stdin is not None, "started with a pipe"
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def status(self) -> int:
        """Wait for its end."""
        status = await self._process.wait()
        return status if status >= 0 else 128 - status

    async def close(self) -> None:
        """Close its input and kill it if it does not end at once."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        # A grandchild that holds the pipes would keep the loop's transports open for ever.
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio offers nothing else


_GRACE_SECONDS = 1.0


async def start_locally(line: str) -> LocalProcess:
    """Start a shell command line on this machine, in a session of its own."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        line,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    return LocalProcess(process)
