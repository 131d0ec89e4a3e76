"""What hosts print about themselves, one file per case: output in, facts or an error out."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from warren.fleet.command import Result
from warren.fleet.facts import gathering
from warren.model.errors import CommandFailed

CASES = sorted((Path(__file__).parents[3] / "cases" / "facts").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_facts_are_those_of_the_case(path: Path) -> None:
    case: dict[str, Any] = yaml.safe_load(path.read_text())
    told = case["told"]
    result = Result(
        status=case.get("status", 0),
        stdout=told if isinstance(told, bytes) else told.encode(),
        stderr=case.get("stderr", "").encode(),
        seconds=0.1,
    )
    if "error" in case:
        with pytest.raises(CommandFailed, match=case["error"]):
            gathering.parse("web1", result)
        return
    facts = gathering.parse("web1", result, now_seconds=case.get("now_seconds"))
    assert facts.model_dump(mode="json", exclude_defaults=True) == case["facts"]
