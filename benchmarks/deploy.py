"""Thirty containers on three hosts: Warren against `podman run` in a loop over OpenSSH.

Theirs sends one shell loop to each of the three hosts in parallel and waits for the last to end. Ours
is measured from the record (the service applied to a manager that knows its nodes) to all instances
running. Both start the same image with the same network, in turn, on the same hosts. Prints the machine, both
sides, and as last line `{"ratio": ours/theirs}`.
"""

import asyncio
import json
import os
import platform
import random
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.fleet.hosts import FleetHosts  # noqa: E402 - found by the line above
from warren.aio.clock import SystemClock  # noqa: E402
from warren.client.contract import ApplyService, RegisterNode  # noqa: E402
from warren.daemon.embedded import open_embedded  # noqa: E402
from warren.fleet.ssh.pool import Pool  # noqa: E402
from warren.fleet.ssh.settings import ConnectionSettings  # noqa: E402
from warren.model.service import ServiceSpec  # noqa: E402

ROUNDS = 5
HOSTS = 3
CONTAINERS = 30


def theirs(fleet: FleetHosts) -> float:
    each = CONTAINERS // HOSTS
    loop = (
        f"for i in $(seq {each}); do"
        " podman run -d --name bench-$i --cpus 0.5 --memory 32m localhost/web:1 >/dev/null || exit 1;"
        " done"
    )
    config = fleet.place.state / "ssh_config"
    started = time.perf_counter()
    running = [
        subprocess.Popen(["ssh", "-F", str(config), machine.name, loop], stdout=subprocess.DEVNULL)
        for machine in fleet.machines
    ]
    if any(process.wait() for process in running):
        raise SystemExit("the loop of podman run failed")
    return time.perf_counter() - started


async def ours(fleet: FleetHosts, state: Path) -> float:
    place = fleet.place
    async with Pool(
        clock=SystemClock(), random=random.random, nonce=lambda: secrets.token_hex(16)
    ) as pool:
        machines = {
            name: pool.host(
                ConnectionSettings(
                    name=name,
                    address=address,
                    user="root",
                    private_key_files=(place.key,),
                    known_hosts_files=(place.state / "known_hosts",),
                )
            )
            for name, address in fleet.addresses.items()
        }
        async with open_embedded(state, machines.__getitem__) as client:
            for name in machines:
                await client.change(RegisterNode(name=name))
            await client.settle(timeout_seconds=30, progress=lambda _steps: None)
            spec = ServiceSpec.model_validate(
                {
                    "name": "bench",
                    "image": "localhost/web:1",
                    "replicas": CONTAINERS,
                    "resources": {"cpu_limit": 0.5, "memory_limit_bytes": "32MiB"},
                }
            )
            started = time.perf_counter()
            await client.change(ApplyService(spec=spec))
            settled = await client.settle(timeout_seconds=120, progress=lambda _steps: None)
            seconds = time.perf_counter() - started
            if settled.problems:
                raise SystemExit("\n".join(settled.problems))
            return seconds


def count_running(fleet: FleetHosts) -> int:
    return sum(
        len(fleet.exec(machine.name, ["podman", "ps", "-q"]).split()) for machine in fleet.machines
    )


def wipe(fleet: FleetHosts) -> None:
    for machine in fleet.machines:
        fleet.exec(machine.name, ["podman", "rm", "-af", "-t", "0"])


def main() -> None:
    work = Path(tempfile.mkdtemp(prefix="warren-bench-"))
    fleet = FleetHosts(work / "fleet", owned=True)
    figures: dict[str, list[float]] = {"theirs": [], "ours": []}
    try:
        fleet.up(HOSTS)
        with fleet.enter():
            for number in range(ROUNDS):
                figures["theirs"].append(theirs(fleet))
                assert count_running(fleet) == CONTAINERS
                wipe(fleet)
                figures["ours"].append(asyncio.run(ours(fleet, work / f"state{number}")))
                assert count_running(fleet) == CONTAINERS
                wipe(fleet)
    finally:
        fleet.down()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    medians = {name: statistics.median(seconds) for name, seconds in figures.items()}
    for name, seconds in figures.items():
        print(f"{name}: {medians[name]:.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")
    print(json.dumps({"ratio": round(medians["ours"] / medians["theirs"], 2)}))


if __name__ == "__main__":
    main()
