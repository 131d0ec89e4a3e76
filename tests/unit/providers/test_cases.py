"""Case files: what a user writes → commands; what an engine prints → what it means."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.providers.cases import (
    commands_of,
    dialect,
    files,
    instance_of,
    node,
    service,
)
from warren.fleet.command import Result
from warren.model.errors import Unsupported, WarrenError
from warren.model.observed import ObservedContainer
from warren.model.service import ServiceSpec
from warren.providers.contract import Step
from warren.providers.engine import events, failures, limits, listing, support
from warren.providers.engine.provider import EngineProvider

by_file = pytest.mark.parametrize


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_there_are_cases_of_every_kind() -> None:
    least = {"create": 24, "resize": 3, "listing": 2, "failure": 15, "refused": 10, "events": 2}
    assert {kind: len(files(kind)) >= count for kind, count in least.items()} == dict.fromkeys(
        least, True
    )


@pytest.mark.parametrize("engine", ["podman", "docker"])
@pytest.mark.parametrize("path", files("create"), ids=lambda path: path.stem)
def test_service_becomes_commands(path: Path, engine: str) -> None:
    case = load(path)
    assert commands_of(engine, case["service"]) == case[engine]


@pytest.mark.parametrize("engine", ["podman", "docker"])
@pytest.mark.parametrize("path", files("resize"), ids=lambda path: path.stem)
def test_resources_become_an_update(path: Path, engine: str) -> None:
    case = load(path)
    resources = service(resources=case["resources"]).main.resources
    command = limits.update(dialect(engine), "abc", resources)
    assert list(command.argv) == [engine, *case["argv"]]


@pytest.mark.parametrize("path", files("refused"), ids=lambda path: path.stem)
def test_service_is_refused(path: Path) -> None:
    case = load(path)
    spec = ServiceSpec.model_validate(case["service"])
    for engine, message in case["refused"].items():
        with pytest.raises(Unsupported) as caught:
            support.check(dialect(engine), spec, node(engine))
        assert caught.value.message == message
    for engine in {"podman", "docker"} - set(case["refused"]):
        support.check(dialect(engine), spec, node(engine))


@pytest.mark.parametrize("path", files("failure"), ids=lambda path: path.stem)
def test_failure_becomes_an_error(path: Path) -> None:
    case = load(path)
    step = Step(
        kind="provision", title="start web-1", instances=("ins_1",), commands=(), image="app:1"
    )
    result = Result(stdout=b"", stderr=case["stderr"].encode(), status=case["status"], seconds=0.1)
    error: WarrenError = failures.error_of(case["engine"], "host1", step, result)
    assert (type(error).__name__, error.message) == (case["error"], case["message"])


@pytest.mark.parametrize("path", files("listing"), ids=lambda path: path.stem)
def test_listing_is_understood(path: Path) -> None:
    case = load(path)
    seen = listing.read(case["stdout"].encode(), address="10.0.0.1")
    shown = {
        f"{one.service}-{one.slot} release {one.release} {one.spec_hash}": _shown(one.containers[0])
        for one in seen
    }
    assert shown == case["seen"]
    assert [one.instance for one in seen] == sorted(one.instance for one in seen)


@pytest.mark.parametrize("path", files("events"), ids=lambda path: path.stem)
def test_events_are_understood(path: Path) -> None:
    case = load(path)
    read = [events.read(line.encode()) for line in case["lines"]]
    assert [
        None
        if event is None
        else [event.instance, event.engine_id[:4], event.what, event.exit_code]
        for event in read
    ] == case["events"]


def _shown(container: ObservedContainer) -> dict[str, Any]:
    return {
        "engine_id": container.engine_id,
        "state": container.state,
        "exit_code": container.exit_code,
        "restarts": container.restarts,
        "healthy": container.healthy,
        "error": container.error,
        "cpu_limit": container.cpu_limit,
        "memory_limit_bytes": container.memory_limit_bytes,
        "address": container.address,
        "started_at": str(container.started_at),
        "finished_at": str(container.finished_at),
        "endpoints": [
            f"{one.name} {one.address}:{one.port} -> {one.container_port}/{one.protocol}"
            for one in container.endpoints
        ],
    }


def test_nothing_listed_is_nothing_seen() -> None:
    assert listing.read(b"", address="10.0.0.1") == ()


def test_garbage_is_no_listing() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        listing.read(b'{"id": ', address="10.0.0.1")


def test_provision_is_refused_before_a_command_exists() -> None:
    spec = service(networks=["backend"])
    with pytest.raises(Unsupported, match="node host1: networks"):
        EngineProvider(dialect("podman")).check(spec, node())
    assert instance_of(spec).service == "web"
