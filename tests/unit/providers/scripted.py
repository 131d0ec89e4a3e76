# ruff: noqa: ARG002 - a fake takes what the contract gives it
"""A host at the boundary: it answers commands by what a test says, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from warren.fleet.command import Become, Command, Fence, Result
from warren.fleet.host import ByteStream
from warren.model.errors import TransientError, WarrenError

Answer = Result | WarrenError


def ends(status: int = 0, *, stdout: str = "", stderr: str = "") -> Result:
    return Result(stdout=stdout.encode(), stderr=stderr.encode(), status=status, seconds=0.01)


class ScriptedHost:
    """Implements ``Host``; ``answer`` decides on each command, in order.

    A ``WarrenError`` that it returns ends the batch, as a broken connection or a timeout does.
    """

    def __init__(
        self,
        answer: Callable[[Command], Answer] = lambda _: ends(),
        *,
        name: str = "host1",
        listener: Callable[[str, int], bytes | None] = lambda _address, _port: None,
        chunks: Sequence[bytes] = (),
    ) -> None:
        self._answer = answer
        self._name = name
        self._listener = listener
        self._chunks = chunks
        self.batches: list[list[Command]] = []
        self.fences: list[Fence | None] = []
        self.streams = 0
        self.before: Callable[[], Any] = lambda: asyncio.sleep(0)

    @property
    def name(self) -> str:
        return self._name

    @property
    def sent(self) -> list[str]:
        return [" ".join(command.argv) for batch in self.batches for command in batch]

    async def run(
        self,
        commands: Sequence[Command],
        *,
        fence: Fence | None = None,
        become: Become | None = None,
        stop_on_failure: bool = True,
    ) -> list[Result]:
        await self.before()
        self.batches.append(list(commands))
        self.fences.append(fence)
        results = []
        for command in commands:
            answer = self._answer(command)
            if isinstance(answer, WarrenError):
                raise answer
            results.append(answer)
            if answer.status and stop_on_failure:
                break
        return results

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        become: Become | None = None,
        timeout_seconds: float = 60.0,
        fence: Fence | None = None,
    ) -> dict[str, Any]:
        raise AssertionError("providers never call Python on a host")

    @asynccontextmanager
    async def stream(
        self, command: Command, *, become: Become | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        self.streams += 1

        async def chunks() -> AsyncIterator[bytes]:
            for chunk in self._chunks:
                yield chunk

        yield chunks()

    async def connect(self, address: str, port: int) -> ByteStream:
        answer = self._listener(address, port)
        if answer is None:
            raise TransientError(f"nothing listens on {address}:{port}")
        return ScriptedStream(answer)


class ScriptedStream:
    """Gives its answer byte by byte, as the worst of networks would; empty hangs for ever."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._hangs = not answer
        self.written = b""
        self.closed = False

    async def read(self, size: int) -> bytes:
        if self._hangs:
            await asyncio.Event().wait()
        first, self._answer = self._answer[:1], self._answer[1:]
        return first

    async def write(self, data: bytes) -> None:
        self.written += data

    async def close(self) -> None:
        self.closed = True
