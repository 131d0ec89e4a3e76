"""Placements per second of the pure scheduler at 1,000 nodes, and the cost of a pass that changes nothing.

Each case places all its instances from pending in one pass: services of 100 replicas with reservations,
spread over 20 zones. The no-op pass decides about 1,000 services with 10 running instances each and finds nothing to do.
The best of several rounds counts: what else the machine does only adds. Prints the machine, each case, and as last line one JSON object.
"""

import gc
import json
import os
import platform
import time
from datetime import UTC, datetime

from warren.control.decision import decide
from warren.control.scheduler import Assigned, schedule
from warren.control.snapshot import Policy, Snapshot, take
from warren.model.instance import Instance
from warren.model.node import Capacity, Engine, Node
from warren.model.observed import NodeView, ObservedContainer, ObservedInstance
from warren.model.service import Release, Service, ServiceSpec, spec_hash
from warren.model.states import InstanceState, NodeState, ServiceState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NODES = 1000
REPLICAS = 100
ROUNDS = 3
CASES = (1_000, 10_000, 100_000)


def nodes() -> list[Node]:
    return [
        Node(
            id=f"nod_{number:05}", name=f"n{number:05}", created_at=NOW, updated_at=NOW,
            labels={"zone": f"z{number % 20}"}, state=NodeState.READY,
            capacity=Capacity(cpus=64, memory_bytes=256 << 30),
            engines=(Engine(name="podman", version="5.0.0"),),
        )
        for number in range(NODES)
    ]  # fmt: skip


def service(number: int, replicas: int) -> Service:
    spec = ServiceSpec.model_validate(
        {
            "name": f"s{number}", "image": "example.org/app:1", "replicas": replicas,
            "resources": {"cpu_reservation": 0.1, "memory_reservation_bytes": "64MiB"},
            "placement": {"spread": ["zone"]},
        }
    )  # fmt: skip
    release = Release(number=1, spec=spec, spec_hash=spec_hash(spec), created_at=NOW)
    return Service(
        id=f"svc_{number:06}", name=spec.name, created_at=NOW, updated_at=NOW, spec=spec,
        releases=(release,),
    )  # fmt: skip


def pending(owner: Service, slot: int) -> Instance:
    return Instance(
        id=f"ins_{owner.id}_{slot:05}", name=f"{owner.name}-{slot}", created_at=NOW, updated_at=NOW,
        service_id=owner.id, service=owner.name, slot=slot, release=1,
        spec_hash=owner.release.spec_hash,
    )  # fmt: skip


def world(count: int) -> Snapshot:
    services = [service(number, REPLICAS) for number in range(count // REPLICAS)]
    instances = [pending(owner, slot) for owner in services for slot in range(1, REPLICAS + 1)]
    return take(now=NOW, services=services, instances=instances, nodes=nodes())


def placements_per_second(count: int) -> float:
    snapshot = world(count)
    seconds = []
    for _ in range(ROUNDS):
        gc.collect()
        started = time.perf_counter()
        placements = schedule(snapshot)
        seconds.append(time.perf_counter() - started)
        assert sum(isinstance(placement, Assigned) for placement in placements) == count
    return count / min(seconds)


def running(owner: Service, slot: int, node: str) -> Instance:
    return pending(owner, slot).model_copy(
        update={
            "state": InstanceState.RUNNING, "node": node, "started_at": NOW, "ready_at": NOW,
            "engine_ids": {"main": f"c-{owner.id}-{slot}"},
        }
    )  # fmt: skip


def settled_world() -> Snapshot:
    """1,000 active services with 10 running instances each, and listings that agree."""
    owners = [service(number, 10) for number in range(1000)]
    owners = [owner.model_copy(update={"state": ServiceState.ACTIVE}) for owner in owners]
    instances = [
        running(owner, slot, f"n{(number * 10 + slot) % NODES:05}")
        for number, owner in enumerate(owners)
        for slot in range(1, 11)
    ]
    seen: dict[str, list[ObservedInstance]] = {}
    for one in instances:
        assert one.node is not None
        container = ObservedContainer(
            name="main", engine_id=one.engine_ids["main"], state="running", started_at=NOW
        )
        seen.setdefault(one.node, []).append(
            ObservedInstance(
                instance=one.id, service=one.service, slot=one.slot, release=1,
                spec_hash=one.spec_hash, containers=(container,),
            )
        )  # fmt: skip
    views = [
        NodeView(node=node.name, taken_at=NOW, reachable=True, instances=tuple(seen[node.name]))
        for node in nodes()
    ]
    return take(now=NOW, services=owners, instances=instances, nodes=nodes(), views=views)


def idle_pass_ms() -> float:
    snapshot = settled_world()
    milliseconds = []
    for _ in range(ROUNDS * 3):
        gc.collect()
        started = time.perf_counter()
        decision = decide(snapshot, Policy(), no_id)
        milliseconds.append((time.perf_counter() - started) * 1000)
        assert not decision.writes
        assert not decision.actions
    return min(milliseconds)


def no_id(*parts: str) -> str:
    raise AssertionError(f"nothing is to be created: {parts}")


def main() -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cpus, Python {platform.python_version()}")
    figures: dict[str, float] = {}
    for count in CASES:
        figures[f"placements_per_second_{count}"] = round(placements_per_second(count))
        print(
            f"{NODES} nodes, {count} instances: {figures[f'placements_per_second_{count}']:,.0f} placements/s"
        )
    figures["idle_pass_ms"] = round(idle_pass_ms(), 1)
    print(f"1,000 services x 10 instances, nothing to do: {figures['idle_pass_ms']} ms a pass")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
