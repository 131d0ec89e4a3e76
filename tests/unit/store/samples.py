"""Things to store, and a store on a disk of choice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from warren.aio.disk import Disk
from warren.aio.offload import Inline
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Release, Service, ServiceSpec, spec_hash
from warren.store.opening import open_on_disk
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


@asynccontextmanager
async def store_on(disk: Disk) -> AsyncIterator[Store]:
    numbers = count(1)
    opened = open_on_disk(
        disk,
        lambda: f"clu_{next(numbers)}",
        writer=Inline(),
        compactor=Inline(),
        called="the disk",
    )
    async with opened as store:
        yield store
