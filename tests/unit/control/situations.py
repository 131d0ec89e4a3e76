"""Situations written in YAML: nodes, services, instances and listings, as a decider's snapshot.

``services`` holds specs by name (an image is supplied); ``before`` in one is a former spec, which
makes the spec the second release. ``instances`` holds records by id: ``of: web/1``, the state, the
node; ``release: 1`` for the former one. ``seen`` holds what nodes list: instance ids with their
containers' fields, ``~`` for a node that does not answer; a node that is not named lists nothing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from warren.control.actions import Action, Deprovision, Provision, Resize, Restart
from warren.control.records import Write
from warren.control.snapshot import Snapshot, take
from warren.model.instance import Instance
from warren.model.node import Capacity, Engine, Node
from warren.model.observed import NodeView, ObservedContainer, ObservedInstance
from warren.model.quantities import parse_size
from warren.model.service import Release, Service, ServiceSpec, spec_hash
from warren.model.states import NodeState, ServiceState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def snapshot_of(case: dict[str, Any]) -> Snapshot:
    """The snapshot that a case describes."""
    nodes = [_node(name, fields or {}) for name, fields in case.get("nodes", {}).items()]
    services = [_service(name, fields or {}) for name, fields in case.get("services", {}).items()]
    by_name = {service.name: service for service in services}
    instances = [
        _instance(number, key, dict(fields), by_name)
        for number, (key, fields) in enumerate(case.get("instances", {}).items())
    ]
    recorded = {instance.id: instance for instance in instances}
    seen = case.get("seen", {})
    views = [_view(node.name, seen.get(node.name, {}), recorded) for node in nodes]
    return take(now=NOW, services=services, instances=instances, nodes=nodes, views=views)


def texts_of_writes(writes: Iterable[Write]) -> list[str]:
    """What writes do to instances, one line each."""
    return [_text(write) for write in writes if isinstance(write.after or write.before, Instance)]


def text_of_action(action: Action) -> str:
    """An action in a line."""
    match action:
        case Deprovision(node=node, instance_id=instance_id, reason=reason):
            return f"{node}: deprovision {instance_id}: {reason}"
        case Provision(node=node, instance=instance):
            return f"{node}: provision {instance.id}"
        case Restart(node=node, instance=instance, engine_ids=engine_ids):
            return f"{node}: restart {instance.id} {' '.join(engine_ids)}"
        case Resize(node=node, instance=instance, engine_id=engine_id, resources=resources):
            memory = resources.memory_limit_bytes
            return f"{node}: resize {instance.id} {engine_id} memory={memory}"


def _text(write: Write) -> str:
    before, after = write.before, write.after
    if before is None:
        assert isinstance(after, Instance)
        where = f" for {after.node}" if after.node else ""
        return f"create {after.name}{where} release {after.release}"
    if after is None:
        return f"remove {before.id}"
    assert isinstance(before, Instance)
    assert isinstance(after, Instance)
    if after.desired != before.desired:
        return f"retire {before.id}: {after.message}"
    text = f"{before.id}: {before.state}"
    if after.state is not before.state:
        text += f" to {after.state}"
    for name in ("node", "release", "attempts", "restarts", "exit_code"):
        if getattr(after, name) != getattr(before, name):
            text += f", {name} {getattr(after, name)}"
    if after.health.healthy is not before.health.healthy:
        text += f", healthy {after.health.healthy}"
    if after.retry_at is not None and after.retry_at != before.retry_at:
        text += f", retry in {(after.retry_at - NOW).total_seconds():g} s"
    if after.message != before.message:
        text += f": {after.message}"
    return text


def _node(name: str, fields: dict[str, Any]) -> Node:
    return Node(
        id=f"nod_{name}",
        name=name,
        created_at=NOW,
        updated_at=NOW,
        state=NodeState(fields.get("state", "ready")),
        role=fields.get("role", "worker"),
        arch=fields.get("arch", "amd64"),
        provider=fields.get("provider", "podman"),
        labels=fields.get("labels", {}),
        engines=tuple(
            Engine(name=engine, version="5") for engine in fields.get("engines", ["podman"])
        ),
        capacity=Capacity(
            cpus=fields.get("cpus", 4), memory_bytes=parse_size(fields.get("memory", "4GiB"))
        ),
    )


def _service(name: str, fields: dict[str, Any]) -> Service:
    record = {key: fields.pop(key) for key in ("before", "state", "paused") if key in fields}
    given = {"name": name, **({} if "containers" in fields else {"image": "app:1"})}
    spec = ServiceSpec.model_validate({**given, **fields})
    specs = [spec]
    if "before" in record:
        specs.insert(0, ServiceSpec.model_validate({**given, **fields, **record["before"]}))
    releases = tuple(
        Release(number=number, spec=one, spec_hash=spec_hash(one), created_at=NOW)
        for number, one in enumerate(specs, 1)
    )
    return Service(
        id=f"svc_{name}",
        name=name,
        created_at=NOW,
        updated_at=NOW,
        spec=spec,
        releases=releases,
        state=ServiceState(record.get("state", "active")),
        paused_at=NOW if record.get("paused") else None,
    )


def _instance(
    number: int, key: str, fields: dict[str, Any], services: dict[str, Service]
) -> Instance:
    name, _, slot = fields.pop("of").partition("/")
    service = services.get(name)
    release = fields.pop("release", len(service.releases) if service else 1)
    kept = service.releases[release - 1] if service else None
    for moment in ("started", "ready", "finished", "retry"):
        if moment in fields:
            seconds = fields.pop(moment)
            fields[f"{moment}_at"] = NOW + timedelta(seconds=seconds)
    if "healthy" in fields:
        fields["health"] = {"healthy": fields.pop("healthy")}
    fields.setdefault("engine_ids", {"main": f"c-{key}"} if "node" in fields else {})
    created = NOW - timedelta(hours=1) + timedelta(seconds=number)
    return Instance.model_validate(
        {
            "id": key,
            "name": f"{name}-{slot}",
            "created_at": created,
            "updated_at": created,
            "service_id": f"svc_{name}",
            "service": name,
            "slot": int(slot),
            "release": release,
            "spec_hash": kept.spec_hash if kept else "gone",
            "resources": kept.spec.main.resources if kept else {},
            "state": "running",
            **fields,
        }
    )


def _view(node: str, seen: dict[str, Any] | None, recorded: dict[str, Instance]) -> NodeView:
    if seen is None:
        return NodeView(
            node=node,
            taken_at=NOW,
            reachable=False,
            error="no answer",
            unreachable_kind="unreachable",
        )
    listed = tuple(
        _observed(key, dict(fields or {}), recorded.get(key)) for key, fields in seen.items()
    )
    return NodeView(node=node, taken_at=NOW, reachable=True, instances=listed)


def _observed(key: str, fields: dict[str, Any], instance: Instance | None) -> ObservedInstance:
    fingerprint = fields.pop("hash", instance.spec_hash if instance else "unknown")
    containers = fields.pop("containers", None)
    if containers is None:
        containers = {"main": fields}
    return ObservedInstance(
        instance=key,
        service=instance.service if instance else "stray",
        slot=instance.slot if instance else 1,
        release=instance.release if instance else 1,
        spec_hash=fingerprint,
        containers=tuple(
            _container(key, name, dict(one or {}), instance) for name, one in containers.items()
        ),
    )


def _container(
    key: str, name: str, fields: dict[str, Any], instance: Instance | None
) -> ObservedContainer:
    up_seconds = fields.pop("up", 3600)
    default = f"c-{key}" if name == "main" else f"c-{key}-{name}"
    engine_id = instance.engine_ids.get(name, default) if instance else default
    return ObservedContainer(
        name=name,
        engine_id=engine_id,
        started_at=NOW - timedelta(seconds=up_seconds),
        state=fields.pop("state", "running"),
        **fields,
    )
