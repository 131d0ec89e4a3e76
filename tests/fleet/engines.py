"""One provider on one real host: what its tests share, whichever the engine."""

import json
import random
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fleet.hosts import FleetHosts
from warren.aio.clock import SystemClock
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import WarrenError
from warren.model.ids import new_id
from warren.model.instance import Instance
from warren.model.node import Engine, Node
from warren.model.observed import ObservedInstance
from warren.model.service import ServiceSpec, spec_hash
from warren.providers.contract import Provider, StepResult, Target
from warren.providers.registry import engines

EPOCH = 1
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def service(**fields: Any) -> ServiceSpec:
    """A spec of one container of image `localhost/web:1`, unless told otherwise."""
    return ServiceSpec.model_validate(
        {"name": "web", "image": "localhost/web:1", "stop_timeout_seconds": 2, **fields}
    )


def instance_of(spec: ServiceSpec, *, slot: int = 1, node: str = "") -> Instance:
    """A new instance of `spec`."""
    return Instance(
        id=new_id("instance", now_ms=1, random_bytes=secrets.token_bytes),
        name=f"{spec.name}-{slot}",
        created_at=WHEN,
        updated_at=WHEN,
        service_id="svc_1",
        service=spec.name,
        slot=slot,
        release=1,
        spec_hash=spec_hash(spec),
        node=node,
    )


def pool() -> Pool:
    """A pool as a process of Warren has it."""
    return Pool(clock=SystemClock(), random=random.random, nonce=lambda: secrets.token_hex(16))


def settings_of(fleet: FleetHosts, name: str) -> ConnectionSettings:
    """How a host of the fleet is reached."""
    return ConnectionSettings(
        name=name,
        address=fleet.addresses[name],
        user="root",
        private_key_files=(fleet.place.key,),
        known_hosts_files=(fleet.place.state / "known_hosts",),
    )


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A host with an engine, the provider for it, and a way to look behind its back."""

    fleet: FleetHosts
    provider: Provider
    target: Target

    @property
    def engine(self) -> str:
        return self.provider.name

    def ask(self, *words: str) -> str:
        """Ask the engine itself, past Warren."""
        return self.fleet.exec(self.target.node.name, [self.engine, *words]).strip()

    def inside(self, engine_id: str, *argv: str) -> str:
        """What a command in a container prints."""
        return self.ask("exec", engine_id, *argv)

    def inspect(self, engine_id: str) -> Any:
        return json.loads(self.ask("inspect", "--type", "container", engine_id))[0]

    async def start(self, spec: ServiceSpec, instance: Instance | None = None) -> str:
        """Provision and return the engine id; raises what it failed with."""
        instance = instance or instance_of(spec)
        (result,) = await self.perform(self.provider.provision(self.target, instance, spec))
        for error in result.errors.values():
            raise error
        return result.engine_ids["main"]

    async def fail(self, spec: ServiceSpec, instance: Instance | None = None) -> WarrenError:
        """Provision, and return what it failed with."""
        instance = instance or instance_of(spec)
        (result,) = await self.perform(self.provider.provision(self.target, instance, spec))
        assert not result.engine_ids
        return result.errors[instance.id]

    async def perform(self, *steps: Any) -> tuple[StepResult, ...]:
        return await self.provider.perform(self.target, steps, epoch=EPOCH)

    async def seen(self) -> Sequence[ObservedInstance]:
        return await self.provider.status(self.target, timeout_seconds=20)

    def names(self) -> list[str]:
        """All containers there are, Warren's or not."""
        return sorted(self.ask("ps", "--all", "--format", "{{.Names}}").split())


@asynccontextmanager
async def ground_on(fleet: FleetHosts, name: str, engine: str) -> AsyncIterator[Ground]:
    """The ground on one host, over a real SSH connection."""
    async with pool() as hosts:
        node = Node(
            id=f"nod_{name}",
            name=name,
            created_at=WHEN,
            updated_at=WHEN,
            address=fleet.addresses[name],
            provider=engine,
            engines=(Engine(name=engine, version="1"),),
        )
        yield Ground(
            fleet=fleet,
            provider=engines().get(engine),
            target=Target(node=node, host=hosts.host(settings_of(fleet, name)), cluster="clu_test"),
        )


ENGINES = ("podman", "docker")


@asynccontextmanager
async def ground_of(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    """The ground for the engine that a fixture's parameter names."""
    engine = request.param
    is_podman = engine == "podman"
    fleet = request.getfixturevalue("fleet" if is_podman else "docker_host")
    async with ground_on(fleet, "host1" if is_podman else "docker1", engine) as ground:
        yield ground
