"""Which slots a service should have, and what fills each of them now.

A slot may hold two instances for a while: the one that runs and the one that takes over. ``Slot``
sorts them into *good* (the current spec, on a node that keeps them) and *due* (to be replaced, and
why), which is all that the orchestrator needs to know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from warren.control.filters import matches
from warren.control.sites import Demand, demand_of
from warren.control.snapshot import Policy, Snapshot
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Mode, Service
from warren.model.states import InstanceState, NodeState


class Reason(StrEnum):
    """Why an instance is to be replaced."""

    OUTDATED = "another spec is wanted"
    DRAINING = "its node is draining"
    UNFIT = "its node does not fit any more"
    LOST = "its node is down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One slot that the service should have.

    Attributes:
        number: from 1.
        node: where it must be, in global mode.
        good: instances to keep one of, best first.
        due: instances to be replaced, with the reason.
        leaving: instances that were told to go and are not known to be gone, other than on lost nodes.
    """

    number: int
    node: str | None
    good: tuple[Instance, ...]
    due: tuple[tuple[Instance, Reason], ...]
    leaving: tuple[Instance, ...]

    @property
    def keeper(self) -> Instance | None:
        """The best instance with the current spec."""
        return self.good[0] if self.good else None

    @property
    def is_settled(self) -> bool:
        """Whether one running instance fills it and there is no other."""
        return (
            len(self.good) == 1
            and not self.due
            and not self.leaving
            and self.good[0].state is InstanceState.RUNNING
        )

    @property
    def serving(self) -> tuple[Instance, ...]:
        """The instances to be replaced that still do their work."""
        return tuple(
            instance
            for instance, reason in self.due
            if instance.state is InstanceState.RUNNING and reason is not Reason.LOST
        )

    @property
    def is_available(self) -> bool:
        """Whether any instance of it does its work."""
        return (self.keeper is not None and is_done(self.keeper)) or bool(self.serving)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A service seen slot by slot.

    Attributes:
        slots: those it should have, in order.
        surplus: instances that should run by the record but belong to no such slot.
        leaving: instances, of any slot, that were told to go and still are on a node that answers.
    """

    slots: tuple[Slot, ...]
    surplus: tuple[Instance, ...]
    leaving: tuple[Instance, ...]


def lay_out(snapshot: Snapshot, service: Service, policy: Policy) -> Layout:
    """Sort the instances of a service into the slots it should have."""
    instances = snapshot.of_service(service.id)
    wanted = _wanted_slots(snapshot, service, instances)
    demand = demand_of(service.id, service.spec)
    good: dict[int, list[Instance]] = {}
    due: dict[int, list[tuple[Instance, Reason]]] = {}
    leaving: dict[int, list[Instance]] = {}
    surplus, gone_soon = [], []
    for instance in instances:
        slot = instance.slot
        if instance.desired == "shutdown":
            if _is_gone(snapshot, instance):
                continue
            if snapshot.is_reachable(instance.node):
                gone_soon.append(instance)
            if not _is_lost(snapshot, demand, instance, policy):
                leaving.setdefault(slot, []).append(instance)
        elif slot not in wanted:
            surplus.append(instance)
        elif (reason := _due_reason(snapshot, service, demand, instance, policy)) is None:
            good.setdefault(slot, []).append(instance)
        else:
            due.setdefault(slot, []).append((instance, reason))
    slots = tuple(
        [
            Slot(
                number=number,
                node=node,
                good=_best_first(good.get(number, ())),
                due=tuple(due[number]) if number in due else (),
                leaving=tuple(leaving[number]) if number in leaving else (),
            )
            for number, node in wanted.items()
        ]
    )
    return Layout(slots=slots, surplus=tuple(surplus), leaving=tuple(gone_soon))


def is_done(instance: Instance) -> bool:
    """Whether it does its work, or has done it."""
    return instance.state in {InstanceState.RUNNING, InstanceState.COMPLETE}


def is_outdated(service: Service, instance: Instance) -> bool:
    """Whether its containers were made from another spec than the current one."""
    return instance.spec_hash != service.release.spec_hash


_PROGRESS = {
    state: rank
    for rank, state in enumerate(
        (
            InstanceState.RUNNING,
            InstanceState.COMPLETE,
            InstanceState.STARTING,
            InstanceState.PREPARING,
            InstanceState.ASSIGNED,
            InstanceState.PENDING,
            InstanceState.FAILED,
            InstanceState.SHUTDOWN,
        )
    )
}


def _best_first(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    if len(instances) < 2:  # noqa: PLR2004 - nothing to sort
        return tuple(instances)
    # sorting is stable: of equals the oldest comes first
    return tuple(sorted(instances, key=lambda instance: _PROGRESS[instance.state]))


def _wanted_slots(
    snapshot: Snapshot, service: Service, instances: Iterable[Instance]
) -> Mapping[int, str | None]:
    """The slot numbers it should have; in global mode each with its node."""
    spec = service.spec
    if spec.mode is not Mode.GLOBAL:
        return dict.fromkeys(range(1, spec.replicas + 1))
    if service.paused_at is not None:
        return {}
    demand = demand_of(service.id, spec)
    numbers = {instance.node: instance.slot for instance in instances if instance.node}
    slots: dict[int, str | None] = {}
    free = max(numbers.values(), default=0)
    for name, node in snapshot.nodes.items():
        if node.state is NodeState.DRAINING or not matches(node, demand):
            continue
        if name not in numbers:
            if node.state is not NodeState.READY:
                continue
            free += 1
            numbers[name] = free
        slots[numbers[name]] = name
    return dict(sorted(slots.items()))


def _due_reason(
    snapshot: Snapshot, service: Service, demand: Demand, instance: Instance, policy: Policy
) -> Reason | None:
    """Why an instance that should run has to be replaced; ``None`` if it stays."""
    is_old = instance.spec_hash != service.release.spec_hash
    if instance.node is None:
        return Reason.OUTDATED if is_old else None
    node = snapshot.nodes.get(instance.node)
    if node is not None and node.state is NodeState.READY and not is_old:
        if not demand.spec.placement.constraints and demand.spec.provider is None:
            return None
        if demand.spec.mode is Mode.GLOBAL or matches(node, demand):
            return None
    if instance.state is InstanceState.PENDING:
        return Reason.OUTDATED if is_old else None  # the node is only where it failed last
    reason = _node_reason(node, demand, policy)
    return reason or (Reason.OUTDATED if is_old else None)


def _is_gone(snapshot: Snapshot, instance: Instance) -> bool:
    """Whether nothing runs of an instance that was told to go.

    One that failed may have been started all the same: a command's failure is not its absence.
    """
    if instance.state is not InstanceState.FAILED:
        return instance.state is InstanceState.COMPLETE
    if snapshot.is_reachable(instance.node):
        return snapshot.seen(instance) is None
    node = snapshot.nodes.get(instance.node or "")
    return node is None or node.state is NodeState.DOWN


def _is_lost(snapshot: Snapshot, demand: Demand, instance: Instance, policy: Policy) -> bool:
    node = snapshot.nodes.get(instance.node or "")
    return _node_reason(node, demand, policy) is Reason.LOST


def _node_reason(node: Node | None, demand: Demand, policy: Policy) -> Reason | None:
    if node is None:
        return Reason.LOST
    if demand.spec.mode is Mode.GLOBAL or demand.has_local_volume:
        return None  # it belongs to its node, or its data does
    if node.state is NodeState.DOWN:
        return Reason.LOST if policy.on_unreachable == "move" else None
    if node.state is NodeState.DRAINING:
        return Reason.DRAINING
    return None if matches(node, demand) else Reason.UNFIT
