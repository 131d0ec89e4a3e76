"""A batch of commands as one POSIX sh script, and what its output means.

The shell that runs it stays open for the next batch, so each end of a command has to be found in the
two streams: a line with a nonce that no output can guess, on both, with the status. A command's
input is decoded from base64 by a pipe that the shell's own ``printf`` fills; it is never a file and
never in argv. Every command runs in a session of its own, so that all it started can be killed.

Nothing here does I/O.
"""

import base64
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from warren.fleet.command import Command, Fence, Secret

EPOCHS = "/var/lib/warren/epochs"
LOCK_WAIT_SECONDS = 30
_CHUNK_CHARACTERS = 32_768

STALE, BUSY, CORRUPT, UNWRITABLE = 71, 72, 73, 74
"""Statuses of the fence, which is entry 0 of a batch that has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What to write to the shell.

    Attributes:
        text: one compound command, read whole by the shell before it runs any of it.
        entries: how many ends to wait for, at most.
        fenced: whether entry 0 is the fence.
    """

    text: bytes
    entries: int
    fenced: bool


def build(
    commands: Sequence[Command], *, nonce: str, fence: Fence | None, stop_on_failure: bool
) -> Script:
    """Build the script of a batch; ``nonce`` must be unguessable and used once."""
    lines = ["{ while :; do"]
    number = 0
    if fence is not None:
        lines += [_fence(fence), _end(nonce, 0), '[ "$s" = 0 ] || break']
        number = 1
    for command in commands:
        lines += [_run(command), _end(nonce, number)]
        if stop_on_failure:
            lines.append('[ "$s" = 0 ] || break')
        number += 1
    closing = "exec 9>&-" if fence is not None else ":"
    lines += [
        "break; done",
        closing,
        f"printf '\\n{nonce} end 0\\n'; printf '\\n{nonce} end 0\\n' >&2; }}\n",
    ]
    text = "\n".join(lines)
    return Script(
        text=text.encode("utf-8", "surrogateescape"), entries=number, fenced=fence is not None
    )


def _end(nonce: str, number: int) -> str:
    mark = f"printf '\\n{nonce} {number} %s\\n' \"$s\""
    return f"s=$?; {mark}; {mark} >&2"


def _run(command: Command) -> str:
    words = [shlex.quote(word) for word in command.argv]
    if command.environment:
        pairs = [shlex.quote(f"{name}={value}") for name, value in command.environment]
        words = ["env", *pairs, *words]
    change = f"cd {shlex.quote(command.directory)} && " if command.directory else ""
    program = f"( {change}exec $setsid {' '.join(words)} ) 9>&-"
    data = command.stdin.reveal() if isinstance(command.stdin, Secret) else command.stdin
    if not data:
        return f"{program} </dev/null"
    encoded = base64.b64encode(data).decode()
    chunks = [
        f"printf %s '{encoded[start : start + _CHUNK_CHARACTERS]}'"
        for start in range(0, len(encoded), _CHUNK_CHARACTERS)
    ]
    return f"{{ {'; '.join(chunks)}; }} | base64 -d | {program}"


def _fence(fence: Fence) -> str:
    """Lock, compare, raise. The lock stays on descriptor 9, which no command inherits."""
    assert fence.epoch > 0, "epochs count from 1"
    path = shlex.quote(f"{EPOCHS}/{fence.cluster}")
    return f"""\
(umask 077; mkdir -p {EPOCHS}) && exec 9>>{path}.lock || {{ (exit {UNWRITABLE}); }} && {{
flock -w {LOCK_WAIT_SECONDS} 9 || (exit {BUSY}); }} && {{
e=0; [ ! -e {path} ] || read -r e <{path} || e=damaged
case $e in ''|*[!0-9]*) printf %s "$e" >&2; (exit {CORRUPT});;
*) if [ "$e" -gt {fence.epoch} ]; then printf %s "$e" >&2; (exit {STALE})
elif [ "$e" -lt {fence.epoch} ]; then
{{ printf '%s\\n' {fence.epoch} >{path}.new && sync {path}.new && mv {path}.new {path} && sync {EPOCHS}; }} || (exit {UNWRITABLE})
fi;; esac; }}"""


def killing(shell_pid: int) -> str:
    """A command line that kills a shell, and the process group of every child it has."""
    return (
        "for d in /proc/[0-9]*; do"
        ' read -r l <"$d/stat" 2>/dev/null || continue; set -- ${l##*) };'
        f' [ "$2" = {shell_pid} ] && {{ kill -KILL -- "-${{d#/proc/}}" || kill -KILL "${{d#/proc/}}"; }};'
        f" done 2>/dev/null; kill -KILL {shell_pid} 2>/dev/null; :"
    )


class Frames:
    """Cuts one stream into the outputs of a batch's entries.

    Feed it chunks; it yields ``(entry, output, status)``. ``entry`` is -1 for the batch's end.
    """

    def __init__(self, nonce: str, *, size_bytes_max: int) -> None:
        self._mark = f"\n{nonce} ".encode()
        self._buffer = bytearray()
        self._searched = 0
        self._max = size_bytes_max

    def feed(self, chunk: bytes) -> list[tuple[int, bytes, int]]:
        """Add a chunk; returns the entries that it completes.

        Raises:
            OverflowError: an entry's output exceeds the limit.
        """
        self._buffer += chunk
        found = []
        while True:
            start = self._buffer.find(self._mark, self._searched)
            if start < 0:
                self._searched = max(0, len(self._buffer) - len(self._mark))
                break
            stop = self._buffer.find(b"\n", start + len(self._mark))
            if stop < 0:
                self._searched = start
                break
            words = self._buffer[start + len(self._mark) : stop].split()
            number = -1 if words[0] == b"end" else int(words[0])
            found.append((number, bytes(self._buffer[:start]), int(words[1])))
            del self._buffer[: stop + 1]
            self._searched = 0
        if len(self._buffer) > self._max:
            raise OverflowError
        return found


def command_line(command: Command) -> str:
    """One command as a shell command line of its own, for a session that follows its output.

    Its input, if any, is not part of the line; a followed command has none.
    """
    assert not command.stdin, "a followed command has no input"
    words = [shlex.quote(word) for word in command.argv]
    if command.environment:
        pairs = [shlex.quote(f"{name}={value}") for name, value in command.environment]
        words = ["env", *pairs, *words]
    change = f"cd {shlex.quote(command.directory)} && " if command.directory else ""
    return f"{change}exec {' '.join(words)} </dev/null"
