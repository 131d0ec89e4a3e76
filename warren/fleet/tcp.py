"""TCP connections of this machine itself, for hosts that are it."""

import asyncio

from warren.model.errors import TransientError


class LocalStream:
    """A TCP connection opened by this process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; empty at the end."""
        return await self._reader.read(size)

    async def write(self, data: bytes) -> None:
        """Write all of ``data``."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        """Close both directions."""
        self._writer.close()


async def open_here(host: str, address: str, port: int) -> LocalStream:
    """Connect to ``address:port`` from this machine.

    Raises:
        TransientError: nothing listens there.
    """
    try:
        return LocalStream(*await asyncio.open_connection(address, port))
    except OSError as error:
        raise TransientError(
            f"host {host}: no connection to {address}:{port}: {error.strerror or error}"
        ) from error
