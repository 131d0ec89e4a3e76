"""The contract of a host, kept over SSH by a real one."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fleet.hosts import FleetHosts
from tests.unit.fleet.host_contract import RealHostContract
from warren.aio.clock import SystemClock
from warren.fleet.machine import Machine, Places
from warren.fleet.script import EPOCHS
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings

FUNCTIONS = Path(__file__).parents[1] / "unit" / "fleet" / "functions"


class TestSshHost(RealHostContract):
    @pytest.fixture
    def epochs(self) -> str:
        return EPOCHS

    @pytest.fixture
    def cluster(self) -> str:
        return f"clu_{secrets.token_hex(4)}"

    @pytest.fixture
    async def host(self, machine: Machine) -> Machine:
        return machine

    @pytest.fixture
    async def machine(self, fleet: FleetHosts) -> AsyncIterator[Machine]:
        settings = ConnectionSettings(
            name="host1",
            address=fleet.addresses["host1"],
            user="root",
            private_key_files=(fleet.place.key,),
            known_hosts_files=(fleet.place.state / "known_hosts",),
        )
        async with Pool(
            clock=SystemClock(),
            random=lambda: 0.5,
            nonce=lambda: secrets.token_hex(16),
            places=Places(functions=FUNCTIONS),
        ) as pool:
            yield pool.host(settings)


class TestShellCarriedOverSsh(TestSshHost):
    """The same once a call was made: batches then run in the shell that the interpreter carries."""

    @pytest.fixture
    async def host(self, machine: Machine) -> Machine:
        await machine.call("probe.echo", {})
        return machine
