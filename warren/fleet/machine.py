"""A host behind any transport: shells, runners and streams on sessions that are kept open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from warren.aio.clock import Clock
from warren.fleet import becoming, script
from warren.fleet.command import Become, Command, Fence, Result
from warren.fleet.facts import gathering
from warren.fleet.facts.facts import HostFacts
from warren.fleet.failures import tail
from warren.fleet.host import ByteStream
from warren.fleet.keeping import Sessions
from warren.fleet.process import Process
from warren.fleet.runner import caller, sources
from warren.fleet.runner.caller import Runner
from warren.fleet.script import Fencing
from warren.fleet.shell import Shell, open_shell
from warren.model.errors import CommandFailed

KEPT_MAX = 4
STREAMS_MAX = 5
"""Together one less than sshd's ``MaxSessions`` of 10: a session is closed a moment after we say so."""

_READ_BYTES = 1 << 16
_STREAM_END_BYTES = 1 << 13


_RUN_BATCHES: tuple[type[Shell | Runner], ...] = (Shell, Runner)


class Transport(Protocol):
    """How a host is reached; all its methods raise ``HostUnreachable`` and ``HostRefused``."""

    async def start(self, line: str) -> Process:
        """Start a shell command line in a session of its own."""
        ...

    async def tunnel(self, address: str, port: int) -> ByteStream:
        """Open a TCP connection from the host."""
        ...

    def abandon(self) -> None:
        """Give up a connection on which the host no longer answers."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are.

    Attributes:
        epochs: directory of the hosts for fences.
        fence_wait_seconds: how long a fenced batch waits for another one.
        functions: our directory of functions for the runner.
    """

    epochs: str = script.EPOCHS
    fence_wait_seconds: int = script.LOCK_WAIT_SECONDS
    functions: Path = sources.REMOTE


class Machine:
    """Implements ``Host`` over a transport."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        *,
        python: str | None,
        nonce: Callable[[], str],
        clock: Clock,
        places: Places,
    ) -> None:
        self._name = name
        self._transport = transport
        self._python = python
        self._nonce = nonce
        self._clock = clock
        self._places = places
        self._sessions = Sessions(KEPT_MAX)
        self._streams = asyncio.Semaphore(STREAMS_MAX)

    def __repr__(self) -> str:
        return f"<Machine {self._name} {self._transport!r} {self._sessions!r}>"

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
        begin = partial(self._open_shell, become)
        # An interpreter carries a shell of its own: a second session would be a second log-in.
        async with self._sessions.borrow(become, _RUN_BATCHES, begin) as session:
            return await session.run(
                commands, fencing=self._fencing(fence), stop_on_failure=stop_on_failure
            )

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
        begin = partial(self._open_runner, become)
        async with self._sessions.borrow(become, (Runner,), begin) as runner:
            return await runner.call(
                function,
                arguments,
                timeout_seconds=timeout_seconds,
                fencing=self._fencing(fence),
            )

    @asynccontextmanager
    async def stream(
        self, command: Command, *, become: Become | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Follow a command's standard output; see ``Host.stream``."""
        async with self._streams:
            line = script.following(command)
            process = await becoming.start(self._name, self._transport.start, line, become)
            try:
                yield self._chunks(process, command)
            finally:
                await process.close()

    async def connect(self, address: str, port: int) -> ByteStream:
        """Open a TCP connection from the host; see ``Host.connect``."""
        return await self._transport.tunnel(address, port)

    async def facts(self) -> HostFacts:
        """Gather the host's facts, in one round trip."""
        before = self._clock.now().timestamp()
        (result,) = await self.run([gathering.COMMAND])
        after = self._clock.now().timestamp()
        return gathering.parse(self._name, result, now_seconds=(before + after) / 2)

    async def close(self) -> None:
        """End everything that is idle on the host, and the connection."""
        try:
            await self._sessions.close()
        finally:
            await self._transport.close()

    def _fencing(self, fence: Fence | None) -> Fencing | None:
        if fence is None:
            return None
        wait_seconds = self._places.fence_wait_seconds
        return Fencing(fence=fence, folder=self._places.epochs, wait_seconds=wait_seconds)

    async def _open_shell(self, become: Become | None) -> Shell:
        start = self._transport.start
        return await self._greet(await becoming.start(self._name, start, "exec /bin/sh", become))

    async def _greet(self, process: Process) -> Shell:
        return await open_shell(
            self._name,
            process,
            nonce=self._nonce,
            now=self._clock.monotonic,
            lost=self._transport.abandon,
        )

    async def _open_runner(self, become: Become | None) -> Runner:
        line = caller.command_line(self._python)
        process = await becoming.start(self._name, self._transport.start, line, become)
        return await caller.open_runner(
            self._name,
            process,
            functions=self._places.functions,
            lost=self._transport.abandon,
            open_shell=self._greet,
        )

    async def _chunks(self, process: Process, command: Command) -> AsyncIterator[bytes]:
        while chunk := await process.stdout.read(_READ_BYTES):
            yield chunk
        said = b""
        while len(said) < _STREAM_END_BYTES and (more := await process.stderr.read(_READ_BYTES)):
            said += more
        errors, _, status = said.rstrip(b"\n").rpartition(b"\n")
        if status != b"0":
            raise CommandFailed(
                host=self._name,
                command=str(command),
                status=int(status) if status.isdigit() else 255,
                stderr_tail=tail(errors),
            )
