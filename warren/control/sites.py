"""Nodes as the scheduler counts them, and what an instance demands of one.

A ``Site`` is the one mutable thing here: it is filled from the record at the start of a pass and
counts along as instances are placed, so that each placement sees the ones before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from warren.control.snapshot import Snapshot
from warren.model.container import PublishMode, Role
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Service, ServiceSpec
from warren.model.states import InstanceState

RECENT_FAILURE_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What every instance of one service asks of its node.

    Attributes:
        service_id: whose.
        spec: for the filters that judge the node itself.
        cpus: cores set aside.
        memory_bytes: memory set aside.
        gpus: GPUs set aside.
        ports: fixed host ports with protocol, such as ``(80, "tcp")``.
        has_local_volume: whether named volumes bind its slots to the node of their data.
    """

    service_id: str
    spec: ServiceSpec
    cpus: float = 0.0
    memory_bytes: int = 0
    gpus: int = 0
    ports: frozenset[tuple[int, str]] = frozenset()
    has_local_volume: bool = False


@dataclass(slots=True, kw_only=True)
class Site:
    """One node and what is on it.

    Attributes:
        node: as recorded.
        cpus: cores set aside on it.
        memory_bytes: memory set aside on it.
        count: instances on it.
        ports: fixed host ports taken, and by which service.
        per_service: instances by service id.
        failures: recent failures by service id.
    """

    node: Node
    cpus: float = 0.0
    memory_bytes: int = 0
    count: int = 0
    ports: dict[tuple[int, str], str] = field(default_factory=dict)
    per_service: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def placed(self, service_id: str) -> int:
        """How many instances of a service are on it."""
        return self.per_service.get(service_id, 0)

    def add(self, demand: Demand) -> None:
        """Count one more instance."""
        self.cpus += demand.cpus
        self.memory_bytes += demand.memory_bytes
        self.count += 1
        self.per_service[demand.service_id] = self.placed(demand.service_id) + 1
        for port in demand.ports:
            self.ports[port] = demand.spec.name


def demand_of(service_id: str, spec: ServiceSpec) -> Demand:
    """What an instance of ``spec`` demands.

    Inits run one after another before the others start, so they count by their largest, and only
    where that exceeds what runs later.
    """
    inits = [item.resources for item in spec.containers if item.role is Role.INIT]
    running = [item.resources for item in spec.containers if item.role is not Role.INIT]
    return Demand(
        service_id=service_id,
        spec=spec,
        cpus=max(
            sum(item.cpu_reservation for item in running),
            max((item.cpu_reservation for item in inits), default=0.0),
        ),
        memory_bytes=max(
            sum(item.memory_reservation_bytes for item in running),
            max((item.memory_reservation_bytes for item in inits), default=0),
        ),
        gpus=sum(item.gpus for item in running),
        ports=fixed_ports(spec),
        has_local_volume=has_local_volume(spec),
    )


def fixed_ports(spec: ServiceSpec) -> frozenset[tuple[int, str]]:
    """The host ports that an instance takes on its node."""
    return frozenset(
        (port.host_port, port.protocol.value)
        for container in spec.containers
        for port in container.ports
        if port.host_port and port.mode is PublishMode.HOST
    )


def has_local_volume(spec: ServiceSpec) -> bool:
    """Whether its data lives on one node, so that its slots cannot leave that node."""
    return any(
        mount.type == "volume" for container in spec.containers for mount in container.volumes
    )


def home_of(instances: Iterable[Instance], slot: int) -> str | None:
    """The node where the volumes of a slot live: where the slot was last sent to run.

    Args:
        instances: those of the service, oldest first, ended ones included.
        slot: which.
    """
    home = None
    for instance in instances:
        if instance.slot == slot and instance.node and instance.state is not InstanceState.PENDING:
            home = instance.node
    return home


def survey(snapshot: Snapshot) -> dict[str, Site]:
    """All nodes with what the record says is on them.

    An instance counts until its containers are known to be gone: a port is free when nobody listens.
    """
    sites = {name: Site(node=node) for name, node in snapshot.nodes.items()}
    recent = snapshot.now - timedelta(seconds=RECENT_FAILURE_SECONDS)
    demands: dict[tuple[str, int], Demand] = {}
    for name, instances in snapshot.by_node.items():
        site = sites.get(name)
        if site is None:
            continue
        for instance in instances:
            if instance.state is InstanceState.FAILED:
                if instance.finished_at is not None and instance.finished_at >= recent:
                    failures = site.failures.get(instance.service_id, 0)
                    site.failures[instance.service_id] = failures + 1
                if instance.desired == "shutdown" and snapshot.seen(instance) is None:
                    continue
            if instance.state in _FREE:
                continue
            demand = _demand(demands, snapshot.services, instance)
            if demand is not None:
                site.add(demand)
    return sites


_FREE = frozenset({InstanceState.PENDING, InstanceState.COMPLETE})


def _demand(
    known: dict[tuple[str, int], Demand], services: Mapping[str, Service], instance: Instance
) -> Demand | None:
    key = (instance.service_id, instance.release)
    demand = known.get(key)
    if demand is None:
        service = services.get(instance.service_id)
        if service is None:
            return None
        demand = known[key] = demand_of(service.id, spec_of(service, instance.release))
    return demand


def spec_of(service: Service, release: int) -> ServiceSpec:
    """The spec of a release, or of the nearest one still kept."""
    for kept in reversed(service.releases):
        if kept.number <= release:
            return kept.spec
    return service.releases[0].spec
