"""Services: what a user writes (``ServiceSpec``) and what Warren records (``Service``, ``Release``)."""

import hashlib
import json
import re
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from warren.model.container import ContainerSpec, PublishMode, Role
from warren.model.quantities import DnsLabel, Seconds
from warren.model.resource import Labels, Resource
from warren.model.states import ServiceState
from warren.model.validation import Frozen

RELEASES_KEPT = 10
REPLICAS_MAX = 100_000
RESTARTS_MAX = 1_000_000


class Mode(StrEnum):
    """How many instances a service has, and whether they are interchangeable."""

    REPLICATED = "replicated"
    GLOBAL = "global"
    STATEFUL = "stateful"


class Strategy(StrEnum):
    """How a deployment replaces the old release by the new one."""

    ROLLING = "rolling"
    RECREATE = "recreate"
    BLUE_GREEN = "blue-green"
    CANARY = "canary"


class UpdateConfig(Frozen):
    """How a change of what runs is carried out."""

    strategy: Strategy = Strategy.ROLLING
    parallelism: Annotated[int, Field(ge=1, le=REPLICAS_MAX)] = 1
    delay_seconds: Seconds = 0.0
    failure_action: Literal["pause", "rollback", "continue"] = "rollback"
    max_surge: Annotated[int, Field(ge=0, le=REPLICAS_MAX)] = 1
    max_unavailable: Annotated[int, Field(ge=0, le=REPLICAS_MAX)] = 0
    health_grace_seconds: Seconds = 30.0
    canary_weight: Annotated[int, Field(ge=0, le=100)] = 0
    canary_steps: Annotated[
        tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(min_length=1)
    ] = (10, 25, 50, 100)
    canary_stability_window_seconds: Seconds = 300.0
    blue_green_grace_seconds: Seconds = 300.0
    auto_rollback: bool = True
    failure_threshold_percent: Annotated[int, Field(ge=0, le=100)] = 10
    drain_seconds: Seconds = 10.0
    progress_deadline_seconds: Annotated[Seconds, Field(gt=0)] = 300.0

    @model_validator(mode="after")
    def _steps_make_progress(self) -> Self:
        if list(self.canary_steps) != sorted(set(self.canary_steps)):
            raise ValueError("canary_steps must ascend")
        if self.max_surge == 0 and self.max_unavailable == 0 and self.strategy is Strategy.ROLLING:
            raise ValueError("max_surge and max_unavailable cannot both be 0: nothing could move")
        return self


class RestartPolicy(Frozen):
    """What happens when a container ends.

    Attributes:
        condition: always, on-failure (non-zero status) or never.
        max_attempts: restarts before giving up; ``None`` is without end.
        delay_seconds: wait before the first restart; doubles up to ``delay_ceiling_seconds``.
    """

    condition: Literal["always", "on-failure", "never"] = "always"
    max_attempts: Annotated[int, Field(ge=0, le=RESTARTS_MAX)] | None = None
    delay_seconds: Seconds = 1.0
    delay_ceiling_seconds: Seconds = 60.0


_CONSTRAINT = re.compile(
    r"\s*(?P<key>node\.(?:name|role|arch|os|provider|label\.[A-Za-z0-9._/-]+))\s*"
    r"(?P<operator>==|!=|in|not in)\s*(?P<value>\S.*?)\s*"
)


def check_constraint(text: str) -> str:
    """Check a placement constraint such as ``node.label.zone == a`` or ``node.name in (a, b)``.

    Raises:
        ValueError: it does not parse.
    """
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        raise ValueError(
            "must be KEY == VALUE, KEY != VALUE, KEY in (A, B) or KEY not in (A, B) "
            "with KEY node.name, node.role, node.arch, node.os, node.provider or node.label.NAME"
        )
    value = match["value"]
    if match["operator"].endswith("in") and not (value.startswith("(") and value.endswith(")")):
        raise ValueError("needs its values in parentheses, such as node.name in (a, b)")
    return text


def split_constraint(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Split a checked constraint into key, operator and values."""
    match = _CONSTRAINT.fullmatch(text)
    assert match is not None, text
    value = match["value"]
    if match["operator"].endswith("in"):
        values = tuple(part.strip() for part in value[1:-1].split(","))
    else:
        values = (value,)
    return match["key"], match["operator"], values


class Placement(Frozen):
    """Where instances may run.

    Attributes:
        constraints: all must hold.
        spread: keys to spread over, most important first; the node itself always comes last.
        max_per_node: at most this many instances of the service on one node.
    """

    constraints: tuple[Annotated[str, AfterValidator(check_constraint)], ...] = ()
    spread: tuple[str, ...] = ()
    max_per_node: Annotated[int, Field(ge=1, le=REPLICAS_MAX)] | None = None


class ServiceSpec(Frozen):
    """What a user asks for: a named description of N equal instances.

    A service of one container may put that container's fields at the top instead of under
    ``containers``; they are stored under ``containers``.

    Attributes:
        replicas: how many; ignored in global mode.
        containers: exactly one ``main``, any number of ``sidecar`` and ``init``.
        networks: overlay networks the instances join.
        stop_timeout_seconds: from SIGTERM to SIGKILL.
        provider: what runs it; ``None`` is the node's own.
    """

    name: DnsLabel
    tenant: DnsLabel = "default"
    mode: Mode = Mode.REPLICATED
    replicas: Annotated[int, Field(ge=0, le=REPLICAS_MAX)] = 1
    containers: tuple[ContainerSpec, ...]
    networks: tuple[DnsLabel, ...] = ()
    placement: Placement = Placement()
    update: UpdateConfig = UpdateConfig()
    restart: RestartPolicy = RestartPolicy()
    stop_timeout_seconds: Seconds = 10.0
    labels: Labels = Field(default_factory=dict)
    provider: Literal["podman", "docker"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather_container_fields(cls, value: Any) -> Any:
        return gather_container_fields(value, cls.model_fields)

    @model_validator(mode="after")
    def _containers_fit_together(self) -> Self:
        check_containers(self.containers)
        return self

    @property
    def main(self) -> ContainerSpec:
        """The container that the instance is about."""
        return next(container for container in self.containers if container.role is Role.MAIN)


_CONTAINER_FIELDS = frozenset(ContainerSpec.model_fields) - {"name", "role"}


def gather_container_fields(value: Any, own: Collection[str]) -> Any:
    """Move the container fields that stand at the top of ``value`` under ``containers``.

    Args:
        value: what a user wrote.
        own: fields of the service itself.

    Raises:
        ValueError: there are fields at the top and ``containers`` as well.
    """
    if not isinstance(value, dict):
        return value
    top = {key: item for key, item in value.items() if key in _CONTAINER_FIELDS}
    if "containers" in value and not top:
        return value
    if "containers" in value:
        raise ValueError(f"{min(top)!r} belongs to a container: put it under containers")
    rest = {key: item for key, item in value.items() if key in own or key not in top}
    return {**rest, "containers": [top]}


def check_containers(containers: tuple[ContainerSpec, ...]) -> None:
    """Check what concerns all containers of a service together.

    Raises:
        ValueError: not exactly one main, a repeated name, an impossible dependency, or two ports
            that want one host port.
    """
    mains = [container.name for container in containers if container.role is Role.MAIN]
    if len(mains) != 1:
        raise ValueError(f"exactly one container must have role main, not {len(mains)}")
    names = [container.name for container in containers]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two containers are named {name!r}")
    _check_dependencies(containers)
    _check_host_ports(containers)


def _check_dependencies(containers: tuple[ContainerSpec, ...]) -> None:
    needs = {container.name: container.depends_on for container in containers}
    for name, others in needs.items():
        for other in others:
            if other not in needs:
                raise ValueError(f"container {name!r} depends on {other!r}, which is no sibling")
    for start in needs:
        path = [start]
        if cycle := _find_cycle(needs, path):
            raise ValueError(f"depends_on forms a cycle: {' → '.join(cycle)}")


def _find_cycle(needs: dict[str, tuple[str, ...]], path: list[str]) -> list[str] | None:
    for other in needs[path[-1]]:
        if other in path:
            return [*path[path.index(other) :], other]
        if cycle := _find_cycle(needs, [*path, other]):
            return cycle
    return None


def _check_host_ports(containers: tuple[ContainerSpec, ...]) -> None:
    seen: set[tuple[int, str]] = set()
    for container in containers:
        for port in container.ports:
            key = (port.host_port, port.protocol.value)
            if port.host_port and key in seen:
                raise ValueError(
                    f"two ports of the service want host port {port.host_port}/{port.protocol}"
                )
            seen.add(key)


def spec_hash(spec: ServiceSpec) -> str:
    """Fingerprint of everything that a running container was created with.

    Two specs with equal hashes run equal containers, so no container needs to be replaced. Left out
    are what concerns only the service (replicas, placement, update, provider) and what the engine
    changes in place (cpu and memory).
    """
    containers = [
        container.model_dump(mode="json", exclude={"resources": _IN_PLACE})
        for container in spec.containers
    ]
    document = {
        "containers": containers,
        "networks": spec.networks,
        "restart": spec.restart.model_dump(mode="json"),
        "stop_timeout_seconds": spec.stop_timeout_seconds,
        "labels": spec.labels,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_IN_PLACE = {"cpu_limit", "memory_limit_bytes", "cpu_reservation", "memory_reservation_bytes"}


def has_fixed_host_port(spec: ServiceSpec) -> bool:
    """Whether two instances of it cannot share a node, nor old and new run side by side there."""
    return any(
        port.host_port and port.mode is PublishMode.HOST
        for container in spec.containers
        for port in container.ports
    )


class Release(Frozen):
    """An immutable, numbered snapshot of a service's spec."""

    number: Annotated[int, Field(ge=1)]
    spec: ServiceSpec
    spec_hash: str
    created_at: datetime


class Service(Resource):
    """A service as Warren records it.

    Attributes:
        spec: what is wanted now.
        state: see ``states``.
        releases: the kept ones, oldest first; the last is the current one.
        previous_replicas: what ``replicas`` returns to after a pause.
        paused_at: set while paused.
        message: why it is in its state, if that needs saying.
    """

    spec: ServiceSpec
    state: ServiceState = ServiceState.PROVISIONING
    releases: Annotated[tuple[Release, ...], Field(min_length=1)]
    previous_replicas: int | None = None
    paused_at: datetime | None = None
    message: str = ""

    @property
    def release(self) -> Release:
        """The current release."""
        return self.releases[-1]
