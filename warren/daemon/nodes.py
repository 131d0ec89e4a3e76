"""From a host's facts to a node, as it is registered."""

from datetime import datetime

from warren.client.contract import RegisterNode
from warren.fleet.facts.facts import HostFacts
from warren.model.errors import Unsupported
from warren.model.node import Capacity, Engine, Node

ENGINES = ("podman", "docker")
"""In the order in which they are preferred."""


def node_of(change: RegisterNode, facts: HostFacts, *, node_id: str, now: datetime) -> Node:
    """Describe a host as a node.

    Raises:
        Unsupported: it has no engine that answers, or not the one asked for.
    """
    provider = _provider(change, facts)
    return Node(
        id=node_id,
        name=change.name,
        labels=dict(change.labels),
        created_at=now,
        updated_at=now,
        hostname=facts.hostname,
        address=facts.default_address or next(iter(facts.addresses), ""),
        role=change.role,
        region=change.region,
        datacenter=change.datacenter,
        arch=facts.arch,
        os="linux",
        capacity=Capacity(
            cpus=facts.cpus,
            memory_bytes=facts.memory_total_bytes,
            disk_bytes=facts.storage_total_bytes,
        ),
        provider=provider,
        engines=tuple(Engine(name=engine.name, version=engine.version) for engine in facts.engines),
    )


def _provider(change: RegisterNode, facts: HostFacts) -> str:
    answering = [engine.name for engine in facts.engines if engine.answers]
    if change.provider is not None:
        if change.provider in answering:
            return change.provider
        found = next((one for one in facts.engines if one.name == change.provider), None)
        why = "its daemon does not answer" if found else "it is not installed"
        raise Unsupported(f"host {change.name} cannot use {change.provider}: {why}")
    for name in ENGINES:
        if name in answering:
            return name
    raise Unsupported(
        f"host {change.name} has neither Podman nor a Docker that answers",
        hint="the role warren.core.node installs one",
    )
