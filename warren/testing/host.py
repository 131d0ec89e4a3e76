"""A host without SSH: real shells and interpreters of this machine, in a directory of their own.

What a host answers is decided by its shell and its Python, so these are the real ones, behind the real
framing; only the network between is missing. That is what can be made to fail here: it can be cut, and
it can refuse us. The contract suite of hosts holds for it whole.
"""

import secrets
import shlex
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from warren.aio.clock import Clock, SystemClock
from warren.fleet.here import Here, LocalStream
from warren.fleet.machine import Machine, Places
from warren.fleet.process import ByteReader, LocalProcess
from warren.fleet.runner import sources
from warren.model.errors import HostRefused, HostUnreachable


class _Part:
    """A stream that breaks when its line is cut, whatever was still on its way."""

    def __init__(self, reader: ByteReader, check: Callable[[], None]) -> None:
        self._reader = reader
        self._check = check

    async def read(self, size: int, /) -> bytes:
        data = await self._reader.read(size)
        self._check()
        return data


class _Remote:
    """A process at the other end of a line."""

    def __init__(self, process: LocalProcess, check: Callable[[], None]) -> None:
        self._process = process
        self._check = check
        self.stdout = _Part(process.stdout, check)
        self.stderr = _Part(process.stderr, check)

    @property
    def ended(self) -> bool:
        return self._process.ended

    async def write(self, data: bytes) -> None:
        self._check()
        await self._process.write(data)

    async def close(self) -> None:
        await self._process.close()


class _Line:
    """The way to a fake host: processes of this machine, as long as it is whole."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.is_cut = False
        self.is_closed_to_us = False
        self._folder = shlex.quote(str(folder))
        self._here = Here(name)
        self._processes: list[_Remote] = []

    def __repr__(self) -> str:
        return "a fake's line"

    async def start(self, line: str) -> _Remote:
        self._knock()
        home = f"cd {self._folder} && HOME={self._folder} && TMPDIR={self._folder} && export HOME TMPDIR"
        process = _Remote(await self._here.start(f"{home} && {line}"), self._check)
        self._processes = [one for one in self._processes if not one.ended] + [process]
        return process

    async def tunnel(self, address: str, port: int) -> LocalStream:
        self._knock()
        return await self._here.tunnel(address, port)

    def abandon(self) -> None:
        """Nothing is kept open that a process does not hold."""

    async def close(self) -> None:
        processes, self._processes = self._processes, []
        for process in processes:
            await process.close()

    def _check(self) -> None:
        if self.is_cut:
            raise HostUnreachable(self.name, "the connection broke")

    def _knock(self) -> None:
        if self.is_cut:
            raise HostUnreachable(self.name, "cannot connect: no route to host")
        if self.is_closed_to_us:
            raise HostRefused(self.name, "it does not accept our keys")


class FakeHost(Machine):
    """A host in a directory; implements ``Host``. An async context, at whose end its processes end.

    Args:
        name: the inventory's name of the host.
        folder: its home, its temporary files, its epochs. Nothing keeps commands from leaving it.
        functions: our directory of functions for the runner.
        clock: for measuring.
        fence_wait_seconds: how long a fenced batch waits for another one.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        functions: Path = sources.REMOTE,
        clock: Clock | None = None,
        fence_wait_seconds: int = 5,
    ) -> None:
        self._line = _Line(name, folder)
        super().__init__(
            name,
            self._line,
            python=None,
            nonce=lambda: secrets.token_hex(16),
            clock=clock or SystemClock(),
            places=Places(
                epochs=str(folder / "epochs"),
                fence_wait_seconds=fence_wait_seconds,
                functions=functions,
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def cut(self) -> None:
        """Cut the line: what runs over it ends, and nothing new is reached until ``mend``."""
        self._line.is_cut = True
        await self._line.close()

    def refuse(self) -> None:
        """Accept no new session until ``mend``, as with a wrong key; open ones stay."""
        self._line.is_closed_to_us = True

    def mend(self) -> None:
        """Undo ``cut`` and ``refuse``."""
        self._line.is_cut = self._line.is_closed_to_us = False
