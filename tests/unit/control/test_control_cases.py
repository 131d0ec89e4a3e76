"""Situation in, decision out: one YAML file a case, for each decider."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.control.situations import snapshot_of, text_of_action, texts_of_writes
from warren.control.orchestrator import orchestrate
from warren.control.planner import plan
from warren.control.reconciler import reconcile
from warren.control.scheduler import Assigned, schedule
from warren.control.snapshot import Policy

CASES = Path(__file__).parents[2] / "cases"


def cases(topic: str) -> list[Path]:
    found = sorted((CASES / topic).glob("*.yaml"))
    assert len(found) > 10
    return found


def load(path: Path) -> dict[str, Any]:
    case = yaml.safe_load(path.read_text())
    assert isinstance(case, dict)
    assert case["about"]
    return case


def policy_of(case: dict[str, Any]) -> Policy:
    return Policy(**case.get("policy", {}))


@pytest.mark.parametrize("path", cases("scheduler"), ids=lambda path: path.stem)
def test_scheduler_case(path: Path) -> None:
    case = load(path)
    placed = {
        item.instance.id: item.node if isinstance(item, Assigned) else item.reason
        for item in schedule(snapshot_of(case))
    }
    assert placed == case["expect"]


@pytest.mark.parametrize("path", cases("orchestrator"), ids=lambda path: path.stem)
def test_orchestrator_case(path: Path) -> None:
    case = load(path)
    decided = orchestrate(snapshot_of(case), policy_of(case), lambda *parts: "new-" + parts[1])
    assert texts_of_writes(decided.writes) == case["expect"]


@pytest.mark.parametrize("path", cases("reconciler"), ids=lambda path: path.stem)
def test_reconciler_case(path: Path) -> None:
    case = load(path)
    snapshot = snapshot_of(case)
    reconciled = reconcile(snapshot, policy_of(case))
    planned = plan(snapshot.with_writes(reconciled.writes))
    assert texts_of_writes(reconciled.writes) == case["writes"]
    assert [text_of_action(action) for action in planned.actions] == case["actions"]
