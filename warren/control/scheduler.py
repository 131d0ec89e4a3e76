"""Choosing a node for each pending instance.

Instances of one service ask the same of a node, so nodes are filtered once for all of them and kept
as a tree of heaps (``scores``); instances with a tie of their own (the node of their volume, the node
where they crashed) are placed first, one by one. Placements of a pass see each other through the
sites they are counted on. Equal input gives equal placements.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warren.control import filters
from warren.control.records import Write, change, move
from warren.control.scores import grow
from warren.control.sites import Demand, Site, demand_of, home_of, survey
from warren.control.snapshot import Snapshot
from warren.model.instance import Instance
from warren.model.service import Mode
from warren.model.states import InstanceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An instance and the node chosen for it."""

    instance: Instance
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaceable:
    """An instance for which there is no node, and why."""

    instance: Instance
    reason: str


Placement = Assigned | Unplaceable


def schedule(snapshot: Snapshot) -> tuple[Placement, ...]:
    """Decide about every pending instance that should run, oldest service first, then by slot."""
    pending: dict[str, list[Instance]] = {}
    for service_id, instances in snapshot.by_service.items():
        waiting = [
            instance
            for instance in instances
            if instance.state is InstanceState.PENDING and instance.desired == "running"
        ]
        if waiting and service_id in snapshot.services:
            pending[service_id] = sorted(waiting, key=lambda instance: (instance.slot, instance.id))
    if not pending:
        return ()
    round_ = _Round(sites=survey(snapshot))
    placements: list[Placement] = []
    for service_id in sorted(pending, key=lambda key: snapshot.services[key].created_at):
        placements += round_.place(snapshot, service_id, pending[service_id])
    return tuple(placements)


def placement_writes(snapshot: Snapshot) -> tuple[Write, ...]:
    """What ``schedule`` decides, as writes; an explanation that stands already is not written again."""
    writes = []
    for placement in schedule(snapshot):
        instance = placement.instance
        match placement:
            case Assigned(node=node):
                state = InstanceState.ASSIGNED
                writes.append(move(instance, snapshot.now, state, node=node, message=""))
            case Unplaceable(reason=reason):
                if instance.message != reason:
                    writes.append(change(instance, snapshot.now, message=reason))
    return tuple(writes)


class _Round:
    """One pass of placements over the sites they share."""

    def __init__(self, *, sites: Mapping[str, Site]) -> None:
        self.sites = sites
        self.all = list(sites.values())
        self.eligible: dict[tuple[object, ...], list[Site]] = {}

    def place(
        self, snapshot: Snapshot, service_id: str, instances: Sequence[Instance]
    ) -> list[Placement]:
        """Place the pending instances of one service."""
        spec = snapshot.services[service_id].spec
        demand = demand_of(service_id, spec)
        room = filters.applying(filters.ROOM_FILTERS, demand)
        sites = self._eligible(demand)

        def accept(site: Site) -> bool:
            return filters.passes(room, demand, site)

        placed: dict[str, Placement] = {}
        free = []
        for instance in instances:
            tie = _tie(snapshot, demand, instance)
            if tie is None:
                free.append(instance)
            else:
                placed[instance.id] = self._place_tied(demand, instance, tie, accept)
        tree = grow(demand, spec.placement.spread, sites) if free and sites else None
        refusal = ""
        for instance in free:
            site = tree.take(accept) if tree is not None else None
            if site is None:
                refusal = refusal or filters.explain(demand, self.all)
                placed[instance.id] = Unplaceable(instance=instance, reason=refusal)
            else:
                placed[instance.id] = Assigned(instance=instance, node=site.node.name)
        return [placed[instance.id] for instance in instances]

    def _place_tied(
        self, demand: Demand, instance: Instance, tie: "_Tie", accept: Callable[[Site], bool]
    ) -> Placement:
        """Place one instance that must, should or should not go to a node."""
        sites = self._eligible(demand)
        tied = [site for site in sites if site.node.name == tie.node and accept(site)]
        others = [site for site in sites if site.node.name != tie.node]
        if tie.kind == "must":
            choices = [tied]
        elif tie.kind == "should":
            choices = [tied, others]
        else:
            choices = [others, tied]
        for choice in choices:
            if not choice:
                continue
            site = grow(demand, demand.spec.placement.spread, choice).take(accept)
            if site is not None:
                return Assigned(instance=instance, node=site.node.name)
        if tie.kind != "must":
            reason = filters.explain(demand, self.all)
        elif tie.node in self.sites:
            why = filters.explain(demand, [self.sites[tie.node]])
            _, _, why = why.removeprefix("no node: ").partition(" of 1 ")
            reason = f"{tie.reason}, which {why}"
        else:
            reason = f"{tie.reason}, which is not a node any more"
        return Unplaceable(instance=instance, reason=reason)

    def _eligible(self, demand: Demand) -> list[Site]:
        """The sites that pass the filters which placements do not change."""
        key = (demand.spec.provider, demand.spec.placement.constraints)
        if key not in self.eligible:
            node_filters = filters.applying(filters.NODE_FILTERS, demand)
            self.eligible[key] = [
                site for site in self.all if filters.passes(node_filters, demand, site)
            ]
        return self.eligible[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tie:
    """What binds an instance to a node: it must go there, should, or should rather not."""

    node: str
    kind: str
    reason: str = ""


def _tie(snapshot: Snapshot, demand: Demand, instance: Instance) -> _Tie | None:
    if demand.spec.mode is Mode.GLOBAL:
        assert instance.node is not None, "a global instance knows its node"
        return _Tie(node=instance.node, kind="must", reason=f"belongs on {instance.node}")
    if demand.has_local_volume:
        home = home_of(snapshot.of_service(instance.service_id), instance.slot) or instance.node
        if home is not None:
            return _Tie(node=home, kind="must", reason=f"its volume is on {home}")
    if instance.node is None:
        return None
    ended = instance.exit_code is not None
    return _Tie(node=instance.node, kind="should" if ended else "avoid")
