"""Nodes: inventory hosts that may run instances."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from warren.model.quantities import PortNumber
from warren.model.resource import Labels, Resource
from warren.model.states import NodeState
from warren.model.validation import Frozen

NODE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$"


class NodeRole(StrEnum):
    """Whether a node votes, runs instances, or both."""

    MANAGER = "manager"
    WORKER = "worker"
    HYBRID = "hybrid"


class Capacity(Frozen):
    """What a node has."""

    cpus: float = 0.0
    memory_bytes: int = 0
    disk_bytes: int = 0


class Engine(Frozen):
    """A container engine found on a node."""

    name: str
    version: str


class NodeSpec(Frozen):
    """A node as it is asked for.

    Attributes:
        name: its inventory name; never changes.
        address: where SSH reaches it; empty for its name.
        port: of its SSH server.
        user: who logs in.
        host_key: as in known_hosts (``ssh-ed25519 AAAA…``); empty for what the managers know.
        provider: which engine; ``None`` takes the first of podman, docker found there.
    """

    name: Annotated[str, Field(pattern=NODE_NAME)]
    labels: Labels = Field(default_factory=dict)
    address: Annotated[str, Field(max_length=253)] = ""
    port: PortNumber = 22
    user: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9._-]{0,31}$")] = "root"
    host_key: Annotated[str, Field(pattern=r"^([a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3})?$")] = ""
    role: NodeRole = NodeRole.WORKER
    provider: Literal["podman", "docker"] | None = None
    region: Annotated[str, Field(max_length=63)] = ""
    datacenter: Annotated[str, Field(max_length=63)] = ""


class Node(Resource):
    """A node as Warren records it; ``name`` is its inventory name.

    Attributes:
        hostname: what the host calls itself.
        address: how others reach its published ports.
        provider: the provider that runs its instances.
        engines: those found on it.
        message: why it is not ready.
    """

    hostname: str = ""
    address: str = ""
    role: NodeRole = NodeRole.WORKER
    region: str = ""
    datacenter: str = ""
    state: NodeState = NodeState.UNKNOWN
    arch: str = ""
    os: str = ""
    capacity: Capacity = Capacity()
    provider: str = "podman"
    engines: tuple[Engine, ...] = Field(default_factory=tuple)
    message: str = ""
