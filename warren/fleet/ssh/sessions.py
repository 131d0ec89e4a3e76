"""Programs on an SSH connection, as the shell and the runner expect them."""

from typing import Any

import asyncssh

from warren.fleet.process import ByteReader
from warren.fleet.ssh.connecting import translated
from warren.model.errors import TransientError


class SshProcess:
    """A program in a session of an SSH connection."""

    def __init__(self, host: str, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self._host = host
        self._process = process

    @property
    def stdout(self) -> ByteReader:
        """Its standard output."""
        return self._process.stdout

    @property
    def stderr(self) -> ByteReader:
        """Its standard error."""
        return self._process.stderr

    async def write(self, data: bytes) -> None:
        """Give it input."""
        async with translated(self._host):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def status(self) -> int:
        """Wait for its end."""
        await self._process.wait_closed()
        status = self._process.returncode
        if status is None:
            return 255
        return status if status >= 0 else 128 - status

    async def close(self) -> None:
        """Close its session; sshd hangs up on it."""
        self._process.close()


class TunnelStream:
    """A TCP connection from the host to somewhere it can reach."""

    def __init__(
        self, reader: "asyncssh.SSHReader[bytes]", writer: "asyncssh.SSHWriter[bytes]"
    ) -> None:
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


async def start(host: str, connection: asyncssh.SSHClientConnection, line: str) -> SshProcess:
    """Start a shell command line in a session of its own."""
    async with translated(host):
        process: Any = await connection.create_process(line, encoding=None)
        return SshProcess(host, process)


async def tunnel(
    host: str, connection: asyncssh.SSHClientConnection, address: str, port: int
) -> TunnelStream:
    """Open a tunnelled TCP connection.

    Raises:
        TransientError: nothing listens there, or the host's sshd forbids tunnels.
    """
    try:
        reader, writer = await connection.open_connection(address, port, encoding=None)
    except asyncssh.ChannelOpenError as error:
        raise TransientError(
            f"host {host}: no connection to {address}:{port}: {error.reason}"
        ) from error
    return TunnelStream(reader, writer)
