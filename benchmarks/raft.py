"""Three members of ours and three of etcd, on one machine, one after the other, with clients of equal kind.

Both keep their log on a real disk and fsync before they acknowledge. Ours have mutual TLS 1.3 between
all processes, etcd has none, which is in its favour. Either client is one process of Python with one
connection to the leader, and costs about as much per call. Values are of 256 bytes.

"warren" replicates bytes by key, as etcd does. "store" is the same with the store as managers run it: each
put is the next version of a document of twice the size, found by five indexes and counted in a
fingerprint. Memory is measured with it, services being recorded as documents, in etcd as JSON.

Prints the machine, all figures, and as last line the ratios ours/etcd of medians, with the median failover
and the longest of 100,000 writes of ours.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the members' process is that of tests/fleet/raft

from raft_parts.etcd import EtcdCluster  # noqa: E402
from raft_parts.ours import Cluster, StoreCluster  # noqa: E402

ROUNDS = 3
SECONDS = 5.0
TRIALS = 12
WRITES = 100_000
SERVICES = 10_000
SETTLE_SECONDS = 1.5
CASES = {"c1": ("put", 1), "c64": ("put", 64), "reads_c64": ("get", 64), "reads_c1": ("get", 1)}


class Side(Protocol):
    """A cluster that can be measured."""

    name: str

    def start(self) -> None: ...

    def leader(self) -> int: ...

    def addresses(self, first: int) -> list[str]: ...

    def process_id(self, member: int) -> int: ...

    def kill(self, member: int) -> float: ...

    def revive(self, member: int) -> None: ...

    def stop(self) -> None: ...


Open = Callable[[Path], Side]
SIDES: dict[str, Open] = {"etcd": EtcdCluster, "warren": Cluster, "store": StoreCluster}


@contextmanager
def running(name: str) -> Iterator[tuple[Side, Path]]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix=f"bench-{name}-") as folder:
        side = SIDES[name](Path(folder))
        try:
            side.start()
            yield side, Path(folder)
        finally:
            side.stop()


def load(side: Side, folder: Path, mode: str, *flags: object) -> list[str]:
    """Argv of the external client, whose first address is the leader's."""
    return [
        sys.executable, "-m", "raft_parts.load", side.name, mode, *side.addresses(side.leader()),
        "--folder", str(folder), *map(str, flags),
    ]  # fmt: skip


def call(argv: list[str]) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"}
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def measure_rates(names: list[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Medians over rounds, by case and side; the sides take turns."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for number in range(ROUNDS):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            with running(name) as (side, folder):
                for case, (mode, concurrency) in CASES.items():
                    flags = ("--concurrency", concurrency, "--seconds", SECONDS)
                    printed = call(load(side, folder, mode, *flags))
                    found.setdefault((case, name), []).append(json.loads(printed))
    result: dict[str, dict[str, dict[str, float]]] = {}
    for (case, name), rounds in found.items():
        middle = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        result.setdefault(case, {})[name] = middle
        print(
            f"  {case:<10} {name:<7} {middle['per_second']:>8,.0f}/s  p50 {middle['p50_ms']:6.2f} ms  "
            f"p99 {middle['p99_ms']:6.2f} ms  max {max(each['max_ms'] for each in rounds):6.1f} ms"
        )
    return result


def measure_failover(name: str) -> float:
    """Milliseconds from kill -9 of the leader to the first write answered that was begun after it."""
    taken = []
    with running(name) as (side, folder):
        for _ in range(TRIALS):
            time.sleep(SETTLE_SECONDS)
            taken.append(failover(side, folder))
    ordered = sorted(each * 1e3 for each in taken)
    print(
        f"  failover   {name:<7} median {statistics.median(ordered):.0f} ms, "
        f"{ordered[0]:.0f} to {ordered[-1]:.0f} ({TRIALS} trials)"
    )
    return statistics.median(ordered)


def failover(side: Side, folder: Path) -> float:
    leader = side.leader()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"}
    argv = load(side, folder, "probe")
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as prober:
        assert prober.stdout is not None
        prober.stdout.readline()
        time.sleep(SETTLE_SECONDS)
        killed = side.kill(leader)
        for line in prober.stdout:
            began, answered = map(float, line.split())
            if began > killed:
                break
        prober.kill()
    side.revive(leader)
    return answered - killed


def measure_longest(name: str) -> float:
    with running(name) as (side, folder):
        printed = call(load(side, folder, "put", "--concurrency", 64, "--count", WRITES))
    longest = float(json.loads(printed)["max_ms"])
    print(f"  longest    {name:<7} {longest:.1f} ms of {WRITES:,} writes, 64 at a time")
    return longest


def measure_memory(name: str) -> float:
    """MiB of the leader when services are recorded."""
    with running(name) as (side, folder):
        call(load(side, folder, "services", "--count", SERVICES))
        time.sleep(SETTLE_SECONDS)
        status = Path(f"/proc/{side.process_id(side.leader())}/status").read_text()
    mib = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    print(f"  memory     {name:<7} {mib:.0f} MiB, the leader with {SERVICES:,} services")
    return mib


def compare() -> dict[str, float]:
    rates = measure_rates(list(SIDES))
    failovers = {name: measure_failover(name) for name in ("etcd", "warren")}
    longest = {name: measure_longest(name) for name in ("etcd", "warren")}
    memory = {name: measure_memory(name) for name in ("etcd", "store")}

    def ratio(case: str, key: str, name: str = "warren") -> float:
        return round(rates[case][name][key] / rates[case]["etcd"][key], 2)

    return {
        "c1_throughput": ratio("c1", "per_second"),
        "c64_throughput": ratio("c64", "per_second"),
        "c64_p99": ratio("c64", "p99_ms"),
        "reads_c64": ratio("reads_c64", "per_second"),
        "failover": round(failovers["warren"] / failovers["etcd"], 2),
        "failover_ms": round(failovers["warren"]),
        "latency_max_ms": round(longest["warren"], 1),
        "rss": round(memory["store"] / memory["etcd"], 2),
        "store_c1_throughput": ratio("c1", "per_second", "store"),
        "store_c64_throughput": ratio("c64", "per_second", "store"),
    }


def measure_all(name: str) -> None:
    measure_rates([name])
    measure_failover(name)
    measure_longest(name)
    measure_memory(name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare Raft of ours with etcd.")
    parser.add_argument("--only", choices=list(SIDES), help="measure one side, compare nothing")
    only = parser.parse_args().only
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if only:
        measure_all(only)
    else:
        print(json.dumps(compare()))


if __name__ == "__main__":
    main()
