"""What the reconciler may ask of a node: a closed set, executed by ``dispatch`` only.

The list that ``--check --diff`` prints is built from the same actions that a run performs.
"""

from dataclasses import dataclass

from warren.model.container import Resources
from warren.model.instance import Instance
from warren.model.service import ServiceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """Create and start an instance's containers (convergent: half-made ones are replaced)."""

    node: str
    instance: Instance
    spec: ServiceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprovision:
    """Stop and remove an instance's containers; gone already is success.

    Attributes:
        engine_ids: the containers to remove, all labelled with our cluster.
        stop_timeout_seconds: from SIGTERM to SIGKILL.
        reason: why, for events and progress.
    """

    node: str
    instance_id: str
    service: str
    slot: int
    engine_ids: tuple[str, ...]
    stop_timeout_seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Start an instance's ended containers again, in place (same container ids)."""

    node: str
    instance: Instance
    engine_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Change cpu and memory of a running container in place."""

    node: str
    instance: Instance
    engine_id: str
    resources: Resources


Action = Provision | Deprovision | Restart | Resize
