"""Listings as plain rows: the JSON form is these rows, so their keys are stable."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Mode, Service
from warren.model.states import InstanceState

Row = dict[str, Any]

_ENDED = {InstanceState.COMPLETE, InstanceState.SHUTDOWN}


def service_rows(services: Sequence[Service], instances: Sequence[Instance]) -> list[Row]:
    """One row a service."""
    by_service: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_service[instance.service_id].append(instance)
    return [_service_row(service, by_service[service.id]) for service in services]


def _service_row(service: Service, instances: Sequence[Instance]) -> Row:
    wanted = [instance for instance in instances if instance.desired == "running"]
    running = [one for one in wanted if one.state is InstanceState.RUNNING]
    desired = len(wanted) if service.spec.mode is Mode.GLOBAL else service.spec.replicas
    return {
        "service": service.name,
        "tenant": service.tenant,
        "state": service.state.value,
        "mode": service.spec.mode.value,
        "running": f"{len(running)}/{desired}",
        "image": service.spec.main.image,
        "release": service.release.number,
        "nodes": sorted({one.node for one in running if one.node}),
        "message": service.message,
    }


def instance_rows(instances: Sequence[Instance]) -> list[Row]:
    """One row an instance, the ended ones left out."""
    return [
        {
            "instance": f"{one.service}.{one.slot}",
            "id": one.id,
            "node": one.node,
            "state": one.state.value,
            "health": _health(one),
            "release": one.release,
            "restarts": one.restarts,
            "endpoints": [
                f"{end.address}:{end.port}->{end.container_port}/{end.protocol}"
                for end in one.endpoints
            ],
            "engine_ids": dict(one.engine_ids),
            "started_at": one.started_at.isoformat() if one.started_at else None,
            "exit_code": one.exit_code,
            "message": one.message,
        }
        for one in instances
        if one.state not in _ENDED
    ]


def _health(instance: Instance) -> str:
    if instance.health.healthy is None:
        return "none" if instance.state is InstanceState.RUNNING else "unknown"
    return "healthy" if instance.health.healthy else "unhealthy"


def node_rows(nodes: Sequence[Node], instances: Sequence[Instance]) -> list[Row]:
    """One row a node."""
    counts = Counter(one.node for one in instances if one.state is InstanceState.RUNNING)
    return [
        {
            "name": node.name,
            "state": node.state.value,
            "role": node.role.value,
            "address": node.address,
            "provider": node.provider,
            "engine": next(
                (f"{one.name} {one.version}" for one in node.engines if one.name == node.provider),
                node.provider,
            ),
            "arch": node.arch,
            "cpus": node.capacity.cpus,
            "memory": f"{node.capacity.memory_bytes / (1 << 30):.1f} GiB",
            "memory_bytes": node.capacity.memory_bytes,
            "labels": dict(node.labels),
            "instances": counts[node.name],
            "message": node.message,
        }
        for node in nodes
    ]
