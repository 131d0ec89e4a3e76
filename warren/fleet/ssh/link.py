"""The one connection of one host: opened when first needed, opened again when it broke."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from warren.aio.backoff import Backoff
from warren.aio.clock import Clock
from warren.fleet.host import ByteStream
from warren.fleet.process import Process
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import HostRefused, HostUnreachable

_BACKOFF = Backoff(first_seconds=0.5, ceiling_seconds=30.0)


class Connection(Protocol):
    """An open connection (``sessions.Connection``; this module is read without asyncssh)."""

    @property
    def is_open(self) -> bool: ...  # noqa: D102 - see sessions.Connection
    async def start(self, line: str) -> Process: ...  # noqa: D102
    async def tunnel(self, address: str, port: int) -> ByteStream: ...  # noqa: D102
    def abort(self) -> None: ...  # noqa: D102
    async def close(self) -> None: ...  # noqa: D102


class SshLink:
    """One host's connection.

    A failed attempt is remembered for a jittered, growing time, in which callers get the same error
    at once: a hundred tasks on a dead host must not each wait for its timeout, nor each knock with a
    wrong key.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        clock: Clock,
        random: Callable[[], float],
        throttles: Sequence[asyncio.Semaphore],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._random = random
        self._throttles = throttles
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._failure: HostUnreachable | HostRefused | None = None
        self._retry_at = 0.0
        self._waits: Iterator[float] = iter(())

    def __repr__(self) -> str:
        is_open = self._connection is not None and self._connection.is_open
        return f"{self._settings.address} {'open' if is_open else 'closed'}"

    async def start(self, line: str) -> Process:
        """Start a shell command line in a session of its own."""
        connection = await self._connected()
        return await connection.start(line)

    async def tunnel(self, address: str, port: int) -> ByteStream:
        """Open a TCP connection from the host; see ``Host.connect``."""
        connection = await self._connected()
        return await connection.tunnel(address, port)

    def abandon(self) -> None:
        """Break off a connection on which the host no longer answers."""
        if self._connection is not None:
            self._connection.abort()

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> Connection:
        if self._connection is not None and self._connection.is_open:
            return self._connection
        async with self._opening:
            if self._connection is None or not self._connection.is_open:
                await self.close()
                self._connection = await self._open()
            return self._connection

    async def _open(self) -> Connection:
        from warren.fleet.ssh.connecting import connect  # noqa: PLC0415 - loads asyncssh, 0.1 s

        if self._failure is not None and self._clock.monotonic() < self._retry_at:
            raise self._again(self._failure)
        try:
            async with AsyncExitStack() as throttled:
                for throttle in self._throttles:
                    await throttled.enter_async_context(throttle)
                connection = await connect(self._settings)
        except (HostUnreachable, HostRefused) as failure:
            if self._failure is None:
                self._waits = _BACKOFF.waits(self._random)
            self._failure = failure
            self._retry_at = self._clock.monotonic() + next(self._waits)
            raise
        self._failure = None
        return connection

    def _again(self, failure: HostUnreachable | HostRefused) -> HostUnreachable | HostRefused:
        """The same failure anew: one exception object must not be raised by many."""
        message = failure.message.removeprefix(f"host {failure.host}: ")
        if isinstance(failure, HostRefused):
            return HostRefused(failure.host, message, hint=failure.hint)
        return HostUnreachable(
            failure.host,
            message,
            hint=failure.hint,
            retry_after_seconds=max(0.0, self._retry_at - self._clock.monotonic()),
        )
