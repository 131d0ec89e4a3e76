"""Commands as data.

What is sent to a host is an argv tuple built by a pure function and quoted once, at the SSH
boundary; so a plan can be printed, compared and replayed. Secret bytes go by standard input only:
argv and environment of a process can be read by every user of the host.
"""

import shlex
from dataclasses import dataclass, field

from warren.model.hidden import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One program to run on a host.

    Attributes:
        argv: program and arguments, unquoted; never holds a secret.
        stdin: what it reads; the only way for a secret to travel.
        environment: variables added to the session's; never holds a secret.
        directory: where it runs; ``None`` is the login directory.
        timeout_seconds: after this the command's process group is killed.
    """

    argv: tuple[str, ...]
    stdin: bytes | Secret = b""
    environment: tuple[tuple[str, str], ...] = ()
    directory: str | None = None
    timeout_seconds: float = 60.0

    def __str__(self) -> str:
        """The command as a person would type it, without its standard input."""
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a command ended.

    Attributes:
        stdout: all it wrote to standard output.
        stderr: all it wrote to standard error.
        status: exit status; 128 + N when signal N ended it.
        seconds: how long it ran, measured on the controller.
    """

    stdout: bytes
    stderr: bytes
    status: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What a host compares before it lets a batch of mutating commands run.

    Attributes:
        cluster: id of the cluster; each has its own epoch on the host.
        epoch: the controller's epoch (its Raft term); refused when the host has seen a higher one.
    """

    cluster: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Become:
    """Another user to run as.

    Attributes:
        user: the user to become.
        method: how (``sudo``, ``su``, ``doas``).
        flags: extra flags of the method.
        password: what the method asks for, if it asks.
    """

    user: str = "root"
    method: str = "sudo"
    flags: tuple[str, ...] = ()
    password: Secret | None = field(default=None, compare=False)
