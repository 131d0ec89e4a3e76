"""What the outcome of an action means for the record.

A host that could not be reached has not failed the instance: whether that host lives is judged by its
listings, and the action is asked for again. A removal needs no note at all: the next listing shows
that nothing is left. The record may have changed while the action ran, so each outcome is held
against the record as it is now.
"""

from collections.abc import Sequence

from warren.control.actions import Deprovision, Provision, Resize, Restart
from warren.control.effects import Outcome
from warren.control.failures import fail
from warren.control.records import Write, change, move
from warren.control.sizes import resizes
from warren.control.snapshot import Policy, Snapshot
from warren.model.container import Resources
from warren.model.errors import HostUnreachable
from warren.model.instance import Health, Instance
from warren.model.states import InstanceState


def record_outcomes(
    snapshot: Snapshot, outcomes: Sequence[Outcome], policy: Policy
) -> tuple[Write, ...]:
    """The writes that follow from ``outcomes``.

    Args:
        snapshot: the record as it is now, at the time of the outcomes.
        outcomes: of any actions, in any order.
        policy: the operator's.
    """
    writes: dict[str, Write] = {}
    resized: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        match outcome.action:
            case Provision(instance=asked) | Restart(instance=asked):
                instance = snapshot.instances.get(asked.id)
                if instance is not None and _is_meant(instance, asked):
                    write = _started(snapshot, instance, outcome, policy)
                    if write is not None:
                        writes[instance.id] = write
            case Resize(instance=asked):
                resized.setdefault(asked.id, []).append(outcome)
            case Deprovision():
                pass
    for instance_id, parts in resized.items():
        instance = snapshot.instances.get(instance_id)
        if instance is not None and (write := _resized(snapshot, instance, parts)):
            writes[instance_id] = write
    return tuple(writes.values())


def _is_meant(instance: Instance, asked: Instance) -> bool:
    """Whether the record still is where it was when the action was asked for."""
    return (
        instance.state is InstanceState.PREPARING
        and instance.desired == "running"
        and (instance.node, instance.spec_hash) == (asked.node, asked.spec_hash)
    )


def _started(
    snapshot: Snapshot, instance: Instance, outcome: Outcome, policy: Policy
) -> Write | None:
    now, error = snapshot.now, outcome.error
    if error is None:
        return move(
            instance,
            now,
            InstanceState.STARTING,
            engine_ids=dict(outcome.engine_ids) or instance.engine_ids,
            endpoints=outcome.endpoints or instance.endpoints,
            started_at=now,
            health=Health(),
            message="",
            exit_code=None,
        )
    service = snapshot.services.get(instance.service_id)
    if isinstance(error, HostUnreachable) or service is None:
        return None
    return fail(instance, service.spec.restart, now=now, policy=policy, why=str(error))


def _resized(snapshot: Snapshot, instance: Instance, parts: Sequence[Outcome]) -> Write | None:
    """The record follows the release once every container has its new limits."""
    service = snapshot.services.get(instance.service_id)
    if service is None or instance.desired != "running":
        return None
    for part in parts:
        if part.error is not None:
            message = f"cannot be resized: {part.error.message}"
            return None if message == instance.message else _noted(snapshot, instance, message)
    done: dict[str, Resources] = {
        part.action.engine_id: part.action.resources
        for part in parts
        if isinstance(part.action, Resize)
    }
    wanted = dict(resizes(service, instance))
    if instance.spec_hash != service.release.spec_hash or any(
        done.get(instance.engine_ids.get(name, "")) != size for name, size in wanted.items()
    ):
        return None
    return change(
        instance,
        snapshot.now,
        release=service.release.number,
        resources=service.spec.main.resources,
        message="",
    )


def _noted(snapshot: Snapshot, instance: Instance, message: str) -> Write:
    return change(instance, snapshot.now, message=message)
