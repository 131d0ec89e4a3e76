"""What users write → what is stored, or exactly which problems; one case a file.

A case's ``text`` is parsed with positions. ``problems`` lists the expected errors in the form
``LINE:COLUMN field: value rule``; ``fields`` lists dotted paths and the stored values.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from warren.model import marked
from warren.model.errors import InvalidInput
from warren.model.service import ServiceSpec
from warren.model.validation import parse

CASES = sorted((Path(__file__).parents[2] / "cases" / "service").glob("*.yaml"))


def test_there_are_cases() -> None:
    assert len(CASES) > 20


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_service_case(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    value = marked.load(case["text"], "f")
    if "problems" in case:
        with pytest.raises(InvalidInput) as caught:
            parse(ServiceSpec, value)
        assert [str(problem).removeprefix("f:") for problem in caught.value.problems] == case[
            "problems"
        ]
        return
    stored = parse(ServiceSpec, value).model_dump(mode="json")
    for dotted, expected in case["fields"].items():
        found: Any = stored
        for step in dotted.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        assert found == expected, dotted
