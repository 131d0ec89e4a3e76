"""Everything that a run needs from outside, and what it remembers."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from warren.aio.clock import Clock
from warren.fleet.host import Host
from warren.model.hidden import Secret
from warren.playbook.inventory.connection import Connection
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.language.library import Library, find_beside
from warren.playbook.language.nodes import Role
from warren.playbook.output.events import Emit, Warned
from warren.playbook.run.roll import Roll
from warren.playbook.run.selection import Selection
from warren.playbook.templating.engine import Engine
from warren.playbook.variables.levels import Layer, Level
from warren.playbook.variables.magic import RunFacts, host_layers
from warren.playbook.variables.scope import Scope
from warren.playbook.variables.store import Store

Connect = Callable[[str, Connection], Host]
"""Gives the host of a name; it connects when first used."""

OpenClient = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens the manager's client; called at most once in a run, and only if a task needs it."""

RefreshInventory = Callable[[], Inventory]


class Ask(Protocol):
    """Asks the user."""

    def __call__(self, prompt: str, *, hidden: bool) -> str:
        """What the user types; ``hidden`` is for passwords."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is to be done, as the command line says it.

    Attributes:
        forks: how many hosts at once.
        check: change nothing.
        diff: show what changes.
        limit: as ``--limit``.
        tags: which tasks.
        start_at: the name of the task to start at; a pattern.
        step: ask before each task.
        force_handlers: run handlers of hosts that failed.
        become: ``become`` of plays that do not say.
        become_user, become_method, become_password: their defaults.
        variables: connection variables from the command line; the weakest.
        task_timeout_seconds: for each round trip of a module, unless the task says otherwise.
        verbosity: number of ``-v``.
        strict_conditions: refuse conditions whose value is no truth value.
        gathering: ``implicit``, ``explicit`` or ``smart``.
    """

    forks: int = 5
    check: bool = False
    diff: bool = False
    limit: str = ""
    tags: Selection = field(default_factory=Selection)
    start_at: str = ""
    step: bool = False
    force_handlers: bool = False
    become: bool = False
    become_user: str = "root"
    become_method: str = "sudo"
    become_password: Secret | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    task_timeout_seconds: float = 3600.0
    verbosity: int = 0
    strict_conditions: bool = False
    gathering: str = "implicit"


@dataclass(slots=True, kw_only=True)
class Session:
    """One run: what came from outside, and what is remembered between plays.

    Attributes:
        engine, library: evaluate and parse.
        connect, refresh_inventory, ask: the world.
        clock: the time.
        emit: is told everything.
        options: how to run.
        facts: how the run was started, as variables.
        extra: variables of ``-e``.
        store: inventory and what was learnt.
        roll: who takes part.
        has_started: whether the task of ``start_at`` was reached.
    """

    engine: Engine
    library: Library
    connect: Connect
    refresh_inventory: RefreshInventory
    ask: Ask
    clock: Clock
    emit: Emit
    options: Options
    facts: RunFacts
    extra: Layer
    store: Store
    roll: Roll = field(default_factory=Roll)
    has_started: bool = False
    _warned: set[str] = field(default_factory=set)
    _run_layers: tuple[Layer, ...] = ()

    def __post_init__(self) -> None:
        self.has_started = not self.options.start_at
        connection = Layer(level=Level.CONNECTION, values=self.options.variables)
        self._run_layers = (connection, self.extra, self.facts.layer())

    def scope(
        self,
        host: str,
        layers: Iterable[Layer] = (),
        *,
        roles: tuple[Role, ...] = (),
        beside: Path | None = None,
        top: Path | None = None,
    ) -> Scope:
        """The variables of a host.

        Args:
            host: its name.
            layers: those of a play and task, weakest first within one level.
            roles: roles whose files are searched, innermost first.
            beside: a file beside which files are searched, too.
            top: the playbook's directory, the last place where files are searched.

        Raises:
            NotFound: there is no such host.
        """
        of_host = host_layers(self.store, host, self.scope)
        every = (*of_host, *self._run_layers, *layers)
        return Scope(self.engine, every, self._finder(roles, beside, top))

    def hostless_scope(self, layers: Iterable[Layer] = ()) -> Scope:
        """Variables that are known without a host."""
        return Scope(self.engine, (*self._run_layers, *layers), self._finder((), None, None))

    def warn(self, text: str, place: Any = None) -> None:
        """Tell the user, once."""
        key = f"{place}{text}"
        if key not in self._warned:
            self._warned.add(key)
            self.emit(Warned(text=text, place=place))

    def _finder(
        self, roles: tuple[Role, ...], beside: Path | None, top: Path | None
    ) -> Callable[[str, str], Path]:
        last = top or self.facts.playbook_directory

        def find(name: str, kind: str) -> Path:
            directories: list[Path] = []
            for role in roles:
                directories += [role.path / kind, role.path]
            if beside is not None:
                directories += [beside.parent / kind, beside.parent]
            directories += [last / kind, last]
            return find_beside([name], list(dict.fromkeys(directories)), "file")

        return find
