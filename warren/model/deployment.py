"""Deployments: roll-outs and roll-backs of releases, with a record of each step."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from warren.model.resource import Resource
from warren.model.service import Strategy
from warren.model.states import DeploymentState
from warren.model.validation import Frozen

NOTES_CHARACTERS_MAX = 4096
STEPS_MAX = 1000
MESSAGE_CHARACTERS_MAX = 4096

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class DeploymentReason(StrEnum):
    """Why there is a deployment."""

    CHANGE = "change"
    ROLLBACK = "rollback"


class DeploymentStep(Frozen):
    """One thing that a deployment did.

    Attributes:
        number: from 1.
        at: when.
        message: what, and with which result.
        weight_percent: share of the new release from here on.
    """

    number: Annotated[int, Field(ge=1, le=STEPS_MAX)]
    at: datetime
    message: Annotated[str, Field(max_length=MESSAGE_CHARACTERS_MAX)] = ""
    weight_percent: Annotated[int, Field(ge=0, le=100)] = 0


class Deployment(Resource):
    """One roll-out as Warren records it; ``name`` is that of the service and the release (``web-7``).

    Attributes:
        service_id: the service concerned.
        service: that service's name.
        release: number of the release it brings.
        previous_release: number of the one it replaces; none for a service's first.
        reason: a change, or a rollback.
        strategy: how.
        state: how far it is.
        containers: names of the containers that change; empty for all.
        notes: the user's.
        steps: what it did, oldest first.
        total: instances it is about.
        updated: of those, how many run the release and are healthy.
        failed: of those, how many failed.
        started_at: when it began.
        finished_at: when it ended.
        message: why it is in its state.
    """

    service_id: str
    service: str
    release: Annotated[int, Field(ge=1)]
    previous_release: Annotated[int, Field(ge=1)] | None = None
    reason: DeploymentReason = DeploymentReason.CHANGE
    strategy: Strategy
    state: DeploymentState = DeploymentState.PENDING
    containers: tuple[str, ...] = ()
    notes: Annotated[str, Field(max_length=NOTES_CHARACTERS_MAX)] = ""
    steps: Annotated[tuple[DeploymentStep, ...], Field(max_length=STEPS_MAX)] = ()
    total: Count = 0
    updated: Count = 0
    failed: Count = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: Annotated[str, Field(max_length=MESSAGE_CHARACTERS_MAX)] = ""

    @model_validator(mode="after")
    def _steps_are_in_order(self) -> Self:
        if [step.number for step in self.steps] != list(range(1, len(self.steps) + 1)):
            raise ValueError("steps must be numbered from 1 on, without gaps")
        return self
