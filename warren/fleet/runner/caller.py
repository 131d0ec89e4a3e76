"""Our end of the runner: sends calls, one at a time, and reads their answers."""

import asyncio
import shlex
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warren.fleet import script
from warren.fleet.command import Fence
from warren.fleet.process import Process
from warren.fleet.runner import host_side, sources
from warren.model.errors import (
    Busy,
    CommandFailed,
    CommandTimedOut,
    CorruptState,
    HostUnreachable,
    StaleEpoch,
    Unsupported,
)

FRAME_BYTES_MAX = 256 << 20
_PROGRAM = Path(host_side.__file__).read_bytes()
_GRACE_SECONDS = 5.0
_START_SECONDS = 20.0
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
    return (
        f"for p in {tries}; do"
        f' command -v "$p" >/dev/null 2>&1 && exec "$p" -I -S -c {boot}; done; exit 127'
    )


class Runner:
    """One running interpreter.

    Attributes:
        broken: it can answer no further call; throw it away.
    """

    def __init__(self, host: str, process: Process, folder: Path = sources.REMOTE) -> None:
        self._host = host
        self._process = process
        self._folder = folder
        self._known: set[str] = set()
        self._buffer = b""
        self.broken = False

    async def greet(self) -> None:
        """Send the program and wait for its greeting.

        Raises:
            Unsupported: there is no interpreter, or it is not usable.
            HostUnreachable: the connection broke.
        """
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._process.write(_PROGRAM)
                await self._read()
        except (EOFError, BrokenPipeError) as error:
            self.broken = True
            tail = (await self._process.stderr.read(1 << 16)).decode(errors="replace").strip()
            why = tail.splitlines()[-1] if tail else "there is no python3"
            raise Unsupported(
                f"host {self._host} has no usable Python 3: {why}",
                hint="install python3, or use the raw, shell and command modules only",
            ) from error
        except TimeoutError as error:
            self.broken = True
            raise HostUnreachable(self._host, "its Python does not answer") from error

    async def call(
        self, function: str, arguments: Mapping[str, Any], *, timeout_seconds: float,
        fence: Fence | None,
    ) -> dict[str, Any]:  # fmt: skip
        """Call a function; see ``Host.call``."""
        sending = sources.needed(function, self._known, self._folder)
        message: dict[str, Any] = {
            "function": function,
            "arguments": dict(arguments),
            "sources": sending,
            "timeout_seconds": timeout_seconds,
        }
        if fence is not None:
            message["fence"] = {
                "cluster": fence.cluster, "epoch": fence.epoch, "folder": script.EPOCHS,
                "wait_seconds": script.LOCK_WAIT_SECONDS,
            }  # fmt: skip
        finished = False
        try:
            async with asyncio.timeout(timeout_seconds + _GRACE_SECONDS):
                await self._process.write(host_side.pack(message))
                reply = await self._read()
            finished = True
        except TimeoutError as error:
            raise HostUnreachable(self._host, f"does not answer the call of {function}") from error
        except (EOFError, ConnectionError) as error:
            raise HostUnreachable(self._host, "the connection broke") from error
        finally:
            self.broken = self.broken or not finished
        self._known.update(name for name, _ in sending)
        return self._judge(reply, function, timeout_seconds, fence)

    async def close(self) -> None:
        """End the interpreter."""
        self.broken = True
        await self._process.close()

    def _judge(
        self, reply: dict[str, Any], function: str, timeout_seconds: float, fence: Fence | None
    ) -> dict[str, Any]:
        if "answer" in reply:
            answer: dict[str, Any] = reply["answer"]
            return answer
        if reply.get("timed_out"):
            raise CommandTimedOut(
                host=self._host, command=function, timeout_seconds=timeout_seconds
            )
        if fence is not None and "fence" in reply:
            raise self._refusal(reply, fence)
        where = " < ".join(reversed(reply["where"]))
        raise CommandFailed(
            host=self._host, command=function, status=1, stderr_tail=f"{reply['error']} ({where})"
        )

    def _refusal(self, reply: dict[str, Any], fence: Fence) -> Exception:
        match reply["fence"]:
            case "stale":
                return StaleEpoch(self._host, ours=fence.epoch, theirs=reply["theirs"])
            case "busy":
                return Busy(
                    f"host {self._host}: another batch of cluster {fence.cluster} holds the lock"
                )
            case _:
                message = (
                    f"host {self._host}: {script.EPOCHS}/{fence.cluster} holds {reply['text']!r}"
                )
                return CorruptState(message + ", not an epoch")

    async def _read(self) -> dict[str, Any]:
        (size,) = struct.unpack(">I", await self._exactly(4))
        if size > FRAME_BYTES_MAX:
            self.broken = True
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
