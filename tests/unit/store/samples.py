"""Things to store, and a store in memory."""

from datetime import UTC, datetime
from typing import Any

from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Release, Service, ServiceSpec, spec_hash
from warren.store.machine import StoreMachine
from warren.store.proposer import InMemoryProposer
from warren.store.state import State
from warren.store.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def service(name: str = "web", **fields: Any) -> Service:
    spec = ServiceSpec.model_validate({"name": name, "image": "nginx:1", "replicas": 2})
    release = Release(number=1, spec=spec, spec_hash=spec_hash(spec), created_at=NOW)
    known = {
        "id": f"svc_{name}",
        "name": name,
        "created_at": NOW,
        "updated_at": NOW,
        "spec": spec,
        "releases": (release,),
    }
    return Service.model_validate({**known, **fields})


def node(name: str = "alpha", **fields: Any) -> Node:
    known = {"id": f"nod_{name}", "name": name, "created_at": NOW, "updated_at": NOW}
    return Node.model_validate({**known, **fields})


def instance(name: str, service_id: str = "svc_web", **fields: Any) -> Instance:
    known = {
        "id": f"ins_{name}",
        "name": name,
        "created_at": NOW,
        "updated_at": NOW,
        "service_id": service_id,
        "service": "web",
        "slot": 1,
        "release": 1,
        "spec_hash": "0" * 16,
    }
    return Instance.model_validate({**known, **fields})


def store_in_memory() -> Store:
    machine = StoreMachine(State(), "clu_1")
    return Store(machine, InMemoryProposer(machine))
