"""One writer per state directory.

The lock is the kernel's (flock), so it ends with its process however that ends; what the file says
about the holder is only for people.
"""

import fcntl
import json
import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from warren.model.errors import Busy

LOCK_NAME = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a state directory.

    Attributes:
        pid: process.
        host: the name of its machine; the directory may be shared.
        user: login name, or the number of a user without one.
        since: when it was taken, ISO 8601.
        command: what runs; the caller makes sure that it tells no secret.
    """

    pid: int
    host: str
    user: str
    since: str
    command: str

    def __str__(self) -> str:
        return (
            f"{self.command} (process {self.pid} of {self.user} on {self.host}, since {self.since})"
        )


@contextmanager
def hold(directory: Path, *, now: datetime, command: str) -> Iterator[None]:
    """Hold the directory for the length of the block.

    Raises:
        Busy: somebody else holds it; the message says who.
        OSError: the lock file cannot be opened.
    """
    descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = read_holder(directory)
            raise Busy(
                f"state directory {directory} is in use by {holder or 'another process'}",
                hint="wait until it has ended; one run at a time may change a state directory",
            ) from error
        holder = Holder(
            pid=os.getpid(),
            host=socket.gethostname(),
            user=_user_name(),
            since=now.isoformat(),
            command=command,
        )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def read_holder(directory: Path) -> Holder | None:
    """Who wrote the lock file last; it may have ended since."""
    try:
        return Holder(**json.loads((directory / LOCK_NAME).read_text()))
    except (FileNotFoundError, ValueError, TypeError):  # gone, or just being written
        return None


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
