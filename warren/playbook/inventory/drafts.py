"""An inventory being read: groups and hosts in the order in which sources name them.

Sources may mention a group before it is defined and a host many times, so nothing can be decided
while reading. A draft only records; ``settle`` then decides what holds for the whole: which hosts
are ungrouped, which groups hang directly below ``all``, how deep each lies, and that no group
contains itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from warren.model.errors import InvalidInput, Place, Problem

everything = "all"
ungrouped = "ungrouped"
group_priority = "ansible_group_priority"

_bad_in_group = re.compile(r"[\s\x00-\x1f\x7f,:\[\]]")


@dataclass(slots=True)
class Values:
    """Variables with the places where they were written."""

    variables: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def put(self, name: str, value: Any, place: Place) -> None:
        """Set a variable; a later one replaces an earlier one."""
        self.variables[name] = value
        self.places[name] = place


@dataclass(slots=True)
class GroupDraft:
    """A group as recorded so far; ``children`` and ``hosts`` keep the order of mention."""

    name: str
    place: Place
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Place] = field(default_factory=dict)
    values: Values = field(default_factory=Values)
    priority: int = 1


@dataclass(slots=True)
class HostDraft:
    """A host as recorded so far.

    Attributes:
        source: the inventory source that named it first; empty for one added by a module.
    """

    name: str
    place: Place
    source: str
    values: Values = field(default_factory=Values)


class Draft:
    """What sources have said so far."""

    def __init__(self) -> None:
        start = Place("<inventory>", 1, 1)
        self.groups: dict[str, GroupDraft] = {
            everything: GroupDraft(everything, start),
            ungrouped: GroupDraft(ungrouped, start),
        }
        self.groups[everything].children[ungrouped] = start
        self.hosts: dict[str, HostDraft] = {}
        self.warnings: list[str] = []

    def add_group(self, name: str, place: Place) -> GroupDraft:
        """Record a group; known ones are returned as they are.

        Raises:
            InvalidInput: the name can not be used in patterns.
        """
        known = self.groups.get(name)
        if known is None:
            check_group_name(name, place)
            known = self.groups[name] = GroupDraft(name, place)
        return known

    def add_host(
        self, name: str, *, group: str | None, place: Place, source: str, port: int | None = None
    ) -> HostDraft:
        """Record a host and its membership; a port counts only where the host is first named."""
        host = self.hosts.get(name)
        if host is None:
            host = self.hosts[name] = HostDraft(name, place, source)
            if port is not None:
                host.values.put("ansible_port", port, place)
        elif port is not None and host.values.variables.get("ansible_port") != port:
            self.warnings.append(
                f"{place}: port {port} of host {name} is ignored, because the host was first named "
                f"without it at {host.place}; set ansible_port"
            )
        if group is not None:
            self.groups[group].hosts[name] = None
        return host

    def add_child(self, parent: str, child: str, place: Place) -> None:
        """Record that one known group contains another."""
        self.groups[parent].children.setdefault(child, place)

    def set_group_variable(self, group: str, name: str, value: Any, place: Place) -> None:
        """Record a variable of a group; ``ansible_group_priority`` is the group's priority.

        Raises:
            InvalidInput: the name is not text, or the priority is not a whole number.
        """
        check_variable_name(name, place)
        if name != group_priority:
            self.groups[group].values.put(name, value, place)
            return
        try:
            self.groups[group].priority = int(value)
        except (TypeError, ValueError):
            rule = "must be a whole number"
            raise InvalidInput([problem(name, value, rule, place)]) from None

    def set_host_variable(self, host: str, name: str, value: Any, place: Place) -> None:
        """Record a variable of a host.

        Raises:
            InvalidInput: the name is not text.
        """
        check_variable_name(name, place)
        self.hosts[host].values.put(name, value, place)


def problem(
    what: str, value: object, rule: str, place: Place | None, suggestion: str = ""
) -> Problem:
    """Describe one thing that is wrong with an inventory."""
    text = value if isinstance(value, str) else str(value)
    length_max = 80
    shown = text if len(text) <= length_max else f"{text[: length_max - 1]}…"
    return Problem(field=what, value=repr(shown), rule=rule, suggestion=suggestion, place=place)


def check_group_name(name: object, place: Place) -> None:
    """Refuse a name that patterns could not tell from their own syntax.

    Raises:
        InvalidInput: the name is not text, empty, or contains syntax of patterns.
    """
    if not isinstance(name, str):
        raise InvalidInput([problem("group", name, "must be text; put it in quotes", place)])
    if not name or _bad_in_group.search(name) or name[0] in "!&~@-":
        rule = (
            "is no group name; it must not be empty, contain spaces , : [ ] or start with ! & ~ @ -"
        )
        raise InvalidInput([problem("group", name, rule, place)])


def check_variable_name(name: object, place: Place) -> None:
    """Refuse a variable's name that is not text.

    Raises:
        InvalidInput: the name is not text, or empty.
    """
    if not isinstance(name, str) or not name:
        raise InvalidInput([problem("variable", name, "must be a name; put it in quotes", place)])


def settle(draft: Draft) -> dict[str, int]:
    """Complete a draft: ungrouped hosts, groups below ``all``.

    Returns:
        the depth of every group: the longest way down from ``all``.

    Raises:
        InvalidInput: a group contains itself; the message names the way around.
    """
    _group_the_ungrouped(draft)
    contained = {child for group in draft.groups.values() for child in group.children}
    for name, group in draft.groups.items():
        if name != everything and name not in contained:
            draft.groups[everything].children[name] = group.place
    return _depths(draft.groups)


def _group_the_ungrouped(draft: Draft) -> None:
    special = (everything, ungrouped)
    grouped = {
        host for group in draft.groups.values() if group.name not in special for host in group.hosts
    }
    # A group below "ungrouped" would be odd but is legal: its hosts stay there only.
    loose = draft.groups[ungrouped].hosts
    for host in [host for host in loose if host in grouped]:
        del loose[host]
    for host in draft.hosts:
        if host not in grouped:
            loose.setdefault(host)


def _depths(groups: Mapping[str, GroupDraft]) -> dict[str, int]:
    """Visit parents before children, so that each depth is final when it is passed on."""
    order = _children_first(groups)
    depths = dict.fromkeys(groups, 0)
    for name in reversed(order):
        for child in groups[name].children:
            depths[child] = max(depths[child], depths[name] + 1)
    return depths


def _children_first(groups: Mapping[str, GroupDraft]) -> list[str]:
    order: list[str] = []
    done: set[str] = set()
    for root in groups:
        if root in done:
            continue
        way = [root]
        pending = [iter(groups[root].children)]
        while pending:
            child = next((child for child in pending[-1] if child not in done), None)
            if child is None:
                pending.pop()
                done.add(way[-1])
                order.append(way.pop())
            elif child in way:
                _refuse_cycle(groups, [*way[way.index(child) :], child])
            else:
                way.append(child)
                pending.append(iter(groups[child].children))
    return order


def _refuse_cycle(groups: Mapping[str, GroupDraft], cycle: list[str]) -> None:
    place = groups[cycle[-2]].children[cycle[-1]]
    rule = f"must not contain itself: {' → '.join(cycle)}"
    raise InvalidInput(
        [problem("group", cycle[-1], rule, place)],
        hint="remove one of these groups from the children of the one before it",
    )
