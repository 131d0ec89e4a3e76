"""The persistent shell: many commands in one round trip, on a session that is already open."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from warren.fleet import script
from warren.fleet.command import Command, Fence, Result
from warren.fleet.process import ByteReader, Process, Start
from warren.model.errors import (
    Busy,
    CommandFailed,
    CommandTimedOut,
    CorruptState,
    HostUnreachable,
    StaleEpoch,
    Unsupported,
)

OUTPUT_BYTES_MAX = 16 << 20
_READ_BYTES = 1 << 16
_KILL_SECONDS = 5.0
_START_SECONDS = 15.0
_FENCE_SECONDS = script.LOCK_WAIT_SECONDS + 10.0

GREETING = (
    "case $(command -V printf 2>&1) in *builtin*) ;; *) echo 'no builtin printf' >&2; exit 126;; esac;"
    " setsid=$(command -v setsid) || setsid=; unset ENV;"
    " printf 'warren-shell %s\\n' $$"
)


@dataclass(slots=True)
class _Entry:
    stdout: bytes | None = None
    stderr: bytes | None = None
    status: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, *, is_stdout: bool, data: bytes, status: int) -> None:
        if is_stdout:
            self.stdout = data
        else:
            self.stderr = data
        self.status = status
        if self.stdout is not None and self.stderr is not None:
            self.done.set()


class Shell:
    """One open ``/bin/sh``; runs one batch at a time.

    Attributes:
        broken: it can run no further batch; throw it away.
    """

    def __init__(
        self, host: str, process: Process, pid: int, *, start: Start, nonce: Callable[[], str],
        now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._host = host
        self._process = process
        self._pid = pid
        self._start = start
        self._nonce = nonce
        self._now = now
        self.broken = False

    async def run(
        self, commands: Sequence[Command], *, fence: Fence | None, stop_on_failure: bool
    ) -> list[Result]:
        """Run a batch; see ``Host.run``."""
        nonce = self._nonce()
        built = script.build(commands, nonce=nonce, fence=fence, stop_on_failure=stop_on_failure)
        entries = [_Entry() for _ in range(built.entries)]
        end = _Entry()
        finished = False
        try:
            async with asyncio.TaskGroup() as group:
                for stream, is_stdout in (
                    (self._process.stdout, True),
                    (self._process.stderr, False),
                ):
                    group.create_task(
                        self._collect(stream, nonce, entries, end, is_stdout=is_stdout)
                    )
                await self._process.write(built.text)
                results = await self._await(commands, entries, end, fence=fence)
                finished = True
        except* (
            HostUnreachable,
            CommandTimedOut,
            CommandFailed,
            StaleEpoch,
            Busy,
            CorruptState,
        ) as group_error:
            raise group_error.exceptions[0] from None
        except* (ConnectionError, EOFError) as group_error:
            raise HostUnreachable(self._host, "the connection broke") from group_error
        finally:
            self.broken = self.broken or not finished
        return results

    async def close(self) -> None:
        """End the shell."""
        self.broken = True
        await self._process.close()

    async def _collect(
        self, stream: ByteReader, nonce: str, entries: list[_Entry], end: _Entry, *, is_stdout: bool
    ) -> None:
        frames = script.Frames(nonce, size_bytes_max=OUTPUT_BYTES_MAX)
        while True:
            chunk = await stream.read(_READ_BYTES)
            if not chunk:
                raise EOFError
            try:
                complete = frames.feed(chunk)
            except OverflowError:
                await self._kill()
                raise CommandFailed(
                    host=self._host, command="(batch)", status=141,
                    stderr_tail=f"more than {OUTPUT_BYTES_MAX} bytes of output",
                    hint="send the output to a file",
                ) from None  # fmt: skip
            for number, data, status in complete:
                entry = end if number < 0 else entries[number]
                entry.put(is_stdout=is_stdout, data=data, status=status)
                if number < 0:
                    if end.done.is_set():
                        for waited in entries:
                            waited.done.set()
                    return

    async def _await(
        self,
        commands: Sequence[Command],
        entries: list[_Entry],
        end: _Entry,
        *,
        fence: Fence | None,
    ) -> list[Result]:
        results: list[Result] = []
        offset = 0
        if fence is not None:
            offset = 1
            await self._wait(entries[0], _FENCE_SECONDS, "the fence")
            self._judge_fence(entries[0], fence)
        for command, entry in zip(commands, entries[offset:], strict=True):
            started = self._now()
            await self._wait(entry, command.timeout_seconds, str(command))
            if entry.stdout is None or entry.stderr is None:
                break  # the batch ended before it
            results.append(
                Result(
                    stdout=entry.stdout, stderr=entry.stderr, status=entry.status,
                    seconds=self._now() - started,
                )
            )  # fmt: skip
        await self._wait(end, _START_SECONDS, "the end of the batch")
        return results

    async def _wait(self, entry: _Entry, seconds: float, what: str) -> None:
        """Wait for an entry; the batch's end releases all of them."""
        try:
            async with asyncio.timeout(seconds):
                await entry.done.wait()
        except TimeoutError:
            await self._kill()
            raise CommandTimedOut(host=self._host, command=what, timeout_seconds=seconds) from None

    def _judge_fence(self, entry: _Entry, fence: Fence) -> None:
        said = (entry.stderr or b"").decode(errors="replace").strip()
        match entry.status:
            case 0:
                return
            case script.STALE:
                raise StaleEpoch(self._host, ours=fence.epoch, theirs=int(said))
            case script.BUSY:
                raise Busy(
                    f"host {self._host}: another batch of cluster {fence.cluster} has held the lock"
                    f" for {script.LOCK_WAIT_SECONDS} s",
                    hint="wait for the other controller, or look for a hung command on the host",
                )
            case script.CORRUPT:
                raise CorruptState(
                    f"host {self._host}: {script.EPOCHS}/{fence.cluster} holds {said!r}, not an epoch",
                    hint="write the highest epoch known into it, or remove it if this is the only controller",
                )
            case _:
                raise CommandFailed(
                    host=self._host, command=f"fence {script.EPOCHS}/{fence.cluster}",
                    status=entry.status, stderr_tail=said,
                    hint="mutating commands need root, flock, and a writable /var/lib/warren",
                )  # fmt: skip

    async def _kill(self) -> None:
        """Kill what runs and the shell itself, through a session of its own."""
        self.broken = True
        try:
            async with asyncio.timeout(_KILL_SECONDS):
                killer = await self._start(script.killing(self._pid))
                await killer.status()
                await killer.close()
        except TimeoutError as error:
            message = "does not answer, not even to kill the command that is too late"
            raise HostUnreachable(self._host, message) from error


async def open_shell(
    host: str, process: Process, *, start: Start, nonce: Callable[[], str], now: Callable[[], float]
) -> Shell:
    """Greet a shell that was just started.

    Raises:
        Unsupported: it is no usable POSIX shell.
        HostUnreachable: it does not answer.
    """
    await process.write(f"{GREETING}\n".encode())
    said = b""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while b"warren-shell " not in said or not said.endswith(b"\n"):
                chunk = await process.stdout.read(_READ_BYTES)
                if not chunk:
                    tail = (await process.stderr.read(_READ_BYTES)).decode(errors="replace").strip()
                    await process.close()
                    raise Unsupported(
                        f"host {host}: /bin/sh does not start as expected: {tail or 'it ended'}",
                        hint="a POSIX shell with a builtin printf is needed, and no forced command",
                    )
                said += chunk
    except TimeoutError as error:
        await process.close()
        raise HostUnreachable(host, "its shell does not answer") from error
    pid = int(said.rpartition(b"warren-shell ")[2])
    return Shell(host, process, pid, start=start, nonce=nonce, now=now)
