"""The contract of a host: what the layers above may ask of one machine.

Two things implement it: the SSH host (``fleet.ssh``) and the fake host that tests use; both pass
the same contract suite. A provider or a playbook module never sees the transport.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from warren.fleet.command import Become, Command, Fence, Result


class ByteStream(Protocol):
    """A connection to a TCP port or Unix socket as seen from the host."""

    async def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; empty at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Write all of ``data``."""
        ...

    async def close(self) -> None:
        """Close both directions."""
        ...


class Host(Protocol):
    """One machine of the fleet, reached over one connection that is opened when first needed.

    Every method raises ``HostUnreachable`` (the connection cannot be made or broke) or
    ``HostRefused`` (unknown host key, wrong credentials).
    """

    @property
    def name(self) -> str:
        """The inventory's name of the host."""
        ...

    async def run(
        self,
        commands: Sequence[Command],
        *,
        fence: Fence | None = None,
        become: Become | None = None,
        stop_on_failure: bool = True,
    ) -> list[Result]:
        """Run commands in order, in one round trip, in the persistent shell.

        With ``fence`` the batch takes the cluster's lock on the host, compares and raises the epoch,
        and holds the lock while it runs. With ``stop_on_failure`` the first non-zero status ends the
        batch: the list is then shorter than ``commands`` and its last result tells why.

        Raises:
            StaleEpoch: the host has seen a higher epoch; nothing ran.
            CommandTimedOut: a command exceeded its time; its process group was killed, the
                commands after it did not run.
        """
        ...

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        become: Become | None = None,
        timeout_seconds: float = 60.0,
        fence: Fence | None = None,
    ) -> dict[str, Any]:
        """Call a function of the host's Python runner, in one round trip.

        Raises:
            Unsupported: the host has no usable Python 3.
            CommandTimedOut: it did not answer in time; what it started was killed.
        """
        ...

    def stream(
        self, command: Command, *, become: Become | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Run a command in a session of its own and follow its output in chunks as they come."""
        ...

    async def connect(self, address: str, port: int) -> ByteStream:
        """Open a tunnelled TCP connection from the host to ``address:port``.

        Raises:
            TransientError: nothing listens there.
        """
        ...
