"""How far services are: what is shown while waiting, and each service's state in the record."""

from collections.abc import Mapping
from dataclasses import dataclass

from warren.control.diagnose import SILENT_STATES, explain_service
from warren.control.records import Write, move_service
from warren.control.slots import Layout, Reason, is_done, lay_out
from warren.control.snapshot import Policy, Snapshot
from warren.model.service import Service
from warren.model.states import SERVICE_TRANSITIONS, InstanceState, ServiceState


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProgress:
    """How far one service is.

    Attributes:
        service_id: which.
        service: its name.
        tenant: its tenant.
        desired: instances it should have.
        running: of those, how many do their work with the current release.
        failed: of those, how many have failed.
        is_complete: everything is as asked and nothing else is left.
        message: why it is not complete; empty if it is.
    """

    service_id: str
    service: str
    tenant: str
    desired: int
    running: int
    failed: int
    is_complete: bool
    message: str = ""


def measure(snapshot: Snapshot, service: Service, policy: Policy) -> ServiceProgress:
    """How far ``service`` is."""
    return _measured(snapshot, service, lay_out(snapshot, service, policy))


def service_writes(
    snapshot: Snapshot,
    policy: Policy,
    resized: frozenset[str],
    layouts: Mapping[str, Layout],
) -> tuple[tuple[Write, ...], tuple[ServiceProgress, ...]]:
    """The state of every service, through the table of transitions, and how far it is.

    Args:
        snapshot: as it is at the end of a pass.
        policy: the operator's.
        resized: ids of services of which slots appeared or disappeared in this pass.
        layouts: by service id, those that still hold.
    """
    writes = []
    progress = []
    for service in snapshot.services.values():
        layout = layouts.get(service.id) or lay_out(snapshot, service, policy)
        measured = _measured(snapshot, service, layout)
        progress.append(measured)
        state = _state(service, layout, measured, is_resized=service.id in resized)
        if (state, measured.message) != (service.state, service.message):
            writes.append(
                move_service(service, snapshot.now, state=state, message=measured.message)
            )
    return tuple(writes), tuple(progress)


def _measured(snapshot: Snapshot, service: Service, layout: Layout) -> ServiceProgress:
    release = service.release.number
    running = failed = 0
    is_clean = service.state is not ServiceState.DESTROYING
    is_clean = is_clean and not layout.surplus and not layout.leaving
    for slot in layout.slots:
        keeper = slot.good[0] if slot.good else None
        if keeper is not None and is_done(keeper) and keeper.release == release:
            running += not _is_silent(snapshot, keeper.node)
        elif keeper is not None and keeper.state is InstanceState.FAILED:
            failed += 1
        if slot.due or slot.leaving or len(slot.good) > 1:
            is_clean = False
    is_complete = is_clean and running == len(layout.slots)
    message = "" if is_complete else next(iter(explain_service(snapshot, service, layout)), "")
    return ServiceProgress(
        service_id=service.id,
        service=service.name,
        tenant=service.tenant,
        desired=len(layout.slots),
        running=running,
        failed=failed,
        is_complete=is_complete,
        message=message,
    )


def _is_silent(snapshot: Snapshot, name: str | None) -> bool:
    node = snapshot.nodes.get(name or "")
    return node is not None and node.state in SILENT_STATES


_KEPT = frozenset({ServiceState.DESTROYING, ServiceState.DESTROYED, ServiceState.PAUSED})


def _state(
    service: Service, layout: Layout, progress: ServiceProgress, *, is_resized: bool
) -> ServiceState:
    """The state that follows; where the table does not allow it, the one it has."""
    if service.state in _KEPT:
        return service.state
    wanted = service.state
    if progress.is_complete:
        wanted = ServiceState.ACTIVE
    elif any(
        slot.keeper is not None
        and slot.keeper.state is InstanceState.FAILED
        and slot.keeper.retry_at is None
        for slot in layout.slots
    ):
        wanted = ServiceState.FAILED
    elif any(reason is Reason.OUTDATED for slot in layout.slots for _, reason in slot.due):
        wanted = ServiceState.DEPLOYING
    elif is_resized and service.state is not ServiceState.DEPLOYING:
        wanted = ServiceState.SCALING
    return wanted if wanted in SERVICE_TRANSITIONS[service.state] else service.state
