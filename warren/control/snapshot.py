"""What deciders read: the record and the hosts at one moment, indexed once.

A snapshot is a value. ``with_writes`` gives the snapshot that a decider's writes lead to and touches
only what they concern, so that a pass in which nothing happens costs one walk over the record.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from warren.control.records import Record, Write
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.observed import NodeView, ObservedInstance
from warren.model.service import Service

NewId = Callable[[str, str, str], str]
"""Makes an instance's id from its service's id, its slot, and its predecessor's id."""

_R = TypeVar("_R", Service, Instance, Node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator decides once for all services.

    Attributes:
        on_unreachable: what happens to the replicated instances of a node that is down: ``move``
            them elsewhere or ``keep`` waiting for it.
        down_after_seconds: how long a node is ``unknown`` before it is ``down``.
        stable_seconds: how long an instance without a health check must have been up to count as
            running.
        reset_seconds: up that long, an instance's failed attempts are forgotten.
        history_per_slot: how many ended instances of a slot are kept.
        give_up_attempts: after so many failed attempts a run no longer waits for an instance.
        began_at: when somebody started the run that waits; what failed before is tried at once,
            because the cause may have been removed since. ``None`` where nobody waits.
    """

    on_unreachable: Literal["move", "keep"] = "move"
    down_after_seconds: float = 10.0
    stable_seconds: float = 0.5
    reset_seconds: float = 60.0
    history_per_slot: int = 5
    give_up_attempts: int = 3
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A moment at which a decider wants to look again, because time alone changes its answer.

    Attributes:
        until: that moment.
        service_id: the service concerned; empty if it concerns all.
        is_hopeless: the thing has failed so often that a run does not wait for it.
    """

    until: datetime
    service_id: str = ""
    is_hopeless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The record and the hosts at one moment.

    Attributes:
        now: that moment, on the controller's clock.
        services: by id, oldest first.
        instances: by id, oldest first.
        nodes: by name.
        views: by node name; the latest listing of each node.
        by_service: instances by service id, oldest first.
        by_node: instances by node name, oldest first; those on none are left out.
        observed: by node name, then instance id; reachable nodes only.
    """

    now: datetime
    services: Mapping[str, Service]
    instances: Mapping[str, Instance]
    nodes: Mapping[str, Node]
    views: Mapping[str, NodeView] = field(default_factory=dict)
    by_service: Mapping[str, Sequence[Instance]] = field(default_factory=dict)
    by_node: Mapping[str, Sequence[Instance]] = field(default_factory=dict)
    observed: Mapping[str, Mapping[str, ObservedInstance]] = field(default_factory=dict)

    def of_service(self, service_id: str) -> Sequence[Instance]:
        """The instances of a service, oldest first."""
        return self.by_service.get(service_id, ())

    def seen(self, instance: Instance) -> ObservedInstance | None:
        """What its node's listing shows of an instance; ``None`` if nothing, or not reachable."""
        return self.observed.get(instance.node or "", _NOTHING).get(instance.id)

    def is_reachable(self, node: str | None) -> bool:
        """Whether the node's latest listing succeeded."""
        return node in self.observed

    def with_writes(self, writes: Sequence[Write]) -> "Snapshot":
        """The snapshot after ``writes``."""
        if not writes:
            return self
        services = _applied(self.services, writes, Service, "id")
        instances = _applied(self.instances, writes, Instance, "id")
        nodes = _applied(self.nodes, writes, Node, "name")
        by_service, by_node = self.by_service, self.by_node
        if instances is not self.instances:
            by_service = _regrouped(by_service, writes, "service_id")
            by_node = _regrouped(by_node, writes, "node")
        return replace(
            self,
            services=services,
            instances=instances,
            nodes=nodes,
            by_service=by_service,
            by_node=by_node,
        )


def take(
    *,
    now: datetime,
    services: Iterable[Service],
    instances: Iterable[Instance],
    nodes: Iterable[Node],
    views: Iterable[NodeView] = (),
) -> Snapshot:
    """Index the record and the listings; equal input in any order gives an equal snapshot."""
    ordered = sorted(instances, key=_by_age)
    by_service: dict[str, list[Instance]] = {}
    by_node: dict[str, list[Instance]] = {}
    for instance in ordered:
        by_service.setdefault(instance.service_id, []).append(instance)
        if instance.node is not None:
            by_node.setdefault(instance.node, []).append(instance)
    latest = {view.node: view for view in views}
    return Snapshot(
        now=now,
        services={service.id: service for service in sorted(services, key=_by_age)},
        instances={instance.id: instance for instance in ordered},
        nodes={node.name: node for node in sorted(nodes, key=lambda node: node.name)},
        views=latest,
        by_service=by_service,
        by_node=by_node,
        observed={
            view.node: {seen.instance: seen for seen in view.instances}
            for view in latest.values()
            if view.reachable
        },
    )


def is_alike(one: Snapshot, other: Snapshot, service_id: str) -> bool:
    """Whether two snapshots of one pass show the same of a service, its instances and the nodes."""
    return (
        one.nodes is other.nodes
        and one.services.get(service_id) is other.services.get(service_id)
        and one.by_service.get(service_id) is other.by_service.get(service_id)
    )


def total(base: Snapshot, final: Snapshot, writes: Iterable[Write]) -> tuple[Write, ...]:
    """The sum of a pass: one write for each record that differs between the two snapshots.

    Args:
        base: what was read from the store.
        final: what all ``writes`` lead to.
        writes: every write of the pass; several may concern one record.
    """
    touched = {write.id: write.before or write.after for write in writes}
    summed = []
    for record_id, record in sorted(touched.items()):
        assert record is not None
        before, after = _find(base, record_id, record), _find(final, record_id, record)
        if after is not None and before is not None:
            if _same(before, after):
                continue
            after = after.model_copy(update={"version": before.version + 1})
        elif after is not None:
            after = after.model_copy(update={"version": 1})
        elif before is None:
            continue
        summed.append(Write(before=before, after=after))
    return tuple(summed)


_NOTHING: Mapping[str, ObservedInstance] = {}


def _by_age(record: Record) -> tuple[datetime, str]:
    return record.created_at, record.id


def _find(snapshot: Snapshot, record_id: str, record: Record) -> Any:
    if isinstance(record, Service):
        return snapshot.services.get(record_id)
    if isinstance(record, Instance):
        return snapshot.instances.get(record_id)
    return snapshot.nodes.get(record.name)


def _same(before: Record, after: Record) -> bool:
    unchanged = {"version": before.version, "updated_at": before.updated_at}
    return after.model_copy(update=unchanged) == before


def _applied(
    records: Mapping[str, _R], writes: Sequence[Write], kind: type[_R], key: str
) -> Mapping[str, _R]:
    mine = [write for write in writes if isinstance(write.after or write.before, kind)]
    if not mine:
        return records
    changed = dict(records)
    for write in mine:
        if isinstance(write.after, kind):
            changed[getattr(write.after, key)] = write.after
        else:
            changed.pop(getattr(write.before, key), None)
    return changed


def _regrouped(
    groups: Mapping[str, Sequence[Instance]], writes: Sequence[Write], key: str
) -> Mapping[str, Sequence[Instance]]:
    """The groups after ``writes``; only those that gain, lose or change a member are rebuilt."""
    concerned: dict[str, dict[str, Instance]] = {}

    def members(name: str | None) -> dict[str, Instance]:
        if name is None:
            return {}
        if name not in concerned:
            concerned[name] = {instance.id: instance for instance in groups.get(name, ())}
        return concerned[name]

    for write in writes:
        if isinstance(write.before, Instance):
            members(getattr(write.before, key)).pop(write.id, None)
        if isinstance(write.after, Instance):
            members(getattr(write.after, key))[write.id] = write.after
    rebuilt = dict(groups)
    for name, found in concerned.items():
        rebuilt[name] = sorted(found.values(), key=_by_age)
    return rebuilt
