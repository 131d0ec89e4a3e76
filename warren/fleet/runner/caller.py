"""Our end of the runner: sends calls, one at a time, and reads their answers."""

import asyncio
import shlex
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from warren.fleet import script
from warren.fleet.failures import tail
from warren.fleet.process import Process
from warren.fleet.runner import host_side, sources
from warren.fleet.script import Fencing
from warren.fleet.shell import refusal
from warren.model.errors import (
    CommandFailed,
    CommandTimedOut,
    HostUnreachable,
    Unsupported,
    WarrenError,
)

FRAME_BYTES_MAX = 256 << 20
_PROGRAM = Path(host_side.__file__).read_bytes()
_GRACE_SECONDS = 2.0
_START_SECONDS = 15.0
_WAITING_SHARE = 0.8  # of a call's time at most, so that a held lock is named and not a late call
_REFUSALS = {"stale": script.STALE, "busy": script.BUSY, "corrupt": script.CORRUPT}
_CANDIDATES = (
    "python3",
    "/usr/bin/python3",
    "/usr/local/bin/python3",
    "/usr/libexec/platform-python",
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
        f' command -v "$p" >/dev/null 2>&1 && exec "$p" -I -S -c {boot}; done;'
        f" echo {shlex.quote('there is no ' + ' or '.join(candidates))} >&2; exit 127"
    )
    return f"exec /bin/sh -c {shlex.quote(line)}"


class Runner:
    """One running interpreter; answers one call at a time."""

    def __init__(
        self, host: str, process: Process, *, functions: Path, lost: Callable[[], None]
    ) -> None:
        self._host = host
        self._process = process
        self._functions = functions
        self._lost = lost
        self._known: set[str] = set()
        self._buffer = b""
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
                await self._read()
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
                reply = await self._read()
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

    async def _read(self) -> dict[str, Any]:
        (size,) = struct.unpack(">I", await self._exactly(4))
        if size > FRAME_BYTES_MAX:
            self._broken = True
            raise EOFError
        reply: dict[str, Any] = host_side.unpack(await self._exactly(size))
        return reply

    async def _exactly(self, size: int) -> bytes:
        parts = [self._buffer]
        have = len(self._buffer)
        while have < size:
            chunk = await self._process.stdout.read(1 << 16)
            if not chunk:
                raise EOFError
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._buffer = data[size:]
        return data[:size]


async def open_runner(
    host: str, process: Process, *, functions: Path, lost: Callable[[], None]
) -> Runner:
    """Greet an interpreter that was just started.

    Args:
        host: its name.
        process: the interpreter, by ``command_line``.
        functions: our directory of functions.
        lost: called when the host no longer answers.

    Raises:
        Unsupported: there is no interpreter, or it is not usable.
        HostUnreachable: the connection broke.
    """
    runner = Runner(host, process, functions=functions, lost=lost)
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
