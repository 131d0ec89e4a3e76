from pathlib import Path

import pytest
import yaml

from tests.unit.providers.cases import instance_of, service
from warren.model.errors import InvalidInput
from warren.model.service import ServiceSpec
from warren.providers.engine import labels

SERVICES = Path(__file__).parents[2] / "cases" / "service"
VALID = [
    ServiceSpec.model_validate(yaml.safe_load(case["text"]))
    for case in (yaml.safe_load(path.read_text()) for path in sorted(SERVICES.glob("*.yaml")))
    if "fields" in case
]


def test_labels_say_what_a_container_belongs_to() -> None:
    spec = service(labels={"tier": "front"}, health_check={"type": "tcp", "port": 80})
    found = labels.of_container(instance_of(spec), spec, spec.main, cluster="clu_1")
    assert labels.unpack(found.pop("warren.spec")) == spec
    assert found == {
        "tier": "front",
        "warren.cluster": "clu_1",
        "warren.service": "web",
        "warren.service-id": "svc_1",
        "warren.instance": "ins_0000000000000000000000003f2a9c1b",
        "warren.slot": "1",
        "warren.release": "4",
        "warren.spec-hash": instance_of(spec).spec_hash,
        "warren.container": "main",
        "warren.role": "main",
        "warren.tenant": "default",
        "warren.deployment.version": "4",
        "warren.deployment.state": "active",
        "warren.deployment.strategy": "rolling",
        "warren.deployment.original-service": "web",
        "warren.health-check": '{"interval_seconds":30.0,"port":80,"retries":3,'
        '"start_period_seconds":0.0,"timeout_seconds":10.0,"type":"tcp"}',
    }


@pytest.mark.parametrize("spec", VALID, ids=lambda spec: spec.name)
def test_spec_is_rebuilt_from_its_label(spec: ServiceSpec) -> None:
    assert labels.unpack(labels.pack(spec)) == spec


def test_long_spec_is_packed_and_rebuilt() -> None:
    spec = service(env={f"NAME_{number}": "value" * 20 for number in range(100)})
    packed = labels.pack(spec)
    assert len(packed) < 2000
    assert "\n" not in packed
    assert labels.unpack(packed) == spec


@pytest.mark.parametrize("text", ["z:AAAA", "z:!", "{", "z:"])
def test_damaged_label_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        labels.unpack(text)


def test_label_of_another_version_is_an_error_that_names_the_field() -> None:
    with pytest.raises(InvalidInput, match="colour"):
        labels.unpack('{"containers":[{"image":"a"}],"name":"web","colour":"red"}')
