"""What is refused in view of other services, nodes, and what this version can do."""

from typing import Any

import pytest

from tests.unit.control.situations import snapshot_of
from warren.control.validation import check_among, check_supported
from warren.model.errors import AlreadyExists, InvalidInput, Unsupported
from warren.model.service import ServiceSpec

PORT = {"container_port": 80, "host_port": 80}


def spec(**fields: Any) -> ServiceSpec:
    return ServiceSpec.model_validate({"name": "web", "image": "app:1", **fields})


def check(wanted: ServiceSpec, case: dict[str, Any], *, is_new: bool = False) -> None:
    snapshot = snapshot_of(case)
    check_among(wanted, snapshot.services.values(), snapshot.nodes.values(), is_new=is_new)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mode": "stateful"}, "mode 'stateful'"),
        ({"update": {"strategy": "canary"}}, "update.strategy 'canary'"),
        ({"update": {"strategy": "blue-green"}}, "update.strategy 'blue-green'"),
        ({"networks": ["front"]}, "networks 'front'"),
        ({"ports": [{"container_port": 80, "mode": "ingress"}]}, "ports.mode 'ingress'"),
    ],
)
def test_validation_refuses_what_this_version_cannot_do(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(Unsupported, match=message):
        check_supported(spec(**fields))


def test_validation_accepts_what_it_can_do() -> None:
    check_supported(spec(mode="global", ports=[PORT], update={"strategy": "recreate"}))


def test_validation_refuses_a_taken_name_only_when_creating() -> None:
    case = {"services": {"web": None}}
    check(spec(), case)
    with pytest.raises(AlreadyExists, match="'web'"):
        check(spec(), case, is_new=True)
    check(spec(), {"services": {"web": {"state": "destroying"}}}, is_new=True)


def test_validation_refuses_more_replicas_on_a_port_than_nodes() -> None:
    with pytest.raises(InvalidInput, match="80/tcp is needed on 3 of the 2 nodes"):
        check(spec(replicas=3, ports=[PORT]), {"nodes": {"n1": None, "n2": None}})
    check(spec(replicas=2, ports=[PORT]), {"nodes": {"n1": None, "n2": None}})


def test_validation_names_who_holds_the_port() -> None:
    case = {
        "nodes": {"n1": None, "n2": None},
        "services": {"edge": {"mode": "global", "ports": [PORT]}},
    }
    with pytest.raises(InvalidInput, match="of which service edge leaves 0"):
        check(spec(ports=[PORT]), case)
    check(spec(ports=[{**PORT, "protocol": "udp"}]), case)


def test_validation_counts_only_what_cannot_run_elsewhere() -> None:
    case = {
        "nodes": {"n1": {"labels": {"zone": "a"}}, "n2": None},
        "services": {"edge": {"replicas": 1, "ports": [PORT]}},
    }
    check(spec(ports=[PORT], placement={"constraints": ["node.label.zone == a"]}), case)


def test_validation_says_nothing_about_ports_without_nodes() -> None:
    check(spec(replicas=3, ports=[PORT]), {})
