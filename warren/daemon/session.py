"""Finding a cluster: the state directory of an inventory and the way to its hosts."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from secrets import token_hex
from typing import Any

from warren.aio.clock import SystemClock
from warren.daemon.embedded import ALONE, Embedded, open_embedded
from warren.daemon.logs import follow_logs
from warren.daemon.opening import read_store
from warren.daemon.reading import Reading
from warren.fleet.host import Host
from warren.fleet.ssh.pool import Pool
from warren.model.errors import InvalidInput, NotFound, Problem, Unsupported
from warren.playbook.inventory.connection import read_connection
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.inventory.settings import settings_of
from warren.playbook.inventory.sources import load
from warren.playbook.run.manager import ManagerRequest
from warren.playbook.run.reach import Evaluated
from warren.playbook.templating.engine import Engine
from warren.playbook.variables.levels import Layer, Level
from warren.playbook.variables.scope import Scope
from warren.store.store import Store

STATE_NAME = ".warren"
_USUAL_INVENTORY = Path("inventory")


def state_directory(sources: Sequence[str], given: Path | None) -> Path:
    """Where the state is: as given, or beside the first inventory source.

    Raises:
        InvalidInput: neither an inventory nor a directory is named.
    """
    if given is not None:
        return given
    if not sources and not _USUAL_INVENTORY.exists():
        rule = "must name the inventory whose state is meant; there is no ./inventory"
        raise InvalidInput([Problem(field="--inventory", value="", rule=rule)])
    first = sources[0] if sources else str(_USUAL_INVENTORY)
    if "," in first:
        return Path(STATE_NAME)
    path = Path(first)
    return (path if path.is_dir() else path.parent) / STATE_NAME


def open_for_run(request: ManagerRequest) -> AbstractAsyncContextManager[Embedded]:
    """Open the manager that a run of playbooks asks for.

    Raises:
        Unsupported: it asks for one across the network.
    """
    if request.address:
        raise Unsupported(
            f"--manager {request.address}: this version runs a manager inside warren-playbook only",
            hint="leave --manager, WARREN_MANAGER and warren_managers out",
        )
    return open_embedded(
        state_directory(request.inventory_sources, request.state_directory),
        request.host,
        policy=replace(ALONE, on_unreachable=request.on_unreachable),
        command="warren-playbook",
    )


@asynccontextmanager
async def open_manager(sources: Sequence[str], given: Path | None) -> AsyncIterator[Embedded]:
    """Be the manager of an inventory's cluster, for one command."""
    directory = _existing(state_directory(sources, given))
    async with new_pool() as pool, open_embedded(directory, hosts_of(sources, pool)) as client:
        yield client


@asynccontextmanager
async def open_reader(sources: Sequence[str], given: Path | None) -> AsyncIterator["Reader"]:
    """Read an inventory's cluster as last recorded; nothing is locked."""
    directory = _existing(state_directory(sources, given))
    async with (
        new_pool() as pool,
        read_store(directory, clock=SystemClock()) as store,
    ):
        yield Reader(store, hosts_of(sources, pool))


class Reader(Reading):
    """The reading half of a client, with logs; changes are refused by not being there."""

    def __init__(self, store: Store, reach: Callable[[str], Host]) -> None:
        super().__init__(store)
        self._reach = reach

    def logs(
        self, service: str, *, tail: int | None = None, follow: bool = False
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Log lines of all instances of a service, each with the instance's name."""
        return follow_logs(self, self._reach, service, tail=tail, follow=follow)


def new_pool() -> Pool:
    """Connections to hosts, none yet; an async context."""
    return Pool(clock=SystemClock(), random=SystemRandom().random, nonce=lambda: token_hex(16))


def _existing(directory: Path) -> Path:
    if not directory.is_dir():
        raise NotFound(
            f"there is no state in {directory}",
            hint="run warren-playbook with this inventory first, or name it by --state-dir",
        )
    return directory


def hosts_of(sources: Sequence[str], pool: Pool) -> Callable[[str], Host]:
    """The host of a name as an inventory says; it is loaded when the first one is wanted."""
    loaded: list[Inventory] = []
    engine = Engine(chance=SystemRandom(), now=SystemClock().now)

    def host(name: str) -> Host:
        if not loaded:
            loaded.append(load(list(sources) or [str(_USUAL_INVENTORY)]))
        variables = _variables(engine, loaded[0], name)
        return pool.host(settings_of(read_connection(name, Evaluated(variables))))

    return host


def _variables(engine: Engine, inventory: Inventory, host: str) -> Scope:
    if host not in inventory.names:
        raise NotFound(
            f"node {host} is not in the inventory", hint="it was when the node was registered"
        )
    values: dict[str, Any] = {**inventory.variables_of(host), **inventory.magic_of(host)}
    layer = Layer(level=Level.INVENTORY_HOST_VARS, values=values)
    return Scope(engine, [layer], _no_files)


def _no_files(kind: str, name: str) -> Path:
    raise NotFound(f"{kind} {name!r}: connection variables cannot look up files here")
