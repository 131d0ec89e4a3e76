"""What nodes must be told so that they run what the record says.

The difference between the record and the listings, as actions; nothing else ever acts on a host. It
is computed anew each pass, so an action that failed, or whose controller died, is asked for again
until the listings agree. Removals come first: they make room.
"""

from dataclasses import dataclass

from warren.control.actions import Action, Deprovision, Provision, Resize, Restart
from warren.control.reconciler import is_whole, lasting
from warren.control.records import Write, move
from warren.control.sizes import lost_sizes, release_spec, resizes
from warren.control.snapshot import Snapshot
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.observed import ObservedInstance
from warren.model.service import Service, ServiceSpec
from warren.model.states import InstanceState, NodeState

STOP_TIMEOUT_SECONDS = 10.0
"""From SIGTERM to SIGKILL for containers whose service is not known any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What to tell the nodes.

    Attributes:
        writes: instances that are about to be started, to be remembered before they are.
        actions: by node name, then removals first, then by service and slot.
    """

    writes: tuple[Write, ...]
    actions: tuple[Action, ...]


def removals(snapshot: Snapshot) -> tuple[Deprovision, ...]:
    """Containers that carry our label and should not be where they are.

    That is: of an instance unknown to the record, of one that should be gone, of one that belongs on
    another node, and of one that failed by being unhealthy. Containers without our label are in no
    listing, so they cannot be meant.
    """
    found = []
    for node, observed in snapshot.observed.items():
        if node not in snapshot.nodes:
            continue
        for seen in observed.values():
            reason = _removal_reason(snapshot, node, seen)
            if reason:
                found.append(_removal(snapshot, node, seen, reason))
    return tuple(
        sorted(found, key=lambda item: (item.node, item.service, item.slot, item.instance_id))
    )


def plan(snapshot: Snapshot) -> Planned:
    """Compare the record with the listings of all reachable nodes."""
    writes: list[Write] = []
    starts: list[Action] = []
    for name, node in snapshot.nodes.items():
        if name not in snapshot.observed or node.state not in _COMMANDED:
            continue
        for instance in snapshot.by_node.get(name, ()):
            if instance.desired != "running" or instance.state not in _ACTED_ON:
                continue
            service = snapshot.services.get(instance.service_id)
            if service is None:
                continue
            if instance.state in _STARTABLE:
                started = _start(snapshot, node, service, instance)
                if started is not None:
                    starts.append(started)
                    if instance.state is InstanceState.ASSIGNED:
                        writes.append(move(instance, snapshot.now, InstanceState.PREPARING))
            else:
                starts += _resize(service, instance, snapshot.seen(instance))
    starts.sort(key=_order)
    actions = sorted((*removals(snapshot), *starts), key=lambda action: action.node)
    return Planned(writes=tuple(writes), actions=tuple(actions))


_STARTABLE = frozenset({InstanceState.ASSIGNED, InstanceState.PREPARING})
_ACTED_ON = _STARTABLE | {InstanceState.STARTING, InstanceState.RUNNING}
_COMMANDED = frozenset({NodeState.READY, NodeState.DRAINING})


def _order(action: Action) -> tuple[str, int, str]:
    assert not isinstance(action, Deprovision)
    return (action.instance.service, action.instance.slot, action.instance.id)


def _removal_reason(snapshot: Snapshot, node: str, seen: ObservedInstance) -> str:
    instance = snapshot.instances.get(seen.instance)
    if instance is not None and instance.state is InstanceState.RUNNING and instance.node == node:
        return "" if instance.desired == "running" else instance.message or "it should be gone"
    if instance is None:
        return "no such instance is recorded"
    if instance.desired == "shutdown":
        return instance.message or "it should be gone"
    if instance.node != node and instance.state is not InstanceState.PENDING:
        return f"it belongs on node {instance.node}"
    is_up = any(container.state == "running" for container in seen.containers)
    if instance.state is InstanceState.FAILED and instance.health.healthy is False and is_up:
        return instance.message
    return ""


def _removal(snapshot: Snapshot, node: str, seen: ObservedInstance, reason: str) -> Deprovision:
    instance = snapshot.instances.get(seen.instance)
    service = snapshot.services.get(instance.service_id) if instance else None
    return Deprovision(
        node=node,
        instance_id=seen.instance,
        service=seen.service,
        slot=seen.slot,
        engine_ids=tuple(sorted(container.engine_id for container in seen.containers)),
        stop_timeout_seconds=service.spec.stop_timeout_seconds if service else STOP_TIMEOUT_SECONDS,
        reason=reason,
    )


def _start(
    snapshot: Snapshot, node: Node, service: Service, instance: Instance
) -> Provision | Restart | None:
    """How an instance that has a node comes to run there."""
    spec = release_spec(service, instance)
    if spec is None:
        return None
    seen = snapshot.seen(instance)
    if instance.exit_code is not None and seen is not None and is_whole(instance, spec, seen):
        ended = _ended(spec, seen)
        if ended:
            return Restart(node=node.name, instance=instance, engine_ids=ended)
    return Provision(node=node.name, instance=instance, spec=spec)


def _ended(spec: ServiceSpec, seen: ObservedInstance) -> tuple[str, ...]:
    return tuple(
        container.engine_id
        for _, container in lasting(spec, seen)
        if container.state in {"exited", "created"}
    )


def _resize(service: Service, instance: Instance, seen: ObservedInstance | None) -> list[Action]:
    if instance.release == service.release.number:
        return [] if seen is None else _resize_again(service, instance, seen)
    if instance.spec_hash != service.release.spec_hash:
        return []
    return [
        Resize(
            node=instance.node or "",
            instance=instance,
            engine_id=instance.engine_ids[name],
            resources=resources,
        )
        for name, resources in resizes(service, instance)
        if name in instance.engine_ids
    ]


def _resize_again(service: Service, instance: Instance, seen: ObservedInstance) -> list[Action]:
    """What the record says was done, and an engine has forgotten."""
    return [
        Resize(
            node=instance.node or "", instance=instance, engine_id=engine_id, resources=resources
        )
        for _name, engine_id, resources in lost_sizes(service, instance, seen)
    ]
