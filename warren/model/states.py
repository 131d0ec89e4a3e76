"""States and the transitions between them, in one place.

A controller that finds a transition outside these tables has a bug or a stale view: it is refused
with an error that names both states.
"""

from enum import StrEnum

from warren.model.errors import Conflict


class InstanceState(StrEnum):
    """Where an instance is in its life."""

    PENDING = "pending"
    ASSIGNED = "assigned"
    PREPARING = "preparing"
    STARTING = "starting"
    RUNNING = "running"
    SHUTDOWN = "shutdown"
    COMPLETE = "complete"
    FAILED = "failed"


class ServiceState(StrEnum):
    """Where a service is in its life."""

    PROVISIONING = "provisioning"
    ACTIVE = "active"
    SCALING = "scaling"
    DEPLOYING = "deploying"
    PAUSED = "paused"
    FAILED = "failed"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"


class DeploymentState(StrEnum):
    """How far a deployment is."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"


class NodeState(StrEnum):
    """Whether a node takes instances."""

    READY = "ready"
    DOWN = "down"
    DRAINING = "draining"
    UNKNOWN = "unknown"


_I = InstanceState
INSTANCE_TRANSITIONS: dict[InstanceState, frozenset[InstanceState]] = {
    _I.PENDING: frozenset({_I.ASSIGNED, _I.SHUTDOWN, _I.FAILED}),
    _I.ASSIGNED: frozenset({_I.PREPARING, _I.SHUTDOWN, _I.FAILED}),
    _I.PREPARING: frozenset({_I.STARTING, _I.SHUTDOWN, _I.FAILED}),
    _I.STARTING: frozenset({_I.RUNNING, _I.SHUTDOWN, _I.FAILED}),
    _I.RUNNING: frozenset({_I.SHUTDOWN, _I.FAILED}),
    _I.SHUTDOWN: frozenset({_I.COMPLETE, _I.FAILED}),
    _I.COMPLETE: frozenset(),
    _I.FAILED: frozenset({_I.PENDING}),
}
"""To ``shutdown`` from any living state: an instance may be unwanted before it runs."""

_S = ServiceState
SERVICE_TRANSITIONS: dict[ServiceState, frozenset[ServiceState]] = {
    _S.PROVISIONING: frozenset({_S.ACTIVE, _S.FAILED, _S.DESTROYING}),
    _S.ACTIVE: frozenset({_S.SCALING, _S.DEPLOYING, _S.PAUSED, _S.DESTROYING, _S.FAILED}),
    _S.SCALING: frozenset({_S.ACTIVE, _S.PAUSED, _S.DEPLOYING, _S.DESTROYING, _S.FAILED}),
    _S.DEPLOYING: frozenset({_S.ACTIVE, _S.PAUSED, _S.DEPLOYING, _S.DESTROYING, _S.FAILED}),
    _S.PAUSED: frozenset({_S.SCALING, _S.ACTIVE, _S.DESTROYING}),
    _S.FAILED: frozenset({_S.PROVISIONING, _S.SCALING, _S.DEPLOYING, _S.ACTIVE, _S.DESTROYING}),
    _S.DESTROYING: frozenset({_S.DESTROYED}),
    _S.DESTROYED: frozenset(),
}

_D = DeploymentState
DEPLOYMENT_TRANSITIONS: dict[DeploymentState, frozenset[DeploymentState]] = {
    _D.PENDING: frozenset({_D.RUNNING, _D.FAILED, _D.CANCELLED}),
    _D.RUNNING: frozenset({_D.PAUSED, _D.SUCCEEDED, _D.FAILED, _D.ROLLED_BACK, _D.CANCELLED}),
    _D.PAUSED: frozenset({_D.RUNNING, _D.FAILED, _D.ROLLED_BACK, _D.CANCELLED}),
    _D.SUCCEEDED: frozenset(),
    _D.FAILED: frozenset(),
    _D.ROLLED_BACK: frozenset(),
    _D.CANCELLED: frozenset(),
}
"""A paused one ends without running on when a newer one, or a rollback, takes its place."""


def check_instance_transition(name: str, old: InstanceState, new: InstanceState) -> None:
    """Raise ``Conflict`` unless an instance may go from ``old`` to ``new``."""
    if new is not old and new not in INSTANCE_TRANSITIONS[old]:
        raise Conflict(f"instance {name} cannot go from {old} to {new}")


def check_service_transition(name: str, old: ServiceState, new: ServiceState) -> None:
    """Raise ``Conflict`` unless a service may go from ``old`` to ``new``."""
    if new is not old and new not in SERVICE_TRANSITIONS[old]:
        raise Conflict(f"service {name} cannot go from {old} to {new}")


def check_deployment_transition(name: str, old: DeploymentState, new: DeploymentState) -> None:
    """Raise ``Conflict`` unless a deployment may go from ``old`` to ``new``."""
    if new is not old and new not in DEPLOYMENT_TRANSITIONS[old]:
        raise Conflict(f"deployment {name} cannot go from {old} to {new}")
