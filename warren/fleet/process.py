"""A program on a host with its three streams, however it was started.

The persistent shell and the runner are written against this, so SSH and this machine's own
processes are the same to them.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from warren.model.errors import HostUnreachable

_GRACE_SECONDS = 1.0


class ByteReader(Protocol):
    """The end of a stream that is read."""

    async def read(self, size: int, /) -> bytes:
        """Read up to ``size`` bytes; empty at the end.

        Raises:
            HostUnreachable: the connection broke.
        """
        ...


class Process(Protocol):
    """A running program.

    Its methods raise ``HostUnreachable`` when its connection is gone, or when it no longer reads.
    """

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended, or its connection to be gone."""
        ...

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

    async def close(self) -> None:
        """End its input, and its session."""
        ...


Start = Callable[[str], Coroutine[Any, Any, Process]]
"""Starts a shell command line on a host in a session of its own."""


class LocalProcess:
    """A process of this machine."""

    def __init__(self, host: str, process: asyncio.subprocess.Process) -> None:
        self._host = host
        self._process = process

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended."""
        return self._process.returncode is not None

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
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise HostUnreachable(self._host, "a process ended unexpectedly") from error

    async def close(self) -> None:
        """Close its input and kill it if it does not end soon."""
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


async def start_locally(host: str, line: str) -> LocalProcess:
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
    return LocalProcess(host, process)
