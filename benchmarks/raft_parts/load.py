"""The external client: one process that puts or gets on one side, and says how long it took.

    python -m raft_parts.load SIDE MODE ADDRESS... [--folder F] [--concurrency N] [--seconds S | --count N]

`put` and `get` keep N calls under way until the time or the count is over and print one JSON object.
`probe` begins a put every 10 ms and prints, for each that was answered, when it was begun and when
that was (CLOCK_MONOTONIC, which all processes share), until it is stopped.
`services` puts so many documents of services.
"""

import argparse
import asyncio
import gc
import json
import os
import time
from array import array
from contextlib import suppress
from itertools import count
from pathlib import Path

from raft_parts.records import service
from raft_parts.targets import CONNECT, Failed, Target

KEYS = 1_000
VALUE_BYTES = 256
PROBE_SECONDS = 0.01
PROBE_TIMEOUT_SECONDS = 5.0
RECORDERS = 64


async def keep_busy(target: Target, mode: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Closed loop: each of so many callers begins its next call when the last was answered."""
    values = [os.urandom(VALUE_BYTES) for _ in range(64)]
    keys = [f"key/{number:06}".encode() for number in range(KEYS)]
    numbers = count()
    latencies = array("d")
    if mode == "get":
        for key in keys:
            await target.put(key, values[0])
    started = time.perf_counter()
    end = started + arguments.seconds if arguments.seconds else float("inf")
    limit = arguments.count or float("inf")
    clock = time.perf_counter

    async def call() -> None:
        while (began := clock()) < end and (number := next(numbers)) < limit:
            if mode == "put":
                await target.put(keys[number % KEYS], values[number % 64])
            else:
                found = await target.get(keys[number % KEYS])
                assert len(found) >= VALUE_BYTES, "a read did not find what was written"
            latencies.append(clock() - began)

    async with asyncio.TaskGroup() as callers:
        for _ in range(arguments.concurrency):
            callers.create_task(call())
    seconds = clock() - started
    ordered = sorted(latencies)
    return {
        "count": len(ordered),
        "per_second": len(ordered) / seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
        "max_ms": ordered[-1] * 1e3,
    }


async def probe(target: Target) -> None:
    """Open loop: what one put meets does not keep the next one from being begun."""

    async def attempt(key: bytes) -> None:
        began = time.monotonic()
        with suppress(Failed, TimeoutError):
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
                await target.put(key, b"x" * VALUE_BYTES)
            print(began, time.monotonic(), flush=True)

    async with asyncio.TaskGroup() as attempts:
        for number in count():
            attempts.create_task(attempt(f"probe/{number % KEYS}".encode()))
            await asyncio.sleep(PROBE_SECONDS)


async def record(target: Target, size: int) -> None:
    numbers = iter(range(size))

    async def call() -> None:
        for number in numbers:
            await target.record(service(number))

    async with asyncio.TaskGroup() as callers:
        for _ in range(RECORDERS):
            callers.create_task(call())


async def run(arguments: argparse.Namespace) -> None:
    target = await CONNECT[arguments.side](arguments.addresses, arguments.folder)
    gc.freeze()
    gc.disable()  # the client's pauses are not those of the servers
    if arguments.mode == "probe":
        await probe(target)
    elif arguments.mode == "services":
        await record(target, arguments.count)
    else:
        print(json.dumps(await keep_busy(target, arguments.mode, arguments)))
    await target.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=sorted(CONNECT))
    parser.add_argument("mode", choices=["put", "get", "probe", "services"])
    parser.add_argument("addresses", nargs="+")
    parser.add_argument("--folder", type=Path, help="where the certificates lie")
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--count", type=int)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
