"""The one connection of one host: opened when first needed, opened again when it broke."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack

import asyncssh

from warren.aio.backoff import Backoff
from warren.aio.clock import Clock
from warren.fleet.process import Process
from warren.fleet.ssh import connecting, sessions
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import HostUnreachable

SESSIONS_MAX = 9
"""sshd allows 10 (``MaxSessions``); one is kept for killing what is too late."""

_BACKOFF = Backoff(first_seconds=0.5, ceiling_seconds=30.0)


class SshLink:
    """One host's connection.

    A failed attempt is remembered for a jittered, growing time, in which callers get the same error
    at once: a hundred tasks on a dead host must not each wait for its timeout.
    """

    def __init__(
        self, settings: ConnectionSettings, *, clock: Clock, random: Callable[[], float],
        throttles: Sequence[asyncio.Semaphore],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._clock = clock
        self._random = random
        self._throttles = throttles
        self._stack = AsyncExitStack()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._opening = asyncio.Lock()
        self._failure: HostUnreachable | None = None
        self._retry_at = 0.0
        self._waits: Iterator[float] = iter(())

    async def start(self, line: str) -> Process:
        """Start a shell command line in a session of its own."""
        return await sessions.start(self._settings.name, await self._connected(), line)

    async def tunnel(self, address: str, port: int) -> sessions.TunnelStream:
        """Open a TCP connection from the host; see ``Host.connect``."""
        return await sessions.tunnel(self._settings.name, await self._connected(), address, port)

    async def close(self) -> None:
        """Close the connection."""
        self._connection = None
        await self._stack.aclose()

    async def _connected(self) -> asyncssh.SSHClientConnection:
        if self._is_open():
            assert self._connection is not None
            return self._connection
        async with self._opening:
            if not self._is_open():
                await self._open()
            assert self._connection is not None
            return self._connection

    def _is_open(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def _open(self) -> None:
        if self._failure is not None and self._clock.monotonic() < self._retry_at:
            raise self._failure
        await self.close()
        self._stack = AsyncExitStack()
        try:
            async with AsyncExitStack() as throttled:
                for throttle in self._throttles:
                    await throttled.enter_async_context(throttle)
                self._connection = await connecting.connect(self._settings, self._stack)
        except HostUnreachable as failure:
            if self._failure is None:
                self._waits = _BACKOFF.waits(self._random)
            self._failure = failure
            self._retry_at = self._clock.monotonic() + next(self._waits)
            await self._stack.aclose()
            raise
        except BaseException:
            await self._stack.aclose()
            raise
        self._failure = None
