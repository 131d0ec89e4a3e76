"""What users write of every kind: one valid form, and what is refused with which words."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from warren.model import marked
from warren.model.certificate import CertificateSpec
from warren.model.config import ConfigSpec
from warren.model.errors import InvalidInput
from warren.model.event import Event
from warren.model.ingress import IngressSpec
from warren.model.network import NetworkSpec
from warren.model.node import NodeSpec
from warren.model.secret import SecretSpec
from warren.model.template import TemplateSpec
from warren.model.tenant import TenantSpec
from warren.model.validation import parse
from warren.model.volume import VolumeSpec

KINDS: dict[str, type[BaseModel]] = {
    "certificate": CertificateSpec,
    "config": ConfigSpec,
    "event": Event,
    "ingress": IngressSpec,
    "network": NetworkSpec,
    "node": NodeSpec,
    "secret": SecretSpec,
    "template": TemplateSpec,
    "tenant": TenantSpec,
    "volume": VolumeSpec,
}
FOLDER = Path(__file__).parents[2] / "cases" / "nouns"
FILES = sorted(FOLDER.glob("*.yaml"))


def cases() -> list[Any]:
    found = []
    for path in FILES:
        for name, case in yaml.safe_load(path.read_text()).items():
            found.append(pytest.param(KINDS[path.stem], case, id=f"{path.stem}-{name}"))
    return found


def test_every_kind_has_cases() -> None:
    assert [path.stem for path in FILES] == sorted(KINDS)


@pytest.mark.parametrize(("model", "case"), cases())
def test_noun_case(model: type[BaseModel], case: dict[str, Any]) -> None:
    value = marked.load(case["text"], "f")
    if "problems" not in case:
        stored = parse(model, value)
        for name, expected in case.get("fields", {}).items():
            found: Any = stored
            for step in str(name).split("."):
                found = found[int(step)] if step.isdigit() else getattr(found, step)
            assert found == expected, name
        return
    with pytest.raises(InvalidInput) as caught:
        parse(model, value)
    found = [str(problem).removeprefix("f:") for problem in caught.value.problems]
    assert found == case["problems"]
