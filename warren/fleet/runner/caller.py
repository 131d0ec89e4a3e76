"""Our end of the runner: sends calls, one at a time, and reads their answers; runs batches in its shell."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from warren.fleet import script
from warren.fleet.command import Command, Result
from warren.fleet.failures import tail
from warren.fleet.process import Process
from warren.fleet.runner import host_side, sources
from warren.fleet.runner.wire import CarriedShell, Wire
from warren.fleet.script import Fencing
from warren.fleet.shell import Shell, refusal
from warren.model.errors import (
    CommandFailed,
    CommandTimedOut,
    HostUnreachable,
    Unsupported,
    WarrenError,
)

OpenShell = Callable[[Process], Awaitable[Shell]]
"""Greets a shell that was just started."""

_PROGRAM = Path(host_side.__file__).read_bytes()
_GRACE_SECONDS = 2.0
_START_SECONDS = 15.0
_WAITING_SHARE = 0.8  # of a call's time at most, so that a held lock is named and not a late call
_REFUSALS = {
    "stale": script.STALE,
    "busy": script.BUSY,
    "corrupt": script.CORRUPT,
    "unwritable": script.UNWRITABLE,
}
# The system's own first: what is named so on the user's path may be a script that starts another, slowly.
_CANDIDATES = (
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    "/usr/local/bin/python3",
    "python3",
)


def command_line(interpreter: str | None) -> str:
    """The shell command line that starts a runner; status 127 when there is no interpreter."""
    boot = shlex.quote(
        f'import os\nd=b""\nwhile len(d)<{len(_PROGRAM)}:d+=os.read(0,{len(_PROGRAM)}-len(d))or exit(1)\n'
        "exec(d)"
    )
    candidates = (interpreter,) if interpreter else _CANDIDATES
    tries = " ".join(shlex.quote(one) for one in candidates)
    line = (
        f"for p in {tries}; do"
        f' command -v "$p" >/dev/null 2>&1 && exec "$p" -I -S -c {boot} "${{LC_CTYPE+=$LC_CTYPE}}"; done;'
        f" echo {shlex.quote('there is no ' + ' or '.join(candidates))} >&2; exit 127"
    )
    return f"exec /bin/sh -c {shlex.quote(line)}"


class Runner:
    """One running interpreter; answers one call or runs one batch at a time."""

    def __init__(
        self,
        host: str,
        process: Process,
        *,
        functions: Path,
        lost: Callable[[], None],
        open_shell: OpenShell,
    ) -> None:
        self._host = host
        self._process = process
        self._functions = functions
        self._lost = lost
        self._open_shell = open_shell
        self._known: set[str] = set()
        self._wire = Wire(process)
        self._shell: Shell | None = None
        self._broken = False

    @property
    def broken(self) -> bool:
        """Whether it can answer no further call; throw it away."""
        return self._broken or self._process.ended

    async def greet(self) -> None:
        """Send the program and wait for its greeting.

        Raises:
            EOFError: it ended instead.
            HostUnreachable: the connection broke, or nothing is said.
        """
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._process.write(_PROGRAM)
                await self._wire.answer()
        except TimeoutError as error:
            self._lost()
            raise HostUnreachable(self._host, "hangs: its Python does not answer") from error

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        timeout_seconds: float,
        fencing: Fencing | None,
    ) -> dict[str, Any]:
        """Call a function; see ``Host.call``."""
        sending = sources.needed(function, self._known, self._functions)
        message: dict[str, Any] = {
            "function": function,
            "arguments": dict(arguments),
            "sources": sending,
            "timeout_seconds": timeout_seconds,
        }
        if fencing is not None:
            message["fence"] = {
                "epoch": fencing.fence.epoch,
                "folder": fencing.folder,
                "path": fencing.path,
                "wait_seconds": min(fencing.wait_seconds, timeout_seconds * _WAITING_SHARE),
                "digits_max": script.EPOCH_DIGITS_MAX,
            }
        frame = host_side.pack(message)
        finished = False
        try:
            async with asyncio.timeout(timeout_seconds + _GRACE_SECONDS):
                await self._process.write(frame)
                reply = await self._wire.answer()
            finished = True
        except TimeoutError as error:
            self._lost()
            raise HostUnreachable(
                self._host,
                f"hangs: {function} did not end within {timeout_seconds:g} s, and the host does not"
                " confirm that it was killed",
                hint="look at its load, disks and console",
            ) from error
        except EOFError as error:
            raise HostUnreachable(self._host, await self._last_words()) from error
        finally:
            self._broken = self._broken or not finished
        if reply.get("where") != host_side.NOT_LOADED:
            self._known.update(name for name, _ in sending)
        if "answer" in reply:
            answer: dict[str, Any] = reply["answer"]
            return answer
        raise self._failure(reply, function, timeout_seconds, fencing)

    async def run(
        self, commands: Sequence[Command], *, fencing: Fencing | None, stop_on_failure: bool
    ) -> list[Result]:
        """Run a batch in the shell that the interpreter carries; see ``Host.run``."""
        try:
            if self._shell is None:
                process = CarriedShell(self._host, self._process, self._wire)
                self._shell = await self._open_shell(process)
            else:
                self._wire.begin_batch()
            return await self._shell.run(commands, fencing=fencing, stop_on_failure=stop_on_failure)
        finally:
            self._broken = self._broken or self._shell is None or self._shell.broken

    async def close(self) -> None:
        """End the interpreter, and the call that it may be performing."""
        self._broken = True
        await self._process.close()

    async def _last_words(self) -> str:
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                said = tail(await self._process.stderr.read(1 << 16), 3)
        except TimeoutError:
            said = ""
        return f"its Python ended unexpectedly{': ' if said else ''}{said}"

    def _failure(
        self,
        reply: dict[str, Any],
        function: str,
        timeout_seconds: float,
        fencing: Fencing | None,
    ) -> WarrenError:
        if reply.get("timed_out"):
            return CommandTimedOut(
                host=self._host, command=function, timeout_seconds=timeout_seconds
            )
        if fencing is not None and "fence" in reply:
            status = _REFUSALS[reply["fence"]]
            return refusal(self._host, fencing, status=status, said=reply["said"])
        where = " < ".join(reversed(reply["where"]))
        return CommandFailed(
            host=self._host, command=function, status=1, stderr_tail=f"{reply['error']} ({where})"
        )


async def open_runner(
    host: str,
    process: Process,
    *,
    functions: Path,
    lost: Callable[[], None],
    open_shell: OpenShell,
) -> Runner:
    """Greet an interpreter that was just started.

    Args:
        host: its name.
        process: the interpreter, by ``command_line``.
        functions: our directory of functions.
        lost: called when the host no longer answers.
        open_shell: greets the shell that it carries.

    Raises:
        Unsupported: there is no interpreter, or it is not usable.
        HostUnreachable: the connection broke.
    """
    runner = Runner(host, process, functions=functions, lost=lost, open_shell=open_shell)
    greeted = False
    try:
        await runner.greet()
        greeted = True
    except (EOFError, HostUnreachable) as error:
        # It may have ended before we wrote to it; if the connection broke, this raises.
        said = tail(await process.stderr.read(1 << 16), 1)
        if not said and isinstance(error, HostUnreachable):
            raise
        raise Unsupported(
            f"host {host} has no usable Python 3: {said or 'it ended'}",
            hint="install python3, set ansible_python_interpreter, or use only the modules raw,"
            " command and shell",
        ) from error
    finally:
        if not greeted:
            await process.close()
    return runner
