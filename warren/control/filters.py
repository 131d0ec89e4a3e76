"""Which nodes may run an instance, and why the others may not.

Each filter has three methods: whether it applies to a demand at all, whether a site passes, and how
it says that sites do not. The order is that of the explanation: a node is counted under the first
filter that refuses it.
"""

# ruff: noqa: ARG002 - all filters have one signature, though not each needs all of it

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from warren.control.sites import Demand, Site
from warren.model.node import Node, NodeRole
from warren.model.service import split_constraint
from warren.model.states import NodeState


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one site is refused, as it is said of one node and of several."""

    one: str
    several: str


class Filter(Protocol):
    """One reason why a node may not run an instance."""

    def applies(self, demand: Demand) -> bool:
        """Whether the demand asks anything of this filter."""
        ...

    def passes(self, demand: Demand, site: Site) -> bool:
        """Whether the site may run one more instance, as far as this filter is concerned."""
        ...

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Why the site does not pass."""
        ...


class StateFilter:
    """The node takes instances."""

    def applies(self, demand: Demand) -> bool:
        """Always."""
        return True

    def passes(self, demand: Demand, site: Site) -> bool:
        """Only ready nodes."""
        return site.node.state is NodeState.READY

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name the state."""
        words = {NodeState.DOWN: "down", NodeState.DRAINING: "draining"}
        word = words.get(site.node.state, "not ready")
        return Refusal(f"is {word}", f"are {word}")


class RoleFilter:
    """Managers run no instances."""

    def applies(self, demand: Demand) -> bool:
        """Always."""
        return True

    def passes(self, demand: Demand, site: Site) -> bool:
        """Workers and hybrids."""
        return site.node.role is not NodeRole.MANAGER

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name the role."""
        return Refusal("is a manager only", "are managers only")


class ProviderFilter:
    """The node runs its instances with the wanted provider, and the engine is there."""

    def applies(self, demand: Demand) -> bool:
        """Always: even without a wish the engine must exist."""
        return True

    def passes(self, demand: Demand, site: Site) -> bool:
        """The node's provider is the wanted one and its engine was found."""
        node = site.node
        return demand.spec.provider in {None, node.provider} and _has_engine(node)

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name the provider that differs, or the engine that is missing."""
        node = site.node
        if _has_engine(node):
            what = f"{node.provider}, not {demand.spec.provider}"
            return Refusal(f"runs {what}", f"run {what}")
        return Refusal(f"has no {node.provider}", f"have no {node.provider}")


class ConstraintFilter:
    """All placement constraints hold."""

    def applies(self, demand: Demand) -> bool:
        """Only with constraints."""
        return bool(demand.spec.placement.constraints)

    def passes(self, demand: Demand, site: Site) -> bool:
        """Every one holds."""
        return all(holds(text, site.node) for text in demand.spec.placement.constraints)

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name the first that does not hold."""
        text = next(
            text for text in demand.spec.placement.constraints if not holds(text, site.node)
        )
        return Refusal(f"does not satisfy {text}", f"do not satisfy {text}")


class ResourceFilter:
    """What is set aside fits into what the node has left, placements of this pass included."""

    def applies(self, demand: Demand) -> bool:
        """Only with reservations."""
        return bool(demand.cpus or demand.memory_bytes or demand.gpus)

    def passes(self, demand: Demand, site: Site) -> bool:
        """Both cpu and memory fit; no node is known to have GPUs to give."""
        has = site.node.capacity
        return (
            (site.memory_bytes + demand.memory_bytes <= has.memory_bytes or not demand.memory_bytes)
            and (not demand.cpus or site.cpus + demand.cpus <= has.cpus + _CPU_ROUNDING)
            and not demand.gpus
        )

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name what lacks: memory before cpu."""
        has = site.node.capacity
        if demand.memory_bytes and site.memory_bytes + demand.memory_bytes > has.memory_bytes:
            what = f"{format_bytes(demand.memory_bytes)} of memory"
        elif demand.gpus:
            what = "a GPU" if demand.gpus == 1 else f"{demand.gpus} GPUs"
        else:
            what = f"{demand.cpus:g} cpu"
        return Refusal(f"lacks {what}", f"lack {what}")


class HostPortFilter:
    """The fixed host ports are free, placements of this pass included."""

    def applies(self, demand: Demand) -> bool:
        """Only with fixed host ports."""
        return bool(demand.ports)

    def passes(self, demand: Demand, site: Site) -> bool:
        """None of them is taken."""
        return demand.ports.isdisjoint(site.ports)

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name the port and who has it."""
        port = min(demand.ports & site.ports.keys())
        what = f"host port {port[0]}/{port[1]} taken by service {site.ports[port]}"
        return Refusal(f"has {what}", f"have {what}")


class MaxPerNodeFilter:
    """The service may have more instances there."""

    def applies(self, demand: Demand) -> bool:
        """Only with a maximum."""
        return demand.spec.placement.max_per_node is not None

    def passes(self, demand: Demand, site: Site) -> bool:
        """The maximum is not reached."""
        most = demand.spec.placement.max_per_node
        return most is None or site.placed(demand.service_id) < most

    def explain(self, demand: Demand, site: Site) -> Refusal:
        """Name the maximum."""
        what = f"max_per_node ({demand.spec.placement.max_per_node}) instances of it already"
        return Refusal(f"has {what}", f"have {what}")


NODE_FILTERS: tuple[Filter, ...] = (
    StateFilter(),
    RoleFilter(),
    ProviderFilter(),
    ConstraintFilter(),
)
"""Judge the node itself: placing an instance does not change their answer."""

ROOM_FILTERS: tuple[Filter, ...] = (ResourceFilter(), HostPortFilter(), MaxPerNodeFilter())
"""Judge what is left on it; once they refuse, more instances do not make them accept."""


def passes(filters: Sequence[Filter], demand: Demand, site: Site) -> bool:
    """Whether the site passes all ``filters`` (those that apply to the demand)."""
    return all(each.passes(demand, site) for each in filters)


def applying(filters: Iterable[Filter], demand: Demand) -> tuple[Filter, ...]:
    """The filters that apply to the demand, in their order."""
    return tuple(each for each in filters if each.applies(demand))


def matches(node: Node, demand: Demand) -> bool:
    """Whether the node is one for the demand, whatever its state and room."""
    site = Site(node=node)
    return all(
        each.passes(demand, site)
        for each in NODE_FILTERS
        if not isinstance(each, StateFilter) and each.applies(demand)
    )


def explain(demand: Demand, sites: Sequence[Site]) -> str:
    """Why none of ``sites`` can run the demand: ``no node: 2 of 5 lack 512 MiB …, 3 are draining``."""
    if not sites:
        return "no node: the cluster has none"
    filters = (*NODE_FILTERS, *ROOM_FILTERS)
    refusals: Counter[Refusal] = Counter()
    rank: dict[Refusal, int] = {}
    for site in sites:
        for number, each in enumerate(filters):
            if each.applies(demand) and not each.passes(demand, site):
                refusal = each.explain(demand, site)
                refusals[refusal] += 1
                rank.setdefault(refusal, -number)
                break
    parts = sorted(refusals, key=lambda refusal: (rank[refusal], -refusals[refusal], refusal.one))
    texts = [_phrase(refusals[refusal], refusal) for refusal in parts]
    if texts:
        count, _, rest = texts[0].partition(" ")
        texts[0] = f"{count} of {len(sites)} {rest}"
    return f"no node: {', '.join(texts)}"


def holds(constraint: str, node: Node) -> bool:
    """Whether a checked placement constraint holds for a node; a missing label equals nothing."""
    key, operator, values = split_constraint(constraint)
    _, _, name = key.partition(".")
    if name.startswith("label."):
        value = node.labels.get(name.removeprefix("label."))
    else:
        value = str(getattr(node, name))
    return (value in values) is (operator in {"==", "in"})


def format_bytes(size: int) -> str:
    """A size as people write it: ``512 MiB``."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if size >= 1 << shift:
            return f"{size / (1 << shift):.4g} {unit}"
    return f"{size} bytes"


_CPU_ROUNDING = 1e-9


def _has_engine(node: Node) -> bool:
    return any(engine.name == node.provider for engine in node.engines)


def _phrase(count: int, refusal: Refusal) -> str:
    return f"{count} {refusal.one if count == 1 else refusal.several}"
