"""The hosts of a play: chosen, ordered, cut into batches."""

from collections.abc import Iterable
from math import ceil
from random import Random
from typing import Any

from warren.model.errors import InvalidInput, NotFound, Problem
from warren.playbook.inventory import patterns
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.language.nodes import Play
from warren.playbook.run.session import Session
from warren.playbook.variables.levels import Layer, Level


def hosts_of(play: Play, session: Session) -> tuple[list[str], str]:
    """The hosts of a play, and why there are none, if so.

    Raises:
        NotFound: the pattern names no host and no group that exists.
    """
    scope = session.hostless_scope((Layer(level=Level.PLAY, values=play.level.variables),))
    pattern = scope.evaluate(play.hosts)
    inventory = session.store.inventory
    try:
        hosts = list(patterns.select(inventory, pattern).hosts)
    except NotFound as error:
        if not _names_groups_only(inventory, pattern):
            raise NotFound(f"{play.level.place}: {error.message}", hint=error.hint) from error
        return [], "its groups have no hosts"
    allowed = patterns.select_limit(inventory, session.options.limit)
    if allowed is not None:
        hosts = [host for host in hosts if host in allowed]
        if not hosts:
            return [], f"none of its hosts is within the limit {session.options.limit!r}"
    return hosts, ""


def _names_groups_only(inventory: Inventory, pattern: Any) -> bool:
    terms = [term.lstrip("!&") for term in patterns.split(pattern)]
    return bool(terms) and all(term in inventory.group_table for term in terms)


def ordered(hosts: list[str], order: str, chance: Random) -> list[str]:
    """Hosts in the order that a play asks for."""
    if order == "shuffle":
        mixed = list(hosts)
        chance.shuffle(mixed)
        return mixed
    chosen = sorted(hosts) if order.endswith("sorted") else list(hosts)
    return chosen[::-1] if order.startswith("reverse") else chosen


def batches_of(hosts: list[str], sizes: Iterable[Any]) -> list[list[str]]:
    """Hosts in batches; the last size holds for the rest.

    Raises:
        InvalidInput: a size is no number and no percentage.
    """
    wanted = [size for size in sizes if str(size).strip() not in ("0", "0%")]
    if not wanted:
        return [hosts]
    found: list[list[str]] = []
    rest = hosts
    while rest:
        size = _size(wanted[min(len(found), len(wanted) - 1)], len(hosts))
        found.append(rest[:size])
        rest = rest[size:]
    return found


def _size(size: Any, total: int) -> int:
    text = str(size).strip()
    try:
        if text.endswith("%"):
            return max(1, int(float(text[:-1]) * total / 100))
        return max(1, ceil(float(text)))
    except ValueError as error:
        rule = "must be a number or a percentage"
        raise InvalidInput([Problem(field="serial", value=repr(size), rule=rule)]) from error
