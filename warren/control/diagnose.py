"""Why a service is not as asked, in sentences for people.

Equal reasons of several instances are told once. The most telling come first: what failed, then what
has no node, then what is merely not there yet.
"""

from collections.abc import Mapping, Sequence

from warren.control.rollout import order_of
from warren.control.slots import Layout, Slot, is_done
from warren.control.snapshot import Snapshot
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Service
from warren.model.states import InstanceState, NodeState, ServiceState

LOG_LINES_MAX = 10


def explain_service(
    snapshot: Snapshot,
    service: Service,
    layout: Layout,
    *,
    logs: Mapping[str, Sequence[str]] | None = None,
) -> tuple[str, ...]:
    """Why ``service`` is not as asked; empty if it is.

    Args:
        snapshot: as it is now.
        service: which.
        layout: its slots, from ``lay_out``.
        logs: last log lines of failed instances, by instance id.
    """
    found: dict[tuple[int, str], list[str]] = {}
    for rank, name, text in (
        *(
            reason
            for slot in layout.slots
            for reason in _slot_reasons(snapshot, service, slot, logs)
        ),
        *_leftovers(service, layout),
    ):
        found.setdefault((rank, text), []).append(name)
    return tuple(f"{_names(found[key])} {key[1]}" for key in sorted(found))


_FAILED, _NO_NODE, _SILENT, _WAITING, _LEAVING = range(5)


def _slot_reasons(
    snapshot: Snapshot,
    service: Service,
    slot: Slot,
    logs: Mapping[str, Sequence[str]] | None,
) -> list[tuple[int, str, str]]:
    keeper = slot.keeper
    name = f"{service.name}-{slot.number}"
    if keeper is None:
        return [(_WAITING, name, _replacement(service, slot))]
    if not is_done(keeper):
        return [_reason(snapshot, service, keeper, logs or {})]
    node = snapshot.nodes.get(keeper.node or "")
    if node is not None and node.state in SILENT_STATES:
        return [(_SILENT, name, _silence(node))]
    if node is not None and node.state is NodeState.DRAINING:
        return [(_WAITING, name, f"stays on draining node {node.name}, where its volume is")]
    if keeper.release != service.release.number:
        return [(_WAITING, name, "is being resized")]
    return []


def _replacement(service: Service, slot: Slot) -> str:
    if not slot.due:
        return "waits for its predecessor to be gone"
    reasons = sorted({str(reason) for _, reason in slot.due})
    order = order_of(service.spec)
    first = "" if order.is_start_first else f" (the old one stops first: {order.reason})"
    return f"is to be replaced: {', '.join(reasons)}{first}"


SILENT_STATES = frozenset({NodeState.UNKNOWN, NodeState.DOWN})
"""What the record says about instances there is not known to be true any more."""


def _silence(node: Node) -> str:
    return f"is on node {node.name}, which is {node.state}: {node.message}"


def _reason(
    snapshot: Snapshot, service: Service, instance: Instance, logs: Mapping[str, Sequence[str]]
) -> tuple[int, str, str]:
    name, node = instance.name, snapshot.nodes.get(instance.node or "")
    if instance.state is InstanceState.FAILED:
        text = f"failed on {instance.node}: {instance.message}"
        if lines := logs.get(instance.id):
            text += "\n" + "\n".join(f"    {line}" for line in lines[-LOG_LINES_MAX:])
        return _FAILED, name, text
    if instance.state is InstanceState.PENDING:
        return _NO_NODE, name, f"is pending: {instance.message or 'no node was chosen yet'}"
    if node is not None and node.state in SILENT_STATES:
        return _SILENT, name, _silence(node)
    if instance.state is InstanceState.STARTING:
        checked = any(container.health_check for container in service.spec.containers)
        what = "waits to be healthy" if checked else "has just been started"
        detail = f": {instance.health.message}" if instance.health.message else ""
        return _WAITING, name, f"{what} on {instance.node}{detail}"
    return _WAITING, name, f"is {instance.state} on {instance.node}"


def _leftovers(service: Service, layout: Layout) -> list[tuple[int, str, str]]:
    leaving = layout.leaving
    if service.state is ServiceState.DESTROYING:
        leaving = (*leaving, *layout.surplus)
    return [
        (_LEAVING, instance.name, f"is being removed from {instance.node}")
        for instance in leaving
        if instance.node
    ]


def _names(names: list[str]) -> str:
    shown = sorted(set(names), key=lambda name: (len(name), name))
    if len(shown) > 3:  # noqa: PLR2004 - more names tell nothing more
        return f"{', '.join(shown[:2])} and {len(shown) - 2} more:"
    return f"{', '.join(shown)}{':' if len(shown) > 1 else ''}"
