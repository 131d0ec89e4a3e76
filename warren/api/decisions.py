"""What a requested change does to the record: plain functions from a view to writes.

Nothing is read or written here, so the same decision serves a real change, a plan, and (when
managers are many) the leader's transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from warren.model.container import Role
from warren.model.errors import Conflict, InUse, InvalidInput, NotFound, Problem
from warren.model.instance import Instance
from warren.model.node import Node, NodeSpec
from warren.model.resource import Resource
from warren.model.service import RELEASES_KEPT, Release, Service, ServiceSpec, spec_hash
from warren.model.states import (
    InstanceState,
    NodeState,
    ServiceState,
    check_service_transition,
)
from warren.model.validation import nearest, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write.

    Attributes:
        verb: what it means for the thing concerned.
        before: the thing as recorded, if it was.
        after: the thing as it will be, if it will; its ``version`` is that of ``before`` plus one.
    """

    verb: str
    before: Resource | None
    after: Resource | None


def apply_service(
    existing: Service | None,
    spec: ServiceSpec,
    *,
    now: datetime,
    new_id: Callable[[], str],
    keep_replicas: bool = False,
) -> Decision:
    """Create the service or bring its spec to ``spec``; a change of what runs makes a release.

    Raises:
        Conflict: it is being deleted.
        InvalidInput: its mode would change.
    """
    if existing is None:
        release = Release(number=1, spec=spec, spec_hash=spec_hash(spec), created_at=now)
        created = Service(
            id=new_id(), name=spec.name, tenant=spec.tenant, labels=spec.labels,
            created_at=now, updated_at=now, spec=spec, releases=(release,),
        )  # fmt: skip
        return Decision(verb="created", before=None, after=created)
    _refuse_deleted(existing)
    if spec.mode is not existing.spec.mode:
        rule = f"cannot change from {existing.spec.mode}: delete the service and create it anew"
        raise InvalidInput([Problem(field="mode", value=spec.mode.value, rule=rule)])
    if keep_replicas:
        spec = spec.model_copy(update={"replicas": existing.spec.replicas})
    if existing.paused_at is not None:  # stays paused; the wanted number is what it resumes to
        return _update_paused(existing, spec, now)
    if spec == existing.spec:
        return Decision(verb="unchanged", before=existing, after=existing)
    return _updated(existing, now=now, spec=spec, releases=_releases(existing, spec, now))


def scale_service(existing: Service, replicas: int, *, now: datetime) -> Decision:
    """Change the number of replicas.

    Raises:
        Conflict: it is being deleted or paused.
        InvalidInput: it is global, or the number is out of range.
    """
    _refuse_deleted(existing)
    if existing.spec.mode.value == "global":
        rule = "cannot be set: a global service runs one instance on every matching node"
        raise InvalidInput([Problem(field="replicas", value=str(replicas), rule=rule)])
    if replicas < 0:
        problem = Problem(field="replicas", value=str(replicas), rule="must be at least 0")
        raise InvalidInput([problem])
    if existing.paused_at is not None:
        raise Conflict(f"service {existing.name} is stopped", hint="start it before scaling it")
    if existing.spec.replicas == replicas:
        return Decision(verb="unchanged", before=existing, after=existing)
    spec = existing.spec.model_copy(update={"replicas": replicas})
    return _updated(existing, now=now, spec=spec)


def stop_service(existing: Service, *, now: datetime) -> Decision:
    """Pause: zero instances; the replica count is kept for ``start_service``.

    Raises:
        Conflict: its state forbids it.
    """
    _refuse_deleted(existing)
    if existing.paused_at is not None:
        return Decision(verb="unchanged", before=existing, after=existing)
    check_service_transition(existing.name, existing.state, ServiceState.PAUSED)
    return _updated(
        existing,
        now=now,
        state=ServiceState.PAUSED,
        paused_at=now,
        previous_replicas=existing.spec.replicas,
        spec=existing.spec.model_copy(update={"replicas": 0}),
    )


def start_service(existing: Service, *, now: datetime) -> Decision:
    """Resume a paused service with the replica count it had.

    Raises:
        Conflict: it is being deleted.
    """
    _refuse_deleted(existing)
    if existing.paused_at is None:
        return Decision(verb="unchanged", before=existing, after=existing)
    replicas = existing.previous_replicas
    assert replicas is not None, "a paused service remembers its replicas"
    return _updated(
        existing,
        now=now,
        state=ServiceState.SCALING,
        paused_at=None,
        previous_replicas=None,
        spec=existing.spec.model_copy(update={"replicas": replicas}),
    )


def delete_service(existing: Service | None, *, now: datetime) -> Decision:
    """Mark the service for removal; control removes its instances, then the record."""
    if existing is None:
        return Decision(verb="unchanged", before=None, after=None)
    if existing.state in {ServiceState.DESTROYING, ServiceState.DESTROYED}:
        return Decision(verb="unchanged", before=existing, after=existing)
    decision = _updated(existing, now=now, state=ServiceState.DESTROYING, paused_at=None)
    return Decision(verb="deleted", before=existing, after=decision.after)


def register_node(existing: Node | None, wanted: Node) -> Decision:
    """Add a node, or refresh what is known of it; its state is control's business.

    Args:
        existing: the node as recorded.
        wanted: the node as its facts describe it, with a new id.
    """
    if existing is None:
        return Decision(verb="created", before=None, after=wanted)
    kept = {name: getattr(existing, name) for name in _NODE_KEPT}
    same = wanted.model_copy(update=kept)
    if same == existing:
        return Decision(verb="unchanged", before=existing, after=existing)
    changed = same.model_copy(
        update={"updated_at": wanted.updated_at, "version": existing.version + 1}
    )
    return Decision(verb="updated", before=existing, after=changed)


def update_node(
    existing: Node,
    *,
    now: datetime,
    set_labels: Mapping[str, str],
    remove_labels: Sequence[str] = (),
    region: str | None = None,
    datacenter: str | None = None,
) -> Decision:
    """Change what placement goes by.

    Args:
        existing: see there.
        now: wall-clock time.
        set_labels: to add, or to put in place of what is there.
        remove_labels: to take away.
        region: ``None`` leaves it.
        datacenter: ``None`` leaves it.

    Raises:
        InvalidInput: a label breaks a rule.
    """
    labels = {**existing.labels, **set_labels}
    for name in remove_labels:
        labels.pop(name, None)
    wanted = parse(
        NodeSpec,
        {
            "name": existing.name,
            "labels": labels,
            "region": existing.region if region is None else region,
            "datacenter": existing.datacenter if datacenter is None else datacenter,
        },
    )
    changes = {name: getattr(wanted, name) for name in ("labels", "region", "datacenter")}
    return _changed_node(existing, now=now, **changes)


def drain_node(existing: Node, *, now: datetime) -> Decision:
    """Take a node out of use; control moves its instances away."""
    return _changed_node(existing, now=now, state=NodeState.DRAINING)


def undrain_node(existing: Node, *, now: datetime) -> Decision:
    """Give a draining node back; control finds out whether it is ready."""
    if existing.state is not NodeState.DRAINING:
        return Decision(verb="unchanged", before=existing, after=existing)
    return _changed_node(existing, now=now, state=NodeState.UNKNOWN, message="")


def remove_node(existing: Node, instances: Sequence[Instance]) -> Decision:
    """Forget a node.

    Args:
        existing: see there.
        instances: those on it.

    Raises:
        InUse: it is not down, and instances are to run on it.
    """
    held = [
        f"{one.service}.{one.slot}"
        for one in instances
        if one.desired == "running" and one.state is not InstanceState.FAILED
    ]
    if held and existing.state is not NodeState.DOWN:
        raise InUse(
            f"node {existing.name} runs {', '.join(sorted(held))}",
            hint="drain it first: warren node drain NAME",
        )
    return Decision(verb="deleted", before=existing, after=None)


def has_ended(instance: Instance) -> bool:
    """Whether an instance sets nothing aside on its node any more."""
    return instance.state in {InstanceState.COMPLETE, InstanceState.FAILED}


def allocated(
    instances: Iterable[Instance], service_of: Callable[[str], Service | None]
) -> tuple[float, int]:
    """Cores and bytes of memory that instances have set aside.

    Args:
        instances: that have not ended.
        service_of: finds the service of an id.
    """
    cpus, memory_bytes = 0.0, 0
    for instance in instances:
        service = service_of(instance.service_id)
        for release in service.releases if service else ():
            if release.number == instance.release:
                running = [each for each in release.spec.containers if each.role is not Role.INIT]
                cpus += sum(each.resources.cpu_reservation for each in running)
                memory_bytes += sum(each.resources.memory_reservation_bytes for each in running)
    return cpus, memory_bytes


def release_of(service: Service, number: int) -> Release:
    """A kept release; 0 is the one before the current one.

    Raises:
        NotFound: it is not kept.
    """
    wanted = number or service.release.number - 1
    for release in service.releases:
        if release.number == wanted:
            return release
    kept = ", ".join(str(release.number) for release in service.releases)
    raise NotFound(
        f"service {service.name} has no release {wanted} to go back to",
        hint=f"these are kept: {kept}",
    )


def find_service(services: Sequence[Service], name: str, tenant: str) -> Service:
    """The service of that name.

    Raises:
        NotFound: there is none; the nearest known name is the hint.
    """
    for service in services:
        if (service.name, service.tenant) == (name, tenant):
            return service
    close = nearest(name, [service.name for service in services if service.tenant == tenant])
    hint = f"did you mean {close!r}?" if close else "`warren service list` shows what there is"
    raise NotFound(f"no service is named {name!r}", hint=hint)


def _changed_node(existing: Node, *, now: datetime, **changes: object) -> Decision:
    if all(getattr(existing, name) == value for name, value in changes.items()):
        return Decision(verb="unchanged", before=existing, after=existing)
    update = {**changes, "updated_at": now, "version": existing.version + 1}
    return Decision(verb="updated", before=existing, after=existing.model_copy(update=update))


_NODE_KEPT = ("id", "created_at", "updated_at", "version", "state", "message")


def _refuse_deleted(service: Service) -> None:
    if service.state in {ServiceState.DESTROYING, ServiceState.DESTROYED}:
        raise Conflict(
            f"service {service.name} is being deleted", hint="wait until it is gone, then create it"
        )


def _update_paused(existing: Service, spec: ServiceSpec, now: datetime) -> Decision:
    stopped = spec.model_copy(update={"replicas": 0})
    if stopped == existing.spec and spec.replicas == existing.previous_replicas:
        return Decision(verb="unchanged", before=existing, after=existing)
    return _updated(
        existing,
        now=now,
        spec=stopped,
        previous_replicas=spec.replicas,
        releases=_releases(existing, spec, now),
    )


def _releases(existing: Service, spec: ServiceSpec, now: datetime) -> tuple[Release, ...]:
    fingerprint = spec_hash(spec)
    current = existing.release
    if fingerprint == current.spec_hash and _sizes(spec) == _sizes(current.spec):
        return existing.releases
    release = Release(number=current.number + 1, spec=spec, spec_hash=fingerprint, created_at=now)
    return (*existing.releases, release)[-RELEASES_KEPT:]


def _sizes(spec: ServiceSpec) -> list[object]:
    return [container.resources for container in spec.containers]


def _updated(existing: Service, *, now: datetime, **changes: object) -> Decision:
    spec = changes.get("spec", existing.spec)
    assert isinstance(spec, ServiceSpec)
    update = {
        **changes,
        "labels": spec.labels,
        "updated_at": now,
        "version": existing.version + 1,
    }
    return Decision(verb="updated", before=existing, after=existing.model_copy(update=update))
