"""A batch of commands as one POSIX sh script, and how it is stopped.

The shell that runs it stays open for the next batch, so each end of a command has to be found in the
two streams: a line with a nonce that no output can guess, on both, with the status. A command's
input is decoded from base64 by a pipe that the shell's own ``printf`` fills; it is never a file and
never in argv, and NUL bytes pass.

While a batch runs, a watcher (one fork, 0.2 ms) reads the shell's input. A line there, or its end
because the controller or the connection died, makes the watcher kill the running command and all
it started; the rest of the batch does not run. So a late command costs no session and needs no rights
but its own, and a fence outlives no controller.

Nothing here does I/O.
"""

import base64
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from warren.fleet.command import Command, Fence
from warren.model.hidden import Secret

EPOCHS = "/var/lib/warren/epochs"
LOCK_WAIT_SECONDS = 30
EPOCH_DIGITS_MAX = 18
_CHUNK_CHARACTERS = 32_768

STALE, BUSY, CORRUPT, UNWRITABLE = 71, 72, 73, 74
"""Statuses of the fence, which is entry 0 of a batch that has one."""

STOP = b"\n"
"""Written while a batch runs, it stops the batch; after its end it is an empty line."""

HELLO = "warren-shell"
GREETING = (
    "unset ENV CDPATH; trap 'late=1' USR1; exec 8<&0;"
    " setsid=$(command -v setsid) || setsid=;"
    " case $(command -V printf 2>&1) in"
    f" *builtin*) printf '{HELLO} ready\\n';;"
    f" *) printf '{HELLO} unfit: its printf is no builtin\\n'; exit 1;; esac\n"
)
"""What a new shell is given first: descriptor 8 stays its input where 0 is another."""

# Fields of /proc/PID/stat after the name: state, parent, process group, session. What dies are the
# shell's children but not the watcher itself, their descendants, and their sessions. All are stopped
# before any is killed, or a child of one that dies too early would be nobody's. It is done again and
# again, because the shell may just be starting a command, until it says that it will start no more, or
# is gone itself.
_WATCHER = r"""( trap 'last=1' USR1; last=; read -r x; kill -USR1 $$; read -r me x </proc/self/stat; c=' '
while :; do kill -0 $$ || last=1; l=$last; k=; while :; do n=; for d in /proc/[0-9]*; do
p=${d#/proc/}; [ "$p" != "$me" ] && read -r x <"$d/stat" || continue; set -- ${x##*) }
case $c in *" $p "*) continue;; *" $2 "*|*" $4 "*) ;; *) [ "$2" = $$ ] || continue;; esac
c="$c$p "; n="$n $p"; done; [ "$n" ] || break; kill -STOP $n; k="$k $n"; done
[ -z "$k" ] || kill -KILL $k; [ -z "$l" ] || break; sleep 0.1 || sleep 1
done ) <&8 >/dev/null 2>&1 & w=$!"""
_DISMISSAL = (
    'if [ "$late" ]; then [ -z "$p" ] || wait $p; kill -USR1 $w; else kill -KILL $w; fi 2>/dev/null;'
    " wait $w 2>/dev/null"
)

_CLUSTER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fencing:
    """A fence and where hosts keep epochs.

    Attributes:
        fence: the cluster and our epoch.
        folder: directory of the hosts in which each cluster has a file.
        wait_seconds: how long to wait for the lock.
    """

    fence: Fence
    folder: str = EPOCHS
    wait_seconds: int = LOCK_WAIT_SECONDS

    def __post_init__(self) -> None:
        assert self.fence.epoch > 0, "epochs count from 1"
        assert len(str(self.fence.epoch)) <= EPOCH_DIGITS_MAX, "shells compare 64 bits"
        assert _CLUSTER.fullmatch(self.fence.cluster), f"a cluster named {self.fence.cluster!r}"

    @property
    def path(self) -> str:
        """The file that holds the cluster's epoch."""
        return f"{self.folder}/{self.fence.cluster}"


def build(
    commands: Sequence[Command], *, nonce: str, fencing: Fencing | None, stop_on_failure: bool
) -> bytes:
    """Build the script of a batch: one compound command, read whole before any of it runs.

    Args:
        commands: what to run; entry numbers count from 0, or from 1 behind a fence.
        nonce: unguessable and used once.
        fencing: entry 0, if given.
        stop_on_failure: whether the first status that is not 0 ends the batch.
    """
    lines = ["{ late=; p=; " + _WATCHER, _mark(nonce, "begin"), "while :; do"]
    ends = [_mark(nonce, str(number)) for number in range(len(commands) + (fencing is not None))]
    if fencing is not None:
        lines += [_enter(fencing), ends.pop(0), '[ "$s$late" = 0 ] || break']
    for command, end in zip(commands, ends, strict=True):
        lines += [
            f"{_program(command)} & p=$!; wait $p 2>/dev/null",
            's=$?; [ -z "$late" ] || break',
        ]
        lines.append(end)
        if stop_on_failure:
            lines.append('[ "$s" = 0 ] || break')
    lines += [
        "break; done",
        _DISMISSAL,
        "exec 9>&-" if fencing is not None else ":",
        f"s=0; {_mark(nonce, 'end')}; }}\n",
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def following(command: Command) -> str:
    """A shell command line for a session of its own that follows one command's output.

    The command is killed when the session's input ends. Of its standard error the last lines come,
    at its end, then a line with its status; so the controller never has to drain it.
    """
    assert not command.stdin, "a followed command has no input"
    text = (
        "exec 3<&0 4>&1; setsid=$(command -v setsid) || setsid=;"
        f" {{ {_words(command)} </dev/null >&4 3<&- 4>&- & p=$!;"
        " ( read -r x; kill -KILL -$p || kill -KILL $p ) <&3 >/dev/null 2>&1 4>&- & w=$!;"
        " wait $p; s=$?; kill -KILL $w; wait $w; printf '\\n%s\\n' $s >&2; }"
        " 2>&1 >/dev/null | tail -c 4096 >&2 4>&- 3<&-"
    )
    return f"exec /bin/sh -c {shlex.quote(text)}"


def _mark(nonce: str, what: str) -> str:
    text = f"printf '\\n{nonce} {what} %s\\n' \"${{s:-0}}\""
    return f"{text}; {text} >&2"


def _program(command: Command) -> str:
    program = f"{_words(command)} 8<&- 9>&-"
    data = command.stdin.reveal() if isinstance(command.stdin, Secret) else command.stdin
    if not data:
        return f"{program} </dev/null"
    encoded = base64.b64encode(data).decode()
    chunks = [
        f"printf %s '{encoded[start : start + _CHUNK_CHARACTERS]}'"
        for start in range(0, len(encoded), _CHUNK_CHARACTERS)
    ]
    # What feeds the command says nothing in its name when it does not read all.
    return f"{{ {'; '.join(chunks)}; }} 2>/dev/null 9>&- | base64 -d 2>/dev/null 9>&- | {program}"


def _words(command: Command) -> str:
    """The command in a process group and session of its own, its words quoted."""
    assert command.argv, "a command without a program"
    words = [shlex.quote(word) for word in command.argv]
    if command.environment:
        pairs = [shlex.quote(f"{name}={value}") for name, value in command.environment]
        words = ["env", *pairs, *words]
    change = f"cd -- {shlex.quote(command.directory)} && " if command.directory else ""
    return f"( {change}exec $setsid {' '.join(words)} )"


def _enter(fencing: Fencing) -> str:
    """Lock, compare, raise; leaves the outcome in ``s``.

    The lock stays on descriptor 9, which no command inherits; the shell closes it at the end of the
    batch, the kernel at the shell's. Trying again serves a busybox, whose ``flock`` cannot wait. The
    lock file is first opened in a subshell, because a failing ``exec`` would end the shell. ``cat``
    writes, because a shell's own ``printf`` says no more than "I/O error" of a full disk.
    """
    path, folder, epoch = (
        shlex.quote(fencing.path),
        shlex.quote(fencing.folder),
        fencing.fence.epoch,
    )
    too_long = "?" * (EPOCH_DIGITS_MAX + 1)
    return f"""\
s=0; n=0; (umask 077; mkdir -p {folder} && : >>{path}.lock) && exec 9>>{path}.lock || s={UNWRITABLE}
while [ $s = 0 ] && ! flock -n 9 2>/dev/null; do
command -v flock >/dev/null || {{ echo 'there is no flock' >&2; s={UNWRITABLE}; break; }}
[ $n -lt {fencing.wait_seconds * 10} ] && [ -z "$late" ] || {{ s={BUSY}; break; }}
n=$((n+1)); sleep 0.1 2>/dev/null || {{ sleep 1; n=$((n+9)); }}
done
if [ $s = 0 ]; then e=0; [ ! -e {path} ] || read -r e <{path} || e="$e (cut off)"
case $e in ''|*[!0-9]*|{too_long}*) s={CORRUPT};;
*) if [ "$e" -gt {epoch} ]; then s={STALE}; elif [ "$e" -lt {epoch} ]; then
printf '%s\\n' {epoch} | cat >{path}.new && sync {path}.new && mv {path}.new {path} && sync {folder} || s={UNWRITABLE}
fi;; esac; fi; case $s in {CORRUPT}|{STALE}) printf %s "$e" >&2;; esac"""
