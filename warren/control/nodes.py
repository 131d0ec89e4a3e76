"""Whether nodes are alive, from the listings alone.

A partition is not a death: a node that does not answer is ``unknown`` first and ``down`` only after
a while, and one that answers but refuses us (keys, engine) is never down, because what runs there
runs on. A node that comes back is ready once what it should not run has been removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from warren.control.records import Write, change
from warren.control.snapshot import Policy, Snapshot, Wait
from warren.model.errors import Conflict
from warren.model.node import Node
from warren.model.observed import NodeView
from warren.model.states import NodeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """What the listings say about the nodes.

    Attributes:
        writes: changes of node records.
        waits: when an unknown node will be down.
    """

    writes: tuple[Write, ...]
    waits: tuple[Wait, ...]


def judge_nodes(
    snapshot: Snapshot, policy: Policy, *, surplus: Mapping[str, int] | None = None
) -> Liveness:
    """Decide the state of every node that was listed.

    Args:
        snapshot: with the latest listings.
        policy: how long a node stays unknown.
        surplus: how many instances must still be removed from a node, by its name.
    """
    writes = []
    waits: list[Wait] = []
    for name, node in snapshot.nodes.items():
        view = snapshot.views.get(name)
        if view is None:
            continue
        if view.reachable:
            state, message = _state_when_reachable(node, (surplus or {}).get(name, 0))
        else:
            state, message = _state_when_silent(node, view, snapshot.now, policy)
            if state is NodeState.UNKNOWN and view.unreachable_kind != "refused":
                since = node.updated_at if node.state is NodeState.UNKNOWN else snapshot.now
                waits.append(Wait(until=since + timedelta(seconds=policy.down_after_seconds)))
        if (state, message) != (node.state, node.message):
            writes.append(change(node, snapshot.now, state=state, message=message))
    return Liveness(writes=tuple(writes), waits=tuple(waits))


def drain(node: Node, now: datetime) -> Write | None:
    """A write that takes a node out of use; ``None`` if it is draining already."""
    if node.state is NodeState.DRAINING:
        return None
    return change(node, now, state=NodeState.DRAINING)


def undrain(node: Node, now: datetime) -> Write:
    """A write that gives a draining node back; it is ready once it has been looked at.

    Raises:
        Conflict: it is not draining.
    """
    if node.state is not NodeState.DRAINING:
        raise Conflict(f"node {node.name} is {node.state}, not draining")
    return change(node, now, state=NodeState.UNKNOWN, message="")


def _state_when_reachable(node: Node, surplus: int) -> tuple[NodeState, str]:
    if node.state is NodeState.DRAINING:
        return NodeState.DRAINING, ""
    if node.state is not NodeState.READY and surplus:
        instances = "1 instance" if surplus == 1 else f"{surplus} instances"
        return node.state, f"back; {instances} must be removed first"
    return NodeState.READY, ""


def _state_when_silent(
    node: Node, view: NodeView, now: datetime, policy: Policy
) -> tuple[NodeState, str]:
    message = view.error or "does not answer"
    if node.state is NodeState.READY:
        return NodeState.UNKNOWN, message
    if not node.message:  # the first silence of a new, returned or draining node
        return node.state, message
    if node.state is NodeState.UNKNOWN and view.unreachable_kind != "refused":
        silent = (now - node.updated_at).total_seconds()
        if silent >= policy.down_after_seconds:
            return NodeState.DOWN, message
    return node.state, node.message  # rewriting it would restart the count of silence
