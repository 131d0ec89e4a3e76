"""The verbs of ``warren manager``, from a command line's words to what they do."""

import asyncio
import logging
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from warren.aio.clock import SystemClock
from warren.daemon.manager import founding, joining
from warren.daemon.manager.asking import reception_address
from warren.daemon.manager.founding import Founded
from warren.daemon.manager.logs import log_lines
from warren.daemon.manager.running import Running, run_manager
from warren.daemon.manager.seat import Addresses, Quarters, Seat
from warren.model.hidden import Secret

DIRECTORY = Path("/var/lib/warren")

_log = logging.getLogger(__name__)


def own_name() -> str:
    """What a manager is called unless it is told otherwise: its host's name."""
    return socket.gethostname().partition(".")[0]


def own_address() -> str:
    """Where a manager is found unless it is told otherwise: from where this host talks to others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # for documentation only, RFC 5737; nothing is sent
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


class Process:
    """A manager's data directory as one process uses it.

    Args:
        directory: the data directory.
        level: of the log.
    """

    def __init__(self, directory: Path, *, level: str = "info") -> None:
        self._quarters = Quarters(directory)
        self._clock = SystemClock()
        self._level = level

    def init(
        self,
        name: str,
        addresses: Addresses,
        *,
        tokens: int,
        inventory: tuple[str, ...] = (),
        show: Callable[[Founded], None],
        runs: bool = True,
    ) -> None:
        """Begin a cluster, and run its first manager.

        Args:
            name: of the manager.
            addresses: where it is found.
            tokens: how many join tokens to make.
            inventory: sources that say how the nodes are reached.
            show: called when the cluster is there.
            runs: whether to run the manager, too.

        Raises:
            WarrenError: it cannot be done, or not go on.
        """

        async def work() -> None:
            founded = await founding.found(
                self._quarters,
                name,
                addresses,
                tokens=tokens,
                inventory=inventory,
                clock=self._clock,
                random_bytes=secrets.token_bytes,
            )
            show(founded)
            if runs:
                await self._run()

        with self._quarters.held(now=self._clock.now(), command="warren manager init"):
            asyncio.run(work())

    def join(
        self,
        name: str,
        addresses: Addresses,
        *,
        token: Secret,
        address: str,
        inventory: tuple[str, ...] = (),
        show: Callable[[Seat], None],
        runs: bool = True,
    ) -> None:
        """Join a cluster as a manager, and run it; arguments as for ``init`` and ``joining.join``.

        Raises:
            WarrenError: it cannot be done, or not go on.
        """
        reception = reception_address(address)

        async def work() -> None:
            seat = await joining.join(
                self._quarters, name, addresses, token=token, address=reception, inventory=inventory
            )
            show(seat)
            if runs:
                await self._run()

        with self._quarters.held(now=self._clock.now(), command="warren manager join"):
            asyncio.run(work())

    def run(self) -> None:
        """Run the manager until SIGTERM or SIGINT.

        Raises:
            WarrenError: it cannot begin, or not go on.
        """
        self._quarters.read()
        with self._quarters.held(now=self._clock.now(), command="warren manager run"):
            asyncio.run(self._run())

    async def _run(self) -> None:
        log_lines(self._quarters.read().name, level=self._level)
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        await run_manager(self._quarters, clock=self._clock, told=told, ready=_say_ready)


def _say_ready(manager: Running) -> None:
    seat = manager.seat
    _log.info(
        "manager %s (%d) of cluster %s takes part, at %s and %s",
        seat.name,
        seat.member,
        seat.cluster_id,
        seat.addresses.peer,
        seat.addresses.join,
    )
