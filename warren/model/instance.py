"""Instances: one replica of a service on one node."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from warren.model.container import Resources
from warren.model.resource import Resource
from warren.model.states import InstanceState
from warren.model.validation import Frozen


class Endpoint(Frozen):
    """Where a port of an instance is reached from outside its node."""

    container: str
    name: str | None
    address: str
    port: int
    container_port: int
    protocol: str


class Health(Frozen):
    """What the last probes of an instance said.

    Attributes:
        healthy: ``None`` until the first probe, or without a health check.
    """

    healthy: bool | None = None
    message: str = ""
    checked_at: datetime | None = None
    failures: int = 0
    successes: int = 0


class Instance(Resource):
    """One replica as Warren records it.

    Attributes:
        service_id: the service it belongs to.
        service: that service's name.
        slot: its stable number, from 1; in global mode one slot a node.
        release: number of the release it runs.
        spec_hash: fingerprint of what its containers were created with.
        resources: cpu and memory as last applied to the main container.
        node: name of its node; set from ``assigned`` on. While pending: in global mode the node it
            is for, else the one where it failed last, if any.
        desired: whether it should run or be gone.
        state: how far it is.
        engine_ids: engine container id by container name; set from ``starting`` on.
        exit_code: of the main container, when it ended.
        started_at: when its containers were last started, on the controller's clock.
        ready_at: when it last became running, on the same clock.
        finished_at: when it ended or failed, on the same clock.
        message: why it is in its state: the scheduler's explanation, the engine's error.
        attempts: how often it was started anew after failing.
        retry_at: not before this may a failed instance be tried again.
    """

    service_id: str
    service: str
    slot: int
    release: int
    spec_hash: str
    resources: Resources = Resources()
    node: str | None = None
    desired: Literal["running", "shutdown"] = "running"
    state: InstanceState = InstanceState.PENDING
    engine_ids: dict[str, str] = Field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    health: Health = Health()
    started_at: datetime | None = None
    ready_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    message: str = ""
    attempts: int = 0
    restarts: int = 0
    retry_at: datetime | None = None
