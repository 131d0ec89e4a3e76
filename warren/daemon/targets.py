"""The way from a node's name to its host."""

from collections.abc import Callable

from warren.fleet.host import Host
from warren.model.errors import NotFound
from warren.providers.contract import Target
from warren.store.store import Store

Reach = Callable[[str], Host]
"""The host of a node, by its inventory name."""


class Targets:
    """The way to each recorded node."""

    def __init__(self, store: Store, reach: Reach) -> None:
        self._store = store
        self._reach = reach

    def find(self, name: str) -> Target:
        """The node and its host.

        Raises:
            NotFound: there is no such node, or its host is not in the inventory.
        """
        node = self._store.nodes.named(name)
        if node is None:
            raise NotFound(f"no node is named {name!r}")
        return Target(node=node, host=self._reach(name), cluster=self._store.cluster_id)
