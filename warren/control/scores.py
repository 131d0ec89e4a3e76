"""Which of the nodes that may run an instance is the best.

Spread comes first: over the service's spread keys, most important first, then over nodes; then
balance by fraction of resources, fewest recent failures, fewest instances, name. Only the chosen
node and the domains above it change when an instance is placed, so the candidates are kept as a tree
of heaps (a level for each spread key) and a placement costs the logarithm of their number.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence

from warren.control.sites import Demand, Site
from warren.model.node import Node

Key = tuple[float | str, ...]


def site_key(demand: Demand, site: Site) -> Key:
    """The score of a site for a demand; the lowest is best, and no two are equal."""
    has = site.node.capacity
    cpus = (site.cpus + demand.cpus) / has.cpus if has.cpus else 0.0
    memory = (
        (site.memory_bytes + demand.memory_bytes) / has.memory_bytes if has.memory_bytes else 0.0
    )
    return (
        site.per_service.get(demand.service_id, 0),
        max(cpus, memory),
        site.failures.get(demand.service_id, 0),
        site.count,
        site.node.name,
    )


def domain_of(node: Node, key: str) -> str:
    """The value of a spread key on a node; nodes without it share the empty domain."""
    name = key.removeprefix("node.")
    if name.startswith("label."):
        return node.labels.get(name.removeprefix("label."), "")
    if name in {"region", "datacenter", "name", "arch", "os", "provider", "role"}:
        return str(getattr(node, name))
    return node.labels.get(name, "")


class Leaf:
    """The sites of one domain, best first."""

    def __init__(self, demand: Demand, sites: Iterable[Site]) -> None:
        self.demand = demand
        self.heap = [(site_key(demand, site), site) for site in sites]
        heapq.heapify(self.heap)

    def key(self) -> Key:
        """The score of the best site."""
        return self.heap[0][0]

    def take(self, accept: Callable[[Site], bool]) -> Site | None:
        """Count an instance onto the best site that ``accept`` likes; drop those it does not."""
        while self.heap:
            site = self.heap[0][1]
            if accept(site):
                site.add(self.demand)
                heapq.heapreplace(self.heap, (site_key(self.demand, site), site))
                return site
            heapq.heappop(self.heap)
        return None


class Branch:
    """The domains of one spread key, the one with the fewest instances first."""

    def __init__(self, demand: Demand, keys: Sequence[str], sites: Sequence[Site]) -> None:
        domains: dict[str, list[Site]] = {}
        for site in sites:
            domains.setdefault(domain_of(site.node, keys[0]), []).append(site)
        self.heap: list[tuple[int, Key, str, Tree]] = []
        for name, members in domains.items():
            tree = grow(demand, keys[1:], members)
            count = sum(site.placed(demand.service_id) for site in members)
            self.heap.append((count, tree.key(), name, tree))
        heapq.heapify(self.heap)

    def key(self) -> Key:
        """The score of the best domain."""
        count, key, *_ = self.heap[0]
        return (count, *key)

    def take(self, accept: Callable[[Site], bool]) -> Site | None:
        """Count an instance onto the best site of the best domain that has one."""
        while self.heap:
            count, _, name, tree = self.heap[0]
            site = tree.take(accept)
            if site is not None:
                heapq.heapreplace(self.heap, (count + 1, tree.key(), name, tree))
                return site
            heapq.heappop(self.heap)
        return None


Tree = Leaf | Branch


def grow(demand: Demand, keys: Sequence[str], sites: Sequence[Site]) -> Tree:
    """The candidates for a demand, as a tree with a level for each spread key.

    Args:
        demand: what is to be placed.
        keys: spread keys, most important first.
        sites: at least one; all pass the filters that judge the node itself.
    """
    return Branch(demand, keys, sites) if keys else Leaf(demand, sites)
