"""What can be wrong with a service in view of everything else; called once, where changes come in.

The model has checked the spec by itself. Here it meets the other services and what this version can
carry out: a spec that could never come true is refused before it is recorded.
"""

from collections.abc import Iterable

from warren.control import filters
from warren.control.sites import Demand, demand_of, fixed_ports
from warren.model.container import PublishMode
from warren.model.errors import AlreadyExists, InvalidInput, Problem, Unsupported
from warren.model.node import Node
from warren.model.service import Mode, Service, ServiceSpec, Strategy, UpdateConfig
from warren.model.states import ServiceState


def check_supported(spec: ServiceSpec) -> None:
    """Check that control can carry out all that the spec asks.

    Raises:
        Unsupported: it cannot; the message names the field and its value.
    """
    wishes = (
        ("mode", spec.mode.value, spec.mode is Mode.STATEFUL),
        (
            "update.strategy",
            spec.update.strategy.value,
            spec.update.strategy in {Strategy.BLUE_GREEN, Strategy.CANARY},
        ),
        ("networks", ", ".join(spec.networks), bool(spec.networks)),
        (
            "ports.mode",
            "ingress",
            any(
                port.mode is PublishMode.INGRESS
                for container in spec.containers
                for port in container.ports
            ),
        ),
    )
    for field, value, is_unsupported in (*wishes, *_without_effect(spec)):
        if is_unsupported:
            raise Unsupported(
                f"service {spec.name}: {field} {value!r} is not supported by this version",
                hint="the documentation of services lists what each field accepts",
            )


_UNUSED_UPDATE_FIELDS = (
    "failure_action",
    "auto_rollback",
    "failure_threshold_percent",
    "progress_deadline_seconds",
    "drain_seconds",
    "canary_weight",
    "canary_steps",
    "canary_stability_window_seconds",
    "blue_green_grace_seconds",
)
"""Nothing acts on these: a value of one's own would be a promise that is not kept."""


def _without_effect(spec: ServiceSpec) -> list[tuple[str, str, bool]]:
    usual = UpdateConfig()
    return [
        (f"update.{field}", str(getattr(spec.update, field)), True)
        for field in _UNUSED_UPDATE_FIELDS
        if getattr(spec.update, field) != getattr(usual, field)
    ]


def check_among(
    spec: ServiceSpec, services: Iterable[Service], nodes: Iterable[Node], *, is_new: bool = False
) -> None:
    """Check a spec against the other services, and against what nodes there are.

    Args:
        spec: what is wanted.
        services: all services as recorded, the one to be changed among them.
        nodes: all nodes; with none at all nothing is said about them.
        is_new: the caller means to create it.

    Raises:
        AlreadyExists: it is meant to be new and the name is taken.
        InvalidInput: it wants a host port that others hold wherever it may run, or more replicas
            with one host port than there are nodes, or one instance is larger than any node.
    """
    nodes = list(nodes)
    others = [service for service in services if service.state not in _LEAVING]
    same = [item for item in others if (item.name, item.tenant) == (spec.name, spec.tenant)]
    if is_new and same:
        raise AlreadyExists(
            f"a service is named {spec.name!r} already",
            hint="choose another name, or change the existing service",
        )
    demand = demand_of("", spec)
    _check_size(demand, [node for node in nodes if filters.matches(node, demand)])
    if not demand.ports:
        return
    rivals = [item for item in others if item not in same]
    problems = _port_problems(spec, demand, rivals, nodes)
    if problems:
        raise InvalidInput(problems, hint="choose another host_port, or 0 to let the engine choose")


def _check_size(demand: Demand, candidates: list[Node]) -> None:
    """Refuse an instance that even the largest node could not hold when empty."""
    sizes = (
        ("cpu_reservation", demand.cpus, "cpus", "cores"),
        ("memory_reservation_bytes", demand.memory_bytes, "memory_bytes", "bytes of memory"),
    )
    problems = []
    for field, wanted, capacity, unit in sizes:
        largest = max((getattr(node.capacity, capacity) for node in candidates), default=None)
        if largest is not None and wanted > largest:
            rule = f"is more than any node has: the largest has {largest:g} {unit}"
            problems.append(Problem(field=f"resources.{field}", value=f"{wanted:g}", rule=rule))
    if problems:
        raise InvalidInput(problems, hint="reserve less, or add a larger node")


_LEAVING = frozenset({ServiceState.DESTROYING, ServiceState.DESTROYED})


def _port_problems(
    spec: ServiceSpec, demand: Demand, others: list[Service], nodes: list[Node]
) -> list[Problem]:
    candidates = [node for node in nodes if filters.matches(node, demand)]
    if not candidates:
        return []
    needed = len(candidates) if spec.mode is Mode.GLOBAL else spec.replicas
    problems = []
    for port in sorted(demand.ports):
        rivals = [service for service in others if port in fixed_ports(service.spec)]
        free = len(candidates) - sum(_least_on(service, candidates, nodes) for service in rivals)
        if needed <= free:
            continue
        names = ", ".join(sorted(service.name for service in rivals))
        rule = f"is needed on {needed} of the {len(candidates)} nodes where the service may run"
        if rivals:
            rule += f", of which service {names} leaves {max(free, 0)}"
        problems.append(Problem(field="ports.host_port", value=f"{port[0]}/{port[1]}", rule=rule))
    return problems


def _least_on(service: Service, candidates: list[Node], nodes: list[Node]) -> int:
    """How many of ``candidates`` a service occupies at least: what does not fit elsewhere."""
    demand = demand_of(service.id, service.spec)
    fitting = {node.name for node in nodes if filters.matches(node, demand)}
    inside = fitting & {node.name for node in candidates}
    if service.spec.mode is Mode.GLOBAL:
        return len(inside)
    return max(0, min(service.spec.replicas, len(fitting)) - len(fitting - inside))
