"""One pass of all deciders over one snapshot: what to remember, what to tell the nodes, when to look again.

The order matters and is the same everywhere (a real run, a plan, the simulation): what the listings
mean, whether the nodes live, which instances there should be, where they go, what follows for the
hosts, what it says about the services, what can be forgotten. Each decider sees what the ones before
it decided.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from warren.control.actions import Action
from warren.control.nodes import judge_nodes
from warren.control.orchestrator import orchestrate
from warren.control.planner import plan, removals
from warren.control.progress import ServiceProgress, service_writes
from warren.control.reaper import reap
from warren.control.reconciler import reconcile
from warren.control.records import Write
from warren.control.scheduler import placement_writes
from warren.control.snapshot import NewId, Policy, Snapshot, Wait, is_alike, total
from warren.model.states import NodeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one pass decided.

    Attributes:
        writes: to commit before anything is told to a node; one a record.
        actions: to carry out then.
        waits: when time alone will change the decision.
        progress: how far each service is.
        snapshot: the snapshot that the writes lead to.
    """

    writes: tuple[Write, ...]
    actions: tuple[Action, ...]
    waits: tuple[Wait, ...]
    progress: tuple[ServiceProgress, ...]
    snapshot: Snapshot


def decide(base: Snapshot, policy: Policy, new_id: NewId) -> Decision:
    """Run all deciders once; equal input gives an equal decision."""
    writes: list[Write] = []
    snapshot = base

    def add(new: Sequence[Write]) -> None:
        nonlocal snapshot
        writes.extend(new)
        snapshot = snapshot.with_writes(new)

    reconciled = reconcile(snapshot, policy)
    add(reconciled.writes)
    surplus = Counter[str]()
    if any(node.state is not NodeState.READY for node in snapshot.nodes.values()):
        surplus.update(removal.node for removal in removals(snapshot))
    liveness = judge_nodes(snapshot, policy, surplus=surplus)
    add(liveness.writes)
    judged = snapshot
    orchestrated = orchestrate(snapshot, policy, new_id)
    add(orchestrated.writes)
    add(placement_writes(snapshot))
    planned = plan(snapshot)
    add(planned.writes)
    layouts = {
        service_id: layout
        for service_id, layout in orchestrated.layouts.items()
        if is_alike(judged, snapshot, service_id)
    }
    states, progress = service_writes(snapshot, policy, orchestrated.resized, layouts)
    add(states)
    add(reap(snapshot, policy))
    return Decision(
        writes=total(base, snapshot, writes),
        actions=planned.actions,
        waits=(*reconciled.waits, *liveness.waits, *orchestrated.waits),
        progress=progress,
        snapshot=snapshot,
    )
