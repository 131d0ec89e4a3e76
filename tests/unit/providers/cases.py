"""What the case files of providers are about: one instance of one service on one node."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warren.fleet.command import Command
from warren.model.instance import Instance
from warren.model.node import Engine, Node
from warren.model.service import ServiceSpec, spec_hash
from warren.providers.engine import creation, labels
from warren.providers.engine.dialect import DOCKER, PODMAN, Dialect

FOLDER = Path(__file__).parents[2] / "cases" / "providers"
DIALECTS = {"podman": PODMAN, "docker": DOCKER}
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS_THERE = (
    labels.CLUSTER, labels.SERVICE, labels.SERVICE_ID, labels.INSTANCE, labels.SLOT,
    labels.RELEASE, labels.SPEC_HASH, labels.CONTAINER, labels.ROLE, labels.TENANT,
    labels.SPEC, "warren.deployment.",
)  # fmt: skip
"""Labels that cases leave out, being the same in each; ``test_labels`` is about them."""


def files(prefix: str) -> list[Path]:
    return sorted(FOLDER.glob(f"{prefix}_*.yaml"))


def node(engine: str = "podman") -> Node:
    return Node(
        id="nod_1", name="host1", created_at=WHEN, updated_at=WHEN, address="10.0.0.1",
        region="north", provider=engine, engines=(Engine(name=engine, version="4.3.1"),),
    )  # fmt: skip


def service(**fields: Any) -> ServiceSpec:
    return ServiceSpec.model_validate({"name": "web", "image": "localhost/web:1", **fields})


def instance_of(spec: ServiceSpec, *, slot: int = 1, number: int = 0x3F2A9C1B) -> Instance:
    return Instance(
        id=f"ins_{number:032x}", name=f"{spec.name}-{slot}", created_at=WHEN, updated_at=WHEN,
        service_id="svc_1", service=spec.name, slot=slot, release=4, spec_hash=spec_hash(spec),
    )  # fmt: skip


def dialect(name: str) -> Dialect:
    return DIALECTS[name]


def without_usual_labels(command: Command) -> list[str]:
    words = list(command.argv)
    kept: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--label" and words[0].startswith(ALWAYS_THERE):
            words.pop(0)
        else:
            kept.append(word)
    return kept


def commands_of(engine: str, fields: dict[str, Any]) -> list[list[str]]:
    spec = ServiceSpec.model_validate(fields)
    made = creation.create(dialect(engine), instance_of(spec), spec, cluster="clu_1")
    return [without_usual_labels(command) for command in made]
