"""Nodes: inventory hosts that may run instances."""

from enum import StrEnum

from pydantic import Field

from warren.model.resource import Resource
from warren.model.states import NodeState
from warren.model.validation import Frozen


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
