"""What Warren sees on a node, as the deciders read it.

Produced by providers from an engine's listing; judged against the record by ``control``. Nothing
here is stored.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from warren.model.instance import Endpoint

ContainerState = Literal["created", "running", "paused", "restarting", "exited", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedContainer:
    """One labelled engine container.

    Attributes:
        name: the container spec's name, from its label.
        engine_id: the engine's full id.
        state: what the engine says.
        exit_code: set once it has ended.
        started_at: of its latest start.
        finished_at: of its latest end.
        restarts: how often the engine restarted it.
        healthy: what the engine's own health check says; ``None`` without one or before the first.
        error: the engine's message when it could not start.
        cpu_limit: cores, as the engine enforces them now; ``None`` is no limit.
        memory_limit_bytes: as the engine enforces it now; ``None`` is no limit.
        address: its address as seen from its node; empty when not running.
        endpoints: published ports.
        health_check: the check it was created with, as JSON; empty without one.
    """

    name: str
    engine_id: str
    state: ContainerState
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    restarts: int = 0
    healthy: bool | None = None
    error: str = ""
    cpu_limit: float | None = None
    memory_limit_bytes: int | None = None
    address: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    health_check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedInstance:
    """The containers on one node that carry one instance's id.

    Attributes:
        instance: the instance's id, from the label.
        service: the service's name, from the label.
        slot: from the label.
        release: from the label.
        spec_hash: from the label.
        containers: in no particular order.
    """

    instance: str
    service: str
    slot: int
    release: int
    spec_hash: str
    containers: tuple[ObservedContainer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """One listing of one node.

    Attributes:
        node: its name.
        taken_at: when.
        reachable: whether the listing succeeded; if not, ``instances`` says nothing.
        instances: everything labelled with our cluster.
        error: why it is unreachable.
        unreachable_kind: ``unreachable`` (may come back) or ``refused`` (keys, engine broken).
    """

    node: str
    taken_at: datetime
    reachable: bool
    instances: tuple[ObservedInstance, ...] = ()
    error: str = ""
    unreachable_kind: Literal["", "unreachable", "refused"] = ""
