"""This machine itself as a host: its own processes, its own TCP connections."""

import asyncio

from warren.fleet.process import LocalProcess, start_locally
from warren.model.errors import HostUnreachable, TransientError

_CONNECT_SECONDS = 10.0


class LocalStream:
    """A TCP connection opened by this process."""

    def __init__(
        self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    async def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; empty at the end."""
        try:
            return await self._reader.read(size)
        except OSError as error:
            raise HostUnreachable(self._host, f"a TCP connection broke: {error}") from error

    async def write(self, data: bytes) -> None:
        """Write all of ``data``."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise HostUnreachable(self._host, f"a TCP connection broke: {error}") from error

    async def close(self) -> None:
        """Close both directions."""
        self._writer.close()


class Here:
    """The transport of ``ansible_connection: local``."""

    def __init__(self, host: str) -> None:
        self._host = host

    def __repr__(self) -> str:
        return "local"

    async def start(self, line: str) -> LocalProcess:
        """Start a shell command line in a session of its own."""
        return await start_locally(self._host, line)

    async def tunnel(self, address: str, port: int) -> LocalStream:
        """Connect to ``address:port``.

        Raises:
            TransientError: nothing answers there.
        """
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(address, port)
        except OSError as error:  # TimeoutError is one
            raise TransientError(
                f"host {self._host}: no connection to {address}:{port}: {error.strerror or error}"
            ) from error
        return LocalStream(self._host, reader, writer)

    def abandon(self) -> None:
        """Nothing connects us to ourselves."""

    async def close(self) -> None:
        """Nothing connects us to ourselves."""
