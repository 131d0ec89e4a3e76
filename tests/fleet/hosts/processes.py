"""Naming processes without mistaking one for another that got the same number."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def start_time(pid: int) -> int | None:
    """Return when `pid` started, in clock ticks since boot, or None when there is no such process.

    A pid and its start time together name one process for as long as the machine is up.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])


def is_alive(pid: int, started: int) -> bool:
    """Say whether the process that had `pid` when it started at `started` still runs."""
    return pid > 0 and start_time(pid) == started


def kill_if(pid: int, belongs: Callable[[int], bool]) -> None:
    """Kill `pid` if `belongs(pid)` holds for the very process that receives the signal."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # Asked with the handle open: a process that took the number later cannot be hit.
        if belongs(pid):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)


def namespace_depths(pid: int) -> list[int]:
    """Return the numbers `pid` has in each PID namespace from ours inwards; empty when gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return [int(word) for word in line.split()[1:]]
    return []


def listens(pid: int, port: int) -> bool:
    """Say whether anything listens on TCP `port` in the network namespace of `pid`."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                return True
    return False
