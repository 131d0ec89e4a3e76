"""Variables that nobody writes: who the host is, who else there is, how the run was started."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warren.playbook.inventory.inventory import Inventory
from warren.playbook.variables.levels import Deferred, Layer, Level
from warren.playbook.variables.store import Store

language_version = "2.19.0"
"""The version of Ansible whose language this engine speaks; playbooks compare with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How the run was started.

    Attributes:
        playbook_directory: the first playbook's directory.
        check, diff: the modes.
        forks: how many hosts at once.
        verbosity: number of ``-v``.
        tags, skip_tags: as given.
        limit: as given, or empty.
        inventory_sources: as given.
    """

    playbook_directory: Path
    check: bool = False
    diff: bool = False
    forks: int = 5
    verbosity: int = 0
    tags: tuple[str, ...] = ("all",)
    skip_tags: tuple[str, ...] = ()
    limit: str = ""
    inventory_sources: tuple[str, ...] = ()

    def layer(self) -> Layer:
        """These facts as variables."""
        major, minor, revision = map(int, language_version.split("."))
        values: dict[str, Any] = {
            "playbook_dir": str(self.playbook_directory),
            "ansible_check_mode": self.check,
            "ansible_diff_mode": self.diff,
            "ansible_forks": self.forks,
            "ansible_verbosity": self.verbosity,
            "ansible_run_tags": list(self.tags),
            "ansible_skip_tags": list(self.skip_tags),
            "ansible_inventory_sources": list(self.inventory_sources),
            "ansible_playbook_python": sys.executable,
            "ansible_config_file": None,
            "ansible_version": {
                "full": language_version,
                "string": language_version,
                "major": major,
                "minor": minor,
                "revision": revision,
            },
        }
        if self.limit:
            values["ansible_limit"] = self.limit
        return Layer(level=Level.MAGIC, owner="run", values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayFacts:
    """The hosts and roles of a play, as they are now.

    Attributes:
        name: the play's name.
        directory: where its playbook is.
        batch: hosts of the batch that still take part.
        alive: hosts of the whole play that still take part.
        all_hosts: hosts of the whole play.
        roles: names of its roles.
    """

    name: str
    directory: Path
    batch: Callable[[], list[str]]
    alive: Callable[[], list[str]]
    all_hosts: list[str]
    roles: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)

    def layer(self) -> Layer:
        """These facts as variables."""
        every = [*self.roles, *(name for name in self.dependencies if name not in self.roles)]
        values: dict[str, Any] = {
            "ansible_play_name": self.name,
            "playbook_dir": str(self.directory),
            "ansible_play_batch": Deferred(self.batch),
            "ansible_play_hosts": Deferred(self.alive),
            "play_hosts": Deferred(self.batch),
            "ansible_play_hosts_all": self.all_hosts,
            "ansible_role_names": every,
            "ansible_play_role_names": self.roles,
            "ansible_dependent_role_names": self.dependencies,
            "role_names": self.roles,
        }
        return Layer(level=Level.MAGIC, owner="play", values=values)


class HostVariables(Mapping[str, Any]):
    """``hostvars``: the variables of every host, each host's made when it is asked for."""

    __slots__ = ("_inventory", "_made", "_make")

    def __init__(self, inventory: Inventory, make: Callable[[str], Mapping[str, Any]]) -> None:
        self._inventory = inventory
        self._make = make
        self._made: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        found = self._inventory.find(name)
        if found is None:
            raise KeyError(name)
        if found not in self._made:
            self._made[found] = self._make(found)
        return self._made[found]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inventory.hosts)

    def __len__(self) -> int:
        return len(self._inventory.hosts)

    def __repr__(self) -> str:
        return f"<variables of {len(self)} hosts>"


def host_layers(
    store: Store, host: str, make: Callable[[str], Mapping[str, Any]]
) -> tuple[Layer, ...]:
    """What every task of a host sees of the inventory.

    Args:
        store: the hosts.
        host: the host in question.
        make: makes the variables of another host, for ``hostvars``.

    Raises:
        NotFound: there is no such host.
    """
    inventory = store.inventory
    values = dict(store.magic_of(host))
    values["groups"] = Deferred(lambda: {name: list(who) for name, who in inventory.groups.items()})
    values["hostvars"] = HostVariables(inventory, make)
    connection = Layer(level=Level.CONNECTION, values={"ansible_host": host})
    return (
        connection,
        *store.layers_of(host),
        Layer(level=Level.MAGIC, owner="inventory", values=values),
    )
