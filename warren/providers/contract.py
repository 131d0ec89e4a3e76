"""The contract of a provider: what the layers above may ask of whatever runs instances.

Asking has two halves. A pure half builds a ``Step`` (the commands) from nouns; ``perform`` has steps
run on a host, fenced. So what a plan prints is what a run sends, from the same functions.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from warren.fleet.command import Become, Command, Result
from warren.fleet.host import Host
from warren.model.container import Resources
from warren.model.errors import WarrenError
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.observed import ObservedInstance
from warren.model.service import ServiceSpec


class Capability(StrEnum):
    """What a provider may be able to do on a node."""

    PROVISION = "provision"
    DEPLOY = "deploy"
    SCALE = "scale"
    LOGS = "logs"
    EXEC = "exec"
    VOLUMES = "volumes"
    RESIZE = "resize"
    ROLLING = "strategy:rolling"
    RECREATE = "strategy:recreate"
    BLUE_GREEN = "strategy:blue-green"
    CANARY = "strategy:canary"
    GPU = "gpu"
    DISK_LIMIT = "disk-limit"
    SIDECARS = "sidecars"
    NETWORKS = "networks"
    INGRESS_PORTS = "ingress-ports"
    AUTOSCALE = "autoscale"
    CUSTOM_DOMAINS = "custom-domains"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """A provider as it presents itself on a node.

    Attributes:
        name: as registered.
        version: of the engine on that node; empty if it is not known.
        node: the node's name.
        region: the node's region.
    """

    name: str
    version: str
    node: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectivity:
    """Whether an engine answers.

    Attributes:
        healthy: whether it does.
        message: its version, or what is wrong.
        latency_seconds: from question to answer, as the controller sees it.
    """

    healthy: bool
    message: str
    latency_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A node and the way to it.

    Attributes:
        node: as recorded.
        host: what reaches it.
        cluster: id of the cluster whose containers are meant; no others are ever listed or touched.
        become: who may use the engine there; ``None`` is the user who logs in.
    """

    node: Node
    host: Host
    cluster: str
    become: Become | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Commands that together do one thing to one or more instances of a node.

    Attributes:
        kind: what they do.
        title: the same for people, such as ``provision web-1``.
        instances: ids of the instances concerned.
        commands: run in order; each must end with status 0.
        containers: container specs' names, in the order in which ``commands`` print their ids.
        clear: removes what is in the way of a creation, or left of one that failed.
        image: what a creation needs, for messages.
    """

    kind: Literal["provision", "deprovision", "start", "stop", "restart", "resize"]
    title: str
    instances: tuple[str, ...]
    commands: tuple[Command, ...]
    containers: tuple[str, ...] = ()
    clear: Command | None = None
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended.

    Attributes:
        step: as it was asked for.
        errors: by instance id, for those it failed for.
        engine_ids: engine container id by container name, after a provision.
    """

    step: Step
    errors: Mapping[str, WarrenError] = field(default_factory=dict)
    engine_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """Something happened to one of our containers.

    Attributes:
        instance: id from the label.
        engine_id: of the container.
        what: the engine's word, the same for all engines (``start``, ``died``, ``remove``, …).
        exit_code: after ``died``.
    """

    instance: str
    engine_id: str
    what: str
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """Which lines of a container's output are wanted.

    Attributes:
        tail: at most so many of the latest; ``None`` is all.
        since: none older than that.
        follow: go on with new ones.
        timestamps: begin each line with its time.
    """

    tail: int | None = None
    since: datetime | None = None
    follow: bool = False
    timestamps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecOptions:
    """How a command runs in a container.

    Attributes:
        stdin: what it reads.
        environment: variables added to the container's.
        user: who it runs as; ``None`` is the container's own user.
        directory: where it runs; ``None`` is the container's own directory.
        timeout_seconds: after this it is given up.
    """

    stdin: bytes = b""
    environment: tuple[tuple[str, str], ...] = ()
    user: str | None = None
    directory: str | None = None
    timeout_seconds: float = 60.0


class Provider(Protocol):
    """Runs instances on nodes.

    The methods that reach a host raise ``HostUnreachable``, ``HostRefused``, ``CommandTimedOut``, and
    ``CommandFailed`` or ``Unsupported`` if the engine does not do what it should.
    """

    @property
    def name(self) -> str:
        """The name it is registered under."""
        ...

    def info(self, node: Node) -> ProviderInfo:
        """Describe it as found on ``node``."""
        ...

    def capabilities(self, node: Node) -> frozenset[Capability]:
        """What it can do on ``node``; nothing if its engine is not there."""
        ...

    def check(self, spec: ServiceSpec, node: Node) -> None:
        """Refuse a spec that it could not fully honour on ``node``.

        Raises:
            Unsupported: naming provider, node and every field concerned.
        """
        ...

    def provision(self, target: Target, instance: Instance, spec: ServiceSpec) -> Step:
        """Build what creates and starts an instance; what is left of it before is replaced.

        Raises:
            Unsupported: as ``check``.
        """
        ...

    def deprovision(
        self, target: Target, instances: Sequence[str], *, stop_timeout_seconds: float
    ) -> Step:
        """Build what stops and removes instances, all at once; gone already is success."""
        ...

    def operate(
        self,
        kind: Literal["start", "stop", "restart"],
        instance: Instance,
        engine_ids: Sequence[str],
        *,
        stop_timeout_seconds: float | None = None,
    ) -> Step:
        """Build what starts, stops or restarts containers in place: they keep their ids."""
        ...

    def resize(self, instance: Instance, engine_id: str, resources: Resources) -> Step:
        """Build what changes cpu and memory of a container while it runs."""
        ...

    async def perform(
        self, target: Target, steps: Sequence[Step], *, epoch: int
    ) -> tuple[StepResult, ...]:
        """Have steps run in order; one that fails does not keep the others from running.

        Raises:
            StaleEpoch: a newer controller has commanded the host; nothing more was done.
        """
        ...

    async def status(
        self, target: Target, *, timeout_seconds: float
    ) -> tuple[ObservedInstance, ...]:
        """List everything on the node that carries the cluster's label, in one round trip."""
        ...

    async def ping(self, target: Target) -> Connectivity:
        """Ask the engine whether it is there; failures are an answer, not an error."""
        ...

    def events(self, target: Target) -> AbstractAsyncContextManager[AsyncIterator[EngineEvent]]:
        """Follow what happens to the cluster's containers, until the connection ends."""
        ...

    def logs(
        self, target: Target, engine_id: str, options: LogOptions
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Follow what a container writes: both its outputs, in the engine's order."""
        ...

    async def tail(self, target: Target, engine_id: str, lines: int) -> tuple[str, ...]:
        """Read the last lines that a container wrote, oldest first."""
        ...

    async def exec(
        self, target: Target, engine_id: str, argv: Sequence[str], options: ExecOptions
    ) -> Result:
        """Run a command in a container and wait for its end."""
        ...
