"""A host behind any transport: shells, runners and streams on sessions that are kept open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from warren.fleet import becoming, script
from warren.fleet.command import Become, Command, Fence, Result
from warren.fleet.facts import gathering
from warren.fleet.facts.facts import HostFacts
from warren.fleet.host import ByteStream
from warren.fleet.process import Start
from warren.fleet.runner import caller
from warren.fleet.shell import Shell, open_shell
from warren.fleet.tcp import open_here
from warren.model.errors import HostUnreachable

SHELLS_MAX = 3
STREAMS_MAX = 4
_READ_BYTES = 1 << 16


class Tunnels(Protocol):
    """What opens TCP connections from the host."""

    async def tunnel(self, address: str, port: int) -> ByteStream:
        """Open one."""
        ...


class _Crew:
    """What is kept open for one user of the host: a few shells, one runner."""

    def __init__(self) -> None:
        self.idle: list[Shell] = []
        self.shells = asyncio.Semaphore(SHELLS_MAX)
        self.runner: caller.Runner | None = None
        self.running = asyncio.Lock()


class Machine:
    """Implements ``Host`` over anything that starts processes."""

    def __init__(
        self, name: str, *, start: Start, link: Tunnels | None, python: str | None,
        nonce: Callable[[], str], now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._name = name
        self._start = start
        self._link = link
        self._python = python
        self._nonce = nonce
        self._now = now
        self._crews: dict[Become | None, _Crew] = {}
        self._streams = asyncio.Semaphore(STREAMS_MAX)

    @property
    def name(self) -> str:
        """The inventory's name of the host."""
        return self._name

    async def run(
        self,
        commands: Sequence[Command],
        *,
        fence: Fence | None = None,
        become: Become | None = None,
        stop_on_failure: bool = True,
    ) -> list[Result]:
        """Run a batch in one round trip; see ``Host.run``."""
        if not commands:
            return []
        crew = self._crew(become)
        async with crew.shells:
            shell = crew.idle.pop() if crew.idle else None
            while shell is not None and shell.broken:
                shell = crew.idle.pop() if crew.idle else None
            if shell is None:
                shell = await self._open_shell(become)
            try:
                return await shell.run(commands, fence=fence, stop_on_failure=stop_on_failure)
            finally:
                if shell.broken:
                    await shell.close()
                else:
                    crew.idle.append(shell)

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        become: Become | None = None,
        timeout_seconds: float = 60.0,
        fence: Fence | None = None,
    ) -> dict[str, Any]:
        """Call a function of the Python runner; see ``Host.call``."""
        crew = self._crew(become)
        async with crew.running:
            if crew.runner is not None and crew.runner.broken:
                await crew.runner.close()
                crew.runner = None
            if crew.runner is None:
                line = caller.command_line(self._python)
                process = await becoming.start(self._name, self._start, line, become)
                runner = caller.Runner(self._name, process)
                await runner.greet()
                crew.runner = runner
            return await crew.runner.call(
                function, arguments, timeout_seconds=timeout_seconds, fence=fence
            )

    @asynccontextmanager
    async def stream(
        self, command: Command, *, become: Become | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Follow a command's standard output; see ``Host.stream``."""
        async with self._streams:
            line = script.command_line(command)
            process = await becoming.start(self._name, self._start, line, become)
            try:
                yield self._chunks(process.stdout)
            finally:
                await process.close()

    async def connect(self, address: str, port: int) -> ByteStream:
        """Open a TCP connection from the host; see ``Host.connect``."""
        if self._link is None:
            return await open_here(self._name, address, port)
        return await self._link.tunnel(address, port)

    async def facts(self) -> HostFacts:
        """Gather the host's facts, in one round trip."""
        (result,) = await self.run([gathering.COMMAND])
        return gathering.parse(self._name, result)

    async def close(self) -> None:
        """End everything that is open on the host."""
        for crew in self._crews.values():
            for shell in crew.idle:
                await shell.close()
            if crew.runner is not None:
                await crew.runner.close()
        self._crews.clear()

    def _crew(self, become: Become | None) -> _Crew:
        return self._crews.setdefault(become, _Crew())

    async def _open_shell(self, become: Become | None) -> Shell:
        process = await becoming.start(self._name, self._start, "exec /bin/sh", become)
        return await open_shell(
            self._name, process, start=self._start, nonce=self._nonce, now=self._now
        )

    async def _chunks(self, reader: Any) -> AsyncIterator[bytes]:
        while True:
            try:
                chunk = await reader.read(_READ_BYTES)
            except (ConnectionError, OSError) as error:
                raise HostUnreachable(self._name, "the connection broke") from error
            if not chunk:
                return
            yield chunk
