"""The persistent shell: many commands in one round trip, on a session that is already open."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from warren.fleet import frames, script
from warren.fleet.command import Command, Result
from warren.fleet.process import ByteReader, Process
from warren.fleet.script import Fencing
from warren.model.errors import (
    Busy,
    CommandFailed,
    CommandTimedOut,
    CorruptState,
    HostUnreachable,
    StaleEpoch,
    Unsupported,
    WarrenError,
)

OUTPUT_BYTES_MAX = 16 << 20
"""Of one command, on each of its two streams."""

STOP_SECONDS = 2.0
"""What a host that hangs costs beyond a command's timeout."""

_READ_BYTES = 1 << 16
_START_SECONDS = 10.0
_FENCE_GRACE_SECONDS = 5.0
_OVERFLOWED = 141  # 128 + SIGPIPE: as if nobody read it


@dataclass(slots=True)
class _Entry:
    stdout: bytes | None = None
    stderr: bytes | None = None
    status: int = 0
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def complete(self) -> bool:
        return self.stdout is not None and self.stderr is not None


class _Batch:
    """What is known of a running batch; readers fill it in, one waiter looks."""

    def __init__(self, entries: int) -> None:
        self.entries = [_Entry() for _ in range(entries)]
        self.end = _Entry()
        self.broken: WarrenError | None = None
        self.overflowed = False

    def put(self, frame: frames.Frame, *, is_stdout: bool) -> None:
        if frame.entry == frames.BEGIN:
            return
        entry = self.end if frame.entry == frames.END else self.entries[frame.entry]
        if is_stdout:
            entry.stdout = frame.output
        else:
            entry.stderr = frame.output
        entry.status = frame.status
        if entry.complete:
            entry.settled.set()
            if entry is self.end:
                self.wake()

    def break_off(self, error: WarrenError) -> None:
        self.broken = self.broken or error
        self.wake()
        self.end.settled.set()

    def wake(self) -> None:
        for entry in self.entries:
            entry.settled.set()

    async def reached(self, entry: _Entry, seconds: float) -> bool:
        """Wait for an entry, the end, or trouble; whether one came in time."""
        try:
            async with asyncio.timeout(seconds):
                await entry.settled.wait()
        except TimeoutError:
            return entry.settled.is_set()
        return True


class Shell:
    """One open ``/bin/sh``; runs one batch at a time."""

    def __init__(
        self,
        host: str,
        process: Process,
        *,
        nonce: Callable[[], str],
        now: Callable[[], float],
        lost: Callable[[], None],
    ) -> None:
        self._host = host
        self._process = process
        self._nonce = nonce
        self._now = now
        self._lost = lost
        self._broken = False

    @property
    def broken(self) -> bool:
        """Whether it can run no further batch; throw it away."""
        return self._broken or self._process.ended

    async def run(
        self, commands: Sequence[Command], *, fencing: Fencing | None, stop_on_failure: bool
    ) -> list[Result]:
        """Run a batch; see ``Host.run``."""
        nonce = self._nonce()
        text = script.build(commands, nonce=nonce, fencing=fencing, stop_on_failure=stop_on_failure)
        batch = _Batch(len(commands) + (fencing is not None))
        results: list[Result] = []
        settled = False
        try:
            async with asyncio.TaskGroup() as group:
                work = (
                    group.create_task(self._collect(batch, nonce, is_stdout=True)),
                    group.create_task(self._collect(batch, nonce, is_stdout=False)),
                    group.create_task(self._send(batch, text)),
                )
                failure = await self._settle(batch, commands, fencing, results)
                for task in work:
                    task.cancel()
            settled = True
        finally:
            self._broken = self._broken or not settled or batch.broken is not None
        if failure is not None:
            raise failure
        return results

    async def close(self) -> None:
        """End the shell and what still runs in it."""
        self._broken = True
        await self._process.close()

    async def _send(self, batch: _Batch, text: bytes) -> None:
        try:
            await self._process.write(text)
        except WarrenError as error:
            batch.break_off(error)

    async def _collect(self, batch: _Batch, nonce: str, *, is_stdout: bool) -> None:
        stream: ByteReader = self._process.stdout if is_stdout else self._process.stderr
        cutter = frames.Frames(nonce, size_bytes_max=OUTPUT_BYTES_MAX)
        while True:
            try:
                chunk = await stream.read(_READ_BYTES)
            except WarrenError as error:
                batch.break_off(error)
                return
            if not chunk:
                batch.break_off(HostUnreachable(self._host, "its shell ended unexpectedly"))
                return
            for frame in cutter.feed(chunk):
                batch.put(frame, is_stdout=is_stdout)
                if frame.entry == frames.END:
                    return
            if cutter.overflowed and not batch.overflowed:
                batch.overflowed = True
                batch.wake()

    async def _settle(
        self,
        batch: _Batch,
        commands: Sequence[Command],
        fencing: Fencing | None,
        results: list[Result],
    ) -> WarrenError | None:
        """Follow the batch to its end; the error to raise, if any."""
        entries = iter(batch.entries)
        failure = None
        if fencing is not None:
            failure = await self._pass_fence(batch, next(entries), fencing)
        for command, entry in zip(commands, entries, strict=True):
            if failure is not None:
                return failure
            started = self._now()
            failure = await self._follow(batch, entry, command)
            if entry.stdout is None or entry.stderr is None:
                break  # the batch ended before it
            results.append(
                Result(
                    stdout=entry.stdout,
                    stderr=entry.stderr,
                    status=entry.status,
                    seconds=self._now() - started,
                )
            )
        if failure is None and not await batch.reached(batch.end, _START_SECONDS):
            failure = await self._stop(batch, self._too_late("the end of a batch", _START_SECONDS))
        return failure or batch.broken

    async def _pass_fence(
        self, batch: _Batch, fence: _Entry, fencing: Fencing
    ) -> WarrenError | None:
        seconds = fencing.wait_seconds + _FENCE_GRACE_SECONDS
        if not await batch.reached(fence, seconds):
            return await self._stop(batch, self._too_late("the fence", seconds))
        if batch.broken or not fence.complete:
            return batch.broken or HostUnreachable(self._host, "its shell stopped the batch")
        if fence.status == 0:
            return None
        if not await batch.reached(batch.end, STOP_SECONDS):
            self._broken = True
        said = (fence.stderr or b"").decode(errors="replace").strip()
        return refusal(self._host, fencing, status=fence.status, said=said)

    async def _follow(self, batch: _Batch, entry: _Entry, command: Command) -> WarrenError | None:
        if not await batch.reached(entry, command.timeout_seconds):
            return await self._stop(batch, self._too_late(str(command), command.timeout_seconds))
        if batch.broken:
            return batch.broken
        if batch.overflowed:
            return await self._stop(batch, self._too_much(str(command)))
        return None

    async def _stop(self, batch: _Batch, error: WarrenError) -> WarrenError:
        """Have what runs killed; the shell stays usable if it says that it was."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.write(script.STOP)
                await batch.end.settled.wait()
        except TimeoutError:
            self._broken = True
            self._lost()
            return HostUnreachable(
                self._host,
                f"hangs: {error.message.partition(': ')[2]}, and the host does not confirm it",
                hint="look at its load, disks and console",
            )
        except WarrenError as lost:
            return lost
        return batch.broken or error

    def _too_late(self, what: str, seconds: float) -> WarrenError:
        return CommandTimedOut(host=self._host, command=what, timeout_seconds=seconds)

    def _too_much(self, what: str) -> WarrenError:
        return CommandFailed(
            host=self._host,
            command=what,
            status=_OVERFLOWED,
            stderr_tail=f"more than {OUTPUT_BYTES_MAX} bytes of output; it was killed",
            hint="send the output to a file, or follow it as a stream",
        )


def refusal(host: str, fencing: Fencing, *, status: int, said: str) -> WarrenError:
    """The error for a fence that was not passed."""
    match status:
        case script.STALE:
            return StaleEpoch(host, ours=fencing.fence.epoch, theirs=int(said))
        case script.BUSY:
            return Busy(
                f"host {host}: another batch of cluster {fencing.fence.cluster} has held the lock for"
                f" {fencing.wait_seconds} s",
                hint="wait for the other controller, or look for a hung command on the host",
            )
        case script.CORRUPT:
            return CorruptState(
                f"host {host}: {fencing.path} holds {said!r}, which is no epoch",
                hint="write the highest epoch known and a line end into it, or remove it if this is"
                " the only controller",
            )
        case _:
            is_full = "no space left" in said.lower()
            return CommandFailed(
                host=host,
                command=f"fence {fencing.path}",
                status=status,
                stderr_tail=said,
                hint=f"free some space on the disk that holds {fencing.folder}"
                if is_full
                else f"mutating commands need flock and rights to write {fencing.folder}",
            )


async def open_shell(
    host: str,
    process: Process,
    *,
    nonce: Callable[[], str],
    now: Callable[[], float],
    lost: Callable[[], None],
) -> Shell:
    """Greet a shell that was just started.

    Args:
        host: its name.
        process: the shell.
        nonce: an unguessable word of hexadecimal digits.
        now: seconds, for measuring.
        lost: called when the host no longer answers.

    Raises:
        Unsupported: it is no usable POSIX shell.
        HostUnreachable: it does not answer.
    """
    said = b""
    try:
        async with asyncio.timeout(_START_SECONDS):
            await process.write(script.GREETING.encode())
            while f"{script.HELLO} ".encode() not in said or not said.endswith(b"\n"):
                chunk = await process.stdout.read(_READ_BYTES)
                if not chunk:
                    said += await process.stderr.read(_READ_BYTES)
                    break
                said += chunk
    except TimeoutError as error:
        lost()
        raise HostUnreachable(host, "hangs: its shell does not answer") from error
    finally:
        if f"{script.HELLO} ready".encode() not in said:
            await process.close()
    if f"{script.HELLO} ready".encode() not in said:
        tail = said.decode(errors="replace").strip().rpartition(script.HELLO)[2].strip()
        raise Unsupported(
            f"host {host}: /bin/sh does not start as expected: {tail or 'it ended'}",
            hint="a POSIX shell with a builtin printf is needed, and no forced command",
        )
    return Shell(host, process, nonce=nonce, now=now, lost=lost)
