from datetime import UTC, datetime

import pytest

from warren.model.deployment import Deployment, DeploymentStep
from warren.model.errors import Conflict, InvalidInput
from warren.model.states import (
    DEPLOYMENT_TRANSITIONS,
    DeploymentState,
    check_deployment_transition,
)
from warren.model.validation import parse

NOW = datetime(2026, 10, 1, tzinfo=UTC)


def document(**changes: object) -> dict[str, object]:
    return {
        "id": "dep_1", "name": "web-2", "created_at": NOW, "updated_at": NOW, "service_id": "svc_1",
        "service": "web", "release": 2, "strategy": "rolling", **changes,
    }  # fmt: skip


def test_steps_are_numbered_without_gaps() -> None:
    steps = [DeploymentStep(number=number, at=NOW) for number in (1, 2)]
    assert parse(Deployment, document(steps=steps)).steps == tuple(steps)
    with pytest.raises(InvalidInput, match="numbered from 1 on, without gaps"):
        parse(Deployment, document(steps=steps[1:]))


def test_ended_deployments_stay_as_they_are() -> None:
    ended = {state for state, onwards in DEPLOYMENT_TRANSITIONS.items() if not onwards}
    assert ended == {
        DeploymentState.SUCCEEDED,
        DeploymentState.FAILED,
        DeploymentState.ROLLED_BACK,
        DeploymentState.CANCELLED,
    }
    assert set(DEPLOYMENT_TRANSITIONS) == set(DeploymentState)


@pytest.mark.parametrize("old", DeploymentState)
@pytest.mark.parametrize("new", DeploymentState)
def test_transition_outside_the_table_names_both_states(
    old: DeploymentState, new: DeploymentState
) -> None:
    if new is old or new in DEPLOYMENT_TRANSITIONS[old]:
        check_deployment_transition("web-2", old, new)
        return
    with pytest.raises(Conflict, match=f"web-2 cannot go from {old} to {new}"):
        check_deployment_transition("web-2", old, new)
