"""Programs and tunnels on one SSH connection, as the shell and the runner expect them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh

from warren.fleet.ssh.translation import FOREIGN, translate
from warren.model.errors import HostUnreachable, TransientError

_PLACE_WAITS_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class _Reader:
    """One stream of a program or tunnel, with our errors."""

    def __init__(self, host: str, reader: "asyncssh.SSHReader[bytes]") -> None:
        self._host = host
        self._reader = reader

    async def read(self, size: int, /) -> bytes:
        try:
            return await self._reader.read(size)
        except FOREIGN as error:
            raise translate(self._host, error) from error


class SshProcess:
    """A program in a session of an SSH connection."""

    def __init__(self, host: str, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self._host = host
        self._process = process
        self._stdout = _Reader(host, process.stdout)
        self._stderr = _Reader(host, process.stderr)

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended, or its connection to be gone."""
        return self._process.is_closing() or self._process.exit_status is not None

    @property
    def stdout(self) -> _Reader:
        """Its standard output."""
        return self._stdout

    @property
    def stderr(self) -> _Reader:
        """Its standard error."""
        return self._stderr

    async def write(self, data: bytes) -> None:
        """Give it input."""
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except FOREIGN as error:
            raise translate(self._host, error) from error

    async def close(self) -> None:
        """Close its session: its input ends."""
        self._process.close()


class TunnelStream:
    """A TCP connection from the host to somewhere it can reach."""

    def __init__(
        self,
        host: str,
        reader: "asyncssh.SSHReader[bytes]",
        writer: "asyncssh.SSHWriter[bytes]",
    ) -> None:
        self._host = host
        self._reader = _Reader(host, reader)
        self._writer = writer

    async def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; empty at the end."""
        return await self._reader.read(size)

    async def write(self, data: bytes) -> None:
        """Write all of ``data``."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except FOREIGN as error:
            raise translate(self._host, error) from error

    async def close(self) -> None:
        """Close both directions."""
        self._writer.close()


class Connection:
    """One open SSH connection.

    Args:
        host: the host's name.
        connection: asyncssh's.
        answer_seconds: how long the host may take to open a session.
        close: ends it and the jump connections below it.
    """

    def __init__(
        self,
        host: str,
        connection: asyncssh.SSHClientConnection,
        *,
        answer_seconds: float,
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._host = host
        self._connection = connection
        self._answer_seconds = answer_seconds
        self._close = close

    @property
    def is_open(self) -> bool:
        """Whether it still stands, as far as we know."""
        return not self._connection.is_closed()

    async def start(self, line: str) -> SshProcess:
        """Start a shell command line in a session of its own."""
        try:
            async with asyncio.timeout(self._answer_seconds):
                process = await self._begin(line)
        except TimeoutError as error:
            raise self._hung() from error
        except FOREIGN as error:
            raise translate(self._host, error) from error
        return SshProcess(self._host, process)

    async def _begin(self, line: str) -> Any:
        """Start it; wait where sshd still counts sessions that were closed a moment ago.

        A session counts until its program has ended and sshd has noticed.
        """
        for wait_seconds in _PLACE_WAITS_SECONDS:
            try:
                return await self._connection.create_process(line, encoding=None)
            except asyncssh.ChannelOpenError:
                if not self.is_open:
                    raise
                await asyncio.sleep(wait_seconds)
        return await self._connection.create_process(line, encoding=None)

    async def tunnel(self, address: str, port: int) -> TunnelStream:
        """Open a tunnelled TCP connection.

        Raises:
            TransientError: nothing listens there, or the host's sshd forbids tunnels.
        """
        try:
            async with asyncio.timeout(self._answer_seconds):
                reader, writer = await self._connection.open_connection(
                    address, port, encoding=None
                )
        except asyncssh.ChannelOpenError as error:
            raise TransientError(
                f"host {self._host}: no connection to {address}:{port}: {error.reason}"
            ) from error
        except TimeoutError as error:
            # The host may be well and the address drop packets: the connection stays.
            raise TransientError(
                f"host {self._host}: no connection to {address}:{port} within"
                f" {self._answer_seconds:g} s"
            ) from error
        except FOREIGN as error:
            raise translate(self._host, error) from error
        return TunnelStream(self._host, reader, writer)

    def abort(self) -> None:
        """Break it off at once; what waits on it gets ``HostUnreachable``."""
        self._connection.abort()

    async def close(self) -> None:
        """Close it and what it goes through."""
        await self._close()

    def _hung(self) -> HostUnreachable:
        self.abort()
        return HostUnreachable(
            self._host, f"hangs: it opened no session within {self._answer_seconds:g} s"
        )
