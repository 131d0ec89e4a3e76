"""Who listens on a port of a host: an engine says only that somebody does."""

import re
from collections.abc import Iterable

from warren.fleet.command import Command

COMMAND = Command(argv=("ss", "-Hltunp"), timeout_seconds=10.0)
"""Lists listeners with their processes; part of iproute2, so it may be missing."""

_TAKEN = re.compile(
    r":(\d+)\b[^:]*:? ?(?:bind|failed|port)[^\n]*(?:already in use|already allocated)"
)
_PROCESS = re.compile(r'\("([^"]+)",pid=(\d+)')


def ports_taken(words: str) -> tuple[int, ...]:
    """The ports that an engine's words call taken."""
    return tuple(dict.fromkeys(int(port) for port in _TAKEN.findall(words)))


def holders_of(ports: Iterable[int], listing: bytes) -> str:
    """Who holds these ports by a listing of ``COMMAND``; empty where it does not say."""
    found = []
    lines = [line.split() for line in listing.decode(errors="replace").splitlines()]
    for port in ports:
        names = [
            f"{name} (process {pid})"
            for fields in lines
            if any(field.endswith(f":{port}") for field in fields[4:5])
            for name, pid in _PROCESS.findall(fields[-1])
        ]
        if names:
            found.append(f"port {port} is held by {', '.join(dict.fromkeys(names))}")
    return "; ".join(found)
