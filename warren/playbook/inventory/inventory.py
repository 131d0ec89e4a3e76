"""The inventory as it stands: who the hosts are, which groups hold them, which variables they have.

An inventory never changes. What a play adds (``add_host``, ``group_by``) makes a new one, so a
task that is still looking at the old one sees a consistent world.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any

from warren.model.errors import InvalidInput, NotFound, Place
from warren.playbook.inventory import addresses
from warren.playbook.inventory.adjacent import Reading, VariableFiles
from warren.playbook.inventory.drafts import (
    Draft,
    Values,
    everything,
    problem,
    settle,
)
from warren.playbook.inventory.layers import Layer, Origin, Rank, merge

local_names = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of hosts.

    Attributes:
        name: as written.
        hosts: its own hosts, in order of mention; not those of its children.
        children: groups it contains.
        parents: groups that contain it.
        depth: the longest way down from ``all``, which has depth 0.
        priority: ``ansible_group_priority``; higher wins among groups of one depth.
        layer: its variables in the inventory files.
        place: where it was first named.
    """

    name: str
    hosts: tuple[str, ...]
    children: tuple[str, ...]
    parents: tuple[str, ...]
    depth: int
    priority: int
    layer: Layer
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host.

    Attributes:
        name: as written.
        source: the file, script or list that named it first; empty for one added by a play.
        layer: its variables in the inventory files.
        place: where it was first named.
    """

    name: str
    source: str
    layer: Layer
    place: Place


class Inventory:
    """Hosts, groups and variables; see the module's docstring.

    Attributes:
        hosts: every host by name, in order of mention.
        group_table: every group by name, in order of mention.
        files: the ``group_vars`` and ``host_vars`` that apply.
        warnings: what looked wrong while reading but breaks no rule.
    """

    def __init__(
        self,
        *,
        hosts: Mapping[str, Host],
        groups: Mapping[str, Group],
        files: Sequence[VariableFiles] = (),
        warnings: Sequence[str] = (),
    ) -> None:
        self.group_table = MappingProxyType(dict(groups))
        self.files = tuple(files)
        self._members: dict[str, tuple[str, ...]] = {}
        self._merged: dict[str, dict[str, Any]] = {}
        self._orders: dict[frozenset[str], tuple[str, ...]] = {}
        self.hosts = MappingProxyType(dict(hosts))
        self._groups_by_host = self._memberships()
        self._read_all_files()
        found = [warning for files_ in self.files for warning in files_.warnings]
        self.warnings = tuple(dict.fromkeys([*warnings, *found]))

    def __repr__(self) -> str:
        return f"<Inventory of {len(self.hosts)} hosts in {len(self.group_table)} groups>"

    @property
    def names(self) -> tuple[str, ...]:
        """All hosts in inventory order: ungrouped ones first, then group by group."""
        return self.members(everything)

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The hosts of each group and of its children, as the variable ``groups`` shows them."""
        return MappingProxyType({name: self.members(name) for name in self.group_table})

    def members(self, group: str) -> tuple[str, ...]:
        """The hosts of a group: its own first, then level by level those of its children.

        Raises:
            NotFound: there is no such group.
        """
        if group not in self.group_table:
            raise NotFound(f"group {group!r} is not in the inventory")
        if group not in self._members:
            self._members[group] = self._walk(group)
        return self._members[group]

    def groups_of(self, host: str) -> tuple[str, ...]:
        """The groups of a host by name, without ``all``; what ``group_names`` shows.

        Raises:
            NotFound: there is no such host.
        """
        return tuple(sorted(self._groups(host) - {everything}))

    def layers_of(self, host: str) -> tuple[Layer, ...]:
        """The layers of a host's variables, weakest first; empty ones are left out.

        Raises:
            NotFound: there is no such host, and it is no name of this machine.
        """
        groups = self._order(self._groups(host) - {everything})
        beside = [files for files in self.files if not files.of_playbook]
        playbook = [files for files in self.files if files.of_playbook]
        layers: list[Layer | None] = [self.group_table[everything].layer]
        layers += [self.group_table[group].layer for group in groups]
        for directories in (beside, playbook):
            layers += [files.of_group(everything) for files in directories]
        for directories in (beside, playbook):
            layers += [files.of_group(group) for files in directories for group in groups]
        layers.append(self._host(host).layer)
        for directories in (beside, playbook):
            layers += [files.of_host(host) for files in directories]
        return tuple(layer for layer in layers if layer is not None and layer.variables)

    def layers_of_group(self, group: str) -> tuple[Layer, ...]:
        """The layers of what is written for one group itself, weakest first.

        Raises:
            NotFound: there is no such group.
        """
        if group not in self.group_table:
            raise NotFound(f"group {group!r} is not in the inventory")
        ordered = sorted(self.files, key=lambda files: files.of_playbook)
        layers = [self.group_table[group].layer, *(files.of_group(group) for files in ordered)]
        return tuple(layer for layer in layers if layer is not None and layer.variables)

    def variables_of(self, host: str) -> dict[str, Any]:
        """The variables of a host, merged, not templated; a new dictionary on every call.

        Raises:
            NotFound: there is no such host, and it is no name of this machine.
        """
        if host not in self._merged:
            self._merged[host] = merge(self.layers_of(host))
        return dict(self._merged[host])

    def origins_of(self, host: str, variable: str) -> tuple[Origin, ...]:
        """Every place that sets a variable for a host; the last one holds, the others are hidden.

        Raises:
            NotFound: there is no such host, and it is no name of this machine.
        """
        return tuple(
            Origin(
                rank=layer.rank,
                owner=layer.owner,
                place=layer.places[variable],
                value=layer.variables[variable],
            )
            for layer in self.layers_of(host)
            if variable in layer.variables
        )

    def magic_of(self, host: str) -> dict[str, Any]:
        """What every host has without anybody writing it; above all layers.

        Raises:
            NotFound: there is no such host, and it is no name of this machine.
        """
        source = self._host(host).source
        return {
            "inventory_hostname": host,
            "inventory_hostname_short": host if _is_ip(host) else host.partition(".")[0],
            "group_names": list(self.groups_of(host)),
            "inventory_file": source or None,
            "inventory_dir": str(Path(source).parent) if source else None,
        }

    def find(self, name: str) -> str | None:
        """The host that a name means, or ``None``.

        Every name of this machine (``localhost``, ``127.0.0.1``, ``::1``) means the first of them
        that the inventory has; if it has none, the name stands for an implicit host that is
        reached without SSH and belongs to no group.
        """
        if name in self.hosts:
            return name
        if name not in local_names:
            return None
        return next((known for known in self.hosts if known in local_names), name)

    def with_playbook(self, directory: Path, reading: Reading) -> "Inventory":
        """The same inventory with the variables beside a playbook instead of any other playbook's.

        Raises:
            InvalidInput, SyntaxProblem: a file of variables is unreadable or malformed.
        """
        kept = [files for files in self.files if not files.of_playbook]
        added = VariableFiles(directory, reading, of_playbook=True)
        return Inventory(
            hosts=self.hosts,
            groups=self.group_table,
            files=[*kept, added],
            warnings=self.warnings,
        )

    def add_host(
        self,
        name: str,
        *,
        groups: Iterable[str] = (),
        variables: Mapping[str, Any] | None = None,
        place: Place | None = None,
    ) -> "Inventory":
        """The same inventory with one host more, or with more variables and groups for a known one.

        Args:
            name: the host, ``NAME`` or ``NAME:PORT``.
            groups: groups to put it in; unknown ones are made.
            variables: its variables; they replace those of the inventory file.
            place: where the task that adds it was written.

        Raises:
            InvalidInput: the host or a group has no valid name.
        """
        place = place or Place("<add_host>", 1, 1)
        try:
            text, port = addresses.split_port(name)
            addresses.check_name(text)
        except addresses.AddressError as error:
            raise InvalidInput([problem("host", name, str(error), place)]) from error
        draft = self._thaw()
        draft.add_host(text, group=None, place=place, source="", port=port)
        for group in groups:
            draft.add_group(group, place).hosts[text] = None
        for key, value in (variables or {}).items():
            draft.set_host_variable(text, key, value, place)
        return freeze(draft, self.files)

    def group_by(
        self,
        memberships: Mapping[str, Iterable[str]],
        *,
        parents: Iterable[str] = (everything,),
        place: Place | None = None,
    ) -> "Inventory":
        """The same inventory with hosts put into groups.

        Args:
            memberships: hosts by group; unknown groups are made.
            parents: groups that contain these groups; unknown ones are made.
            place: where the task that groups them was written.

        Raises:
            NotFound: there is no such host.
            InvalidInput: a group has no valid name, or would contain itself.
        """
        place = place or Place("<group_by>", 1, 1)
        draft = self._thaw()
        above = list(parents)
        for group, hosts in memberships.items():
            entry = draft.add_group(group, place)
            for parent in above:
                draft.add_group(parent, place)
                draft.add_child(parent, group, place)
            for host in hosts:
                if host in self.hosts:  # an implicit localhost belongs to no group
                    entry.hosts[host] = None
                else:
                    self._host(host)
        return freeze(draft, self.files)

    def _host(self, name: str) -> Host:
        if name in self.hosts:
            return self.hosts[name]
        if name in local_names:
            return _implicit(name)
        raise NotFound(f"host {name!r} is not in the inventory")

    def _groups(self, host: str) -> frozenset[str]:
        if host not in self._groups_by_host:
            self._host(host)
            return frozenset((everything,))
        return self._groups_by_host[host]

    def _walk(self, group: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        queue = {group: None}
        while queue:
            following: dict[str, None] = {}
            for name in queue:
                found.update(dict.fromkeys(self.group_table[name].hosts))
                following.update(dict.fromkeys(self.group_table[name].children))
            queue = following
        return tuple(found)

    def _memberships(self) -> dict[str, frozenset[str]]:
        above: dict[str, frozenset[str]] = {}
        for group in sorted(self.group_table.values(), key=lambda group: group.depth):
            above[group.name] = frozenset((group.name,)).union(
                *(above[parent] for parent in group.parents)
            )
        direct: dict[str, list[str]] = {host: [everything] for host in self.hosts}
        for group in self.group_table.values():
            for host in group.hosts:
                direct[host].append(group.name)
        shared: dict[tuple[str, ...], frozenset[str]] = {}
        for names in map(tuple, direct.values()):
            if names not in shared:
                shared[names] = frozenset[str]().union(*(above[name] for name in names))
        return {host: shared[tuple(names)] for host, names in direct.items()}

    def _order(self, groups: frozenset[str]) -> tuple[str, ...]:
        """Groups from the weakest: parents before children, then by priority, then by name."""
        if groups not in self._orders:
            table = self.group_table
            self._orders[groups] = tuple(
                sorted(groups, key=lambda name: (table[name].depth, table[name].priority, name))
            )
        return self._orders[groups]

    def _read_all_files(self) -> None:
        """Read now what can be needed, so that a broken file is reported before anything is done."""
        for files in self.files:
            for group in self.group_table:
                files.of_group(group)
            for host in self.hosts:
                files.of_host(host)

    def _thaw(self) -> Draft:
        draft = Draft()
        draft.warnings.extend(self.warnings)
        for host in self.hosts.values():
            entry = draft.add_host(host.name, group=None, place=host.place, source=host.source)
            entry.values = Values(dict(host.layer.variables), dict(host.layer.places))
        for group in self.group_table.values():
            made = draft.add_group(group.name, group.place)
            made.hosts = dict.fromkeys(group.hosts)
            made.children = {name: self.group_table[name].place for name in group.children}
            made.values = Values(dict(group.layer.variables), dict(group.layer.places))
            made.priority = group.priority
        return draft


def freeze(draft: Draft, files: Sequence[VariableFiles] = ()) -> Inventory:
    """Settle a draft and make it an inventory.

    Raises:
        InvalidInput: a group contains itself, or a file of variables is malformed.
        SyntaxProblem: a file of variables does not parse.
    """
    depths = settle(draft)
    parents: dict[str, list[str]] = {name: [] for name in draft.groups}
    for group in draft.groups.values():
        for child in group.children:
            parents[child].append(group.name)
    groups = {
        group.name: Group(
            name=group.name,
            hosts=tuple(group.hosts),
            children=tuple(group.children),
            parents=tuple(parents[group.name]),
            depth=depths[group.name],
            priority=group.priority,
            layer=_layer(Rank.FILE_GROUP, group.name, group.values),
            place=group.place,
        )
        for group in draft.groups.values()
    }
    hosts = {
        host.name: Host(
            name=host.name,
            source=host.source,
            layer=_layer(Rank.FILE_HOST, host.name, host.values),
            place=host.place,
        )
        for host in draft.hosts.values()
    }
    clashes = [
        f"{host.place}: host and group are both named {host.name}; the pattern {host.name} means the host"
        for host in hosts.values()
        if host.name in groups
    ]
    return Inventory(hosts=hosts, groups=groups, files=files, warnings=[*draft.warnings, *clashes])


def _layer(rank: Rank, owner: str, values: Values) -> Layer:
    return Layer(rank=rank, owner=owner, variables=values.variables, places=values.places)


def _implicit(name: str) -> Host:
    place = Place("<implicit localhost>", 1, 1)
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    layer = Layer(
        rank=Rank.FILE_HOST,
        owner=name,
        variables=variables,
        places=dict.fromkeys(variables, place),
    )
    return Host(name=name, source="", layer=layer, place=place)


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
