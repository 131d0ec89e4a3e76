"""What a manager can be asked, as data and one Protocol.

A change is a value, so the same one can be planned (``--check``), carried out, and shown.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from warren.model.instance import Instance
from warren.model.node import Node, NodeRole
from warren.model.service import Service, ServiceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyService:
    """Create the service, or make it what ``spec`` says.

    Attributes:
        keep_replicas: leave the replica count of an existing service as it is.
    """

    spec: ServiceSpec
    keep_replicas: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleService:
    """Change the number of replicas only."""

    name: str
    replicas: int
    tenant: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopService:
    """Pause: no instances, the replica count and the history are kept."""

    name: str
    tenant: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartService:
    """Resume: the replica count from before the pause comes back."""

    name: str
    tenant: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteService:
    """Remove the service and all its instances; gone already is no change."""

    name: str
    tenant: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterNode:
    """Add an inventory host as a node, or refresh what is known of it.

    Attributes:
        name: its inventory name.
        role: whether it runs instances.
        labels: for placement.
        provider: which engine to use; ``None`` takes the first of podman, docker found there.
    """

    name: str
    role: NodeRole = NodeRole.WORKER
    labels: Mapping[str, str] = field(default_factory=dict)
    provider: str | None = None
    region: str = ""
    datacenter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNode:
    """Forget a node; refused while instances are assigned to it and it answers."""

    name: str


Change = (
    ApplyService
    | ScaleService
    | StopService
    | StartService
    | DeleteService
    | RegisterNode
    | RemoveNode
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change did to the record.

    Attributes:
        what: ``service web``.
        verb: what happened to it.
        before: the spec before, as plain data; ``None`` if there was none.
        after: the spec after; ``None`` if it is gone.
    """

    what: str
    verb: Literal["created", "updated", "deleted", "unchanged"]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCommand:
    """One mutating command, as it is or would be sent.

    Attributes:
        node: where.
        text: the command as a person would type it.
    """

    node: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change would do.

    Attributes:
        changed: to the record.
        commands: to the hosts, in the order they would be sent to each.
        problems: why it could not be completed (no node fits, a node is unreachable).
    """

    changed: Changed
    commands: tuple[HostCommand, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a service is."""

    service: str
    desired: int
    running: int
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How waiting ended.

    Attributes:
        problems: why something does not run as asked; empty when all does.
        commands: the mutating commands that were sent meanwhile.
    """

    problems: tuple[str, ...]
    commands: tuple[HostCommand, ...]


class Reader(Protocol):
    """What only looks. Errors are those of ``warren.model.errors``."""

    async def service(self, name: str, *, tenant: str = "default") -> Service:
        """Read one service; ``NotFound`` names the nearest known one."""
        ...

    async def services(self) -> Sequence[Service]:
        """All services, by name."""
        ...

    async def instances(self, service: str | None = None) -> Sequence[Instance]:
        """The instances of one service, or all, by service and slot."""
        ...

    async def nodes(self) -> Sequence[Node]:
        """All nodes, by name."""
        ...

    def logs(
        self, service: str, *, tail: int | None = None, follow: bool = False
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Log lines of all instances of a service, each with the instance's name."""
        ...


class Client(Reader, Protocol):
    """A manager, wherever it is."""

    async def change(self, change: Change) -> Changed:
        """Record a change; ``InvalidInput``, ``NotFound``, ``Conflict``, ``Unsupported`` if refused."""
        ...

    async def plan(self, change: Change) -> Plan:
        """Say what ``change`` would do, after all changes planned before it; nothing is changed."""
        ...

    async def settle(
        self,
        services: Sequence[str] | None = None,
        *,
        timeout_seconds: float,
        progress: Callable[[Sequence[Progress]], None],
    ) -> Settled:
        """Wait until the named services (or all) are as asked, or cannot become so."""
        ...
