"""Every scenario comes true, and can fail."""

from pathlib import Path

import pytest

from tests.simulation.raft.scenario import Scenario, ScenarioFailed, play

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_comes_true(path: Path) -> None:
    play(path)


def test_scenario_fails_where_an_expectation_does_not_come_true() -> None:
    with pytest.raises(ScenarioFailed, match="line 2: expect leader 1: nobody leads"):
        Scenario().play("members 1 2 3\nexpect leader 1")
