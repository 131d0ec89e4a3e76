"""Every scenario comes true, and scenarios and mutations can fail and be made."""

from pathlib import Path

import pytest

from tests.simulation.raft import mutants
from tests.simulation.raft.scenario import Scenario, ScenarioFailed, play

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_comes_true(path: Path) -> None:
    play(path)


def test_scenario_fails_where_an_expectation_does_not_come_true() -> None:
    with pytest.raises(ScenarioFailed, match="line 2: expect leader 1: nobody leads"):
        Scenario().play("members 1 2 3\nexpect leader 1")


@pytest.mark.parametrize("mutation", mutants.mutations(()), ids=lambda each: each.name)
def test_mutation_finds_its_place(mutation: mutants.Mutation, tmp_path: Path) -> None:
    for edit in mutation.edits:
        target = tmp_path / edit.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((mutants.ROOT / edit.file).read_text())
    for edit in mutation.edits:
        edit.apply(tmp_path)
