"""Puts, gets by id and by index at 1,000 and at 100,000 documents, measured in turn in one run.

Both stores lie in temporary directories on a real disk. A put replaces a recorded instance; 64 at a
time are proposed together, so that each fsync carries a batch, and the time of a put includes its
share of it. Stock TinyDB (with its JSON file, and in memory) is the other side, at 1,000 documents:
at 100,000 it is too slow to wait for. Puts, gets and look-ups alternate in short turns, as
they do in a manager, so that neither store keeps the processor's caches to itself. The collector is frozen after loading, as a daemon does.

Prints the machine, every median, and as last line the cost per operation at 100,000 documents
divided by that at 1,000.
"""

import asyncio
import gc
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from tinydb import TinyDB, where
from tinydb.storages import MemoryStorage
from tinydb.table import Table

from warren.aio.clock import SystemClock
from warren.daemon.opening import open_store
from warren.model.instance import Instance
from warren.raft.node.node import Node
from warren.store.store import Store

SIZES = (1_000, 100_000)
ROUNDS = 120
TOGETHER = 64
PER_ROUND = {"put": 64, "get": 64, "index": 64}
PER_SERVICE = 10
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def instance(number: int, version: int = 1) -> Instance:
    return Instance(
        id=f"ins_{number:032x}",
        name=f"web-{number}",
        created_at=NOW,
        updated_at=NOW,
        version=version,
        service_id=f"svc_{number // PER_SERVICE:032x}",
        service="web",
        slot=number % PER_SERVICE + 1,
        release=1,
        spec_hash="0123456789abcdef",
        node=f"node-{number % 500}",
    )


async def fill(store: Store, size: int) -> None:
    for start in range(0, size, 1000):
        await store.write(puts=[instance(number) for number in range(start, start + 1000)])


class Side:
    """One store of one size, walked through with a stride so that no round repeats another's ids."""

    def __init__(self, store: Store, size: int) -> None:
        self.store = store
        self.size = size
        self.at = 0

    def next_numbers(self, count: int) -> list[int]:
        numbers = [(self.at + step) * 7919 % self.size for step in range(count)]
        self.at += count
        return numbers

    async def put(self, count: int) -> float:
        total = 0.0
        for _batch in range(count // TOGETHER):
            changed = []
            for number in self.next_numbers(TOGETHER):
                old = self.store.instances.get(f"ins_{number:032x}")
                assert old is not None
                changed.append(old.model_copy(update={"version": old.version + 1}))
            started = time.perf_counter()
            await asyncio.gather(*(self.store.write(puts=[each]) for each in changed))
            total += time.perf_counter() - started
        return total / count

    async def get(self, count: int) -> float:
        ids = [f"ins_{number:032x}" for number in self.next_numbers(count)]
        get = self.store.instances.get
        started = time.perf_counter()
        for each in ids:
            get(each)
        return (time.perf_counter() - started) / count

    async def index(self, count: int) -> float:
        services = [f"svc_{n // PER_SERVICE:032x}" for n in self.next_numbers(count)]
        by_index = self.store.instances.by_index
        started = time.perf_counter()
        for each in services:
            found = by_index("service_id", each)
        elapsed = time.perf_counter() - started
        assert len(found) == PER_SERVICE
        return elapsed / count


async def measure() -> dict[str, float]:
    async with AsyncExitStack() as stack:
        sides = []
        for size in SIZES:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
            opened = await stack.enter_async_context(
                open_store(directory / "state", clock=SystemClock())
            )
            store = opened.store
            await fill(store, size)
            sides.append(Side(store, size))
        gc.collect()
        gc.freeze()
        operations: list[tuple[str, Callable[[Side, int], Awaitable[float]]]] = [
            ("put", Side.put), ("get", Side.get), ("index", Side.index),
        ]  # fmt: skip
        times: dict[tuple[str, int], list[float]] = {}
        for turn in range(ROUNDS + 1):
            for name, operation in operations:
                for side in sides if turn % 2 else reversed(sides):
                    taken = await operation(side, PER_ROUND[name])
                    if turn:  # the first warms up
                        times.setdefault((name, side.size), []).append(taken)
        medians = {key: statistics.median(taken) for key, taken in times.items()}
        print(f"{'warren':<24}" + "".join(f"{size:>12,}" for size in SIZES) + "  documents")
        for name, _operation in operations:
            row = "".join(f"{medians[name, size] * 1e6:>9.2f} µs" for size in SIZES)
            print(f"  {name:<22}{row}")
        await show_pause(sides[-1], opened.node)
    return {
        name: round(medians[name, SIZES[1]] / medians[name, SIZES[0]], 2)
        for name, _operation in operations
    }


async def show_pause(side: Side, node: Node) -> None:
    """Write until a snapshot of the large store was taken, while a ticker looks how long the loop is away."""
    gaps: list[float] = []

    async def tick() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - before)
            before = now

    before, started = node.status.snapshot_index, time.perf_counter()
    ticker = asyncio.ensure_future(tick())
    while node.status.snapshot_index == before:
        await side.put(TOGETHER)
    ticker.cancel()
    print(
        f"  writing until a snapshot of {side.size:,} was taken: {time.perf_counter() - started:.2f} s, "
        f"longest pause of the loop {max(gaps) * 1e3:.1f} ms"
    )


def show_tinydb() -> None:
    size = SIZES[0]
    documents = [instance(number).model_dump(mode="json") for number in range(size)]
    print(f"{'stock TinyDB':<24}{size:>12,}  documents (json file / memory)")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        databases = [TinyDB(Path(directory) / "db.json"), TinyDB(storage=MemoryStorage)]
        rows: dict[str, list[float]] = {"put": [], "get": [], "index": []}
        for database in databases:
            table = database.table("instances", cache_size=0)
            table.insert_multiple(documents)
            for name, call in tinydb_operations(table).items():
                rows[name].append(timed(call))
            database.close()
    for name, taken in rows.items():
        print(f"  {name:<22}" + " /".join(f"{each * 1e6:>9.2f} µs" for each in taken))


def tinydb_operations(table: Table) -> dict[str, Callable[[int], object]]:
    service = where("service_id")
    return {
        "put": lambda n: table.update({"version": n}, doc_ids=[n * 7 + 1]),
        "get": lambda n: table.get(doc_id=n * 7 + 1),
        "index": lambda n: table.search(service == f"svc_{n:032x}"),
    }


def timed(call: Callable[[int], object]) -> float:
    taken = []
    for number in range(50):
        started = time.perf_counter()
        call(number)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main() -> None:
    print(
        f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
    ratios = asyncio.run(measure())
    show_tinydb()
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
