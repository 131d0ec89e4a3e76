"""Running the machine's own programs, with failures that say what was run and what it said."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


_lent: set[int] = set()


class FleetError(Exception):
    """The fleet cannot do what was asked; the message says what, on which host, and why."""


def environment() -> dict[str, str]:
    """Return an environment in which system programs are found and speak English."""
    return {**os.environ, "PATH": STANDARD_PATH, "LC_ALL": "C.UTF-8"}


@contextmanager
def lending(handle: int) -> Iterator[None]:
    """Let the programs that `run` starts meanwhile hold `handle` open too.

    With a lock this means: when its holder is killed, the lock is free only after what it was
    just running has ended as well.
    """
    _lent.add(handle)
    try:
        yield
    finally:
        _lent.discard(handle)


def run(argv: Sequence[str], *, text: str = "", timeout_seconds: float = 60) -> str:
    """Run `argv` with `text` on its standard input and return its standard output.

    Raises:
        FleetError: it exited with another status than 0; says which, with its last lines.
    """
    result = subprocess.run(
        argv,
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
        env=environment(),
        pass_fds=tuple(_lent),
    )
    if result.returncode:
        last = "\n".join((result.stderr or result.stdout).splitlines()[-10:])
        raise FleetError(f"`{' '.join(argv)}` exited with {result.returncode}: {last}")
    return result.stdout


def wait_until(ready: Callable[[], bool], *, what: str, timeout_seconds: float) -> None:
    """Poll `ready` until it is true.

    Raises:
        FleetError: it was still false after `timeout_seconds`; the message names `what`.
    """
    end = time.monotonic() + timeout_seconds
    pause_seconds = 0.002
    while not ready():
        if time.monotonic() > end:
            raise FleetError(f"waited {timeout_seconds:g} s in vain for {what}")
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, 0.05)


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(mode)
    draft.rename(path)
