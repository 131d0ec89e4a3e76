"""Forgetting: records of what ended long enough ago, and of services that are gone.

Nothing is forgotten that still protects something: an instance whose containers may still be on a
node that answers, or the latest of a slot (it says where the slot's volume is). Containers whose
record is gone are not lost either: the planner removes what nobody knows.
"""

from collections.abc import Sequence

from warren.control.records import ENDED, Write, change
from warren.control.snapshot import Policy, Snapshot
from warren.model.instance import Instance
from warren.model.service import RELEASES_KEPT, Service
from warren.model.states import NodeState, ServiceState, check_service_transition


def reap(snapshot: Snapshot, policy: Policy) -> tuple[Write, ...]:
    """Decide which records to remove."""
    writes: list[Write] = []
    for service_id, instances in snapshot.by_service.items():
        if service_id not in snapshot.services:
            writes += [_removal(item) for item in instances if _is_gone(snapshot, item)]
        else:
            writes += _old_history(snapshot, instances, policy)
    for service in snapshot.services.values():
        if service.state is ServiceState.DESTROYING:
            writes += _destroyed(snapshot, service)
        elif len(service.releases) > RELEASES_KEPT:
            kept = service.releases[-RELEASES_KEPT:]
            writes.append(change(service, snapshot.now, releases=kept))
    return tuple({write.id: write for write in writes}.values())


def _old_history(snapshot: Snapshot, instances: Sequence[Instance], policy: Policy) -> list[Write]:
    ended: dict[int, list[Instance]] = {}
    for instance in instances:
        if instance.desired == "shutdown" and instance.state in ENDED:
            ended.setdefault(instance.slot, []).append(instance)
    return [
        _removal(instance)
        for history in ended.values()
        for instance in history[: -policy.history_per_slot]
        if _is_gone(snapshot, instance)
    ]


def _destroyed(snapshot: Snapshot, service: Service) -> list[Write]:
    instances = snapshot.of_service(service.id)
    if not all(_is_gone(snapshot, item) or _is_out_of_reach(snapshot, item) for item in instances):
        return []
    check_service_transition(service.name, service.state, ServiceState.DESTROYED)
    return [*map(_removal, instances), _removal(service)]


def _is_gone(snapshot: Snapshot, instance: Instance) -> bool:
    """Whether it ended and no listing shows anything of it."""
    return instance.state in ENDED and snapshot.seen(instance) is None


def _is_out_of_reach(snapshot: Snapshot, instance: Instance) -> bool:
    """Whether its node will not answer soon; its containers go when the node is back."""
    if instance.desired != "shutdown":
        return False
    node = snapshot.nodes.get(instance.node or "")
    if node is None:
        return True
    view = snapshot.views.get(node.name)
    if view is None or view.reachable:
        return False
    return node.state is NodeState.DOWN or view.unreachable_kind == "refused"


def _removal(record: Instance | Service) -> Write:
    return Write(before=record, after=None)
