"""Clients in a process of their own: they ask, and write down what they saw.

    python -m tests.fleet.raft.workload CERTIFICATES OUTPUT ADDRESS...

Until SIGTERM each client does one thing after the other: it writes, compares and sets, or reads one of few
registers, or writes a key that nobody ever wrote. One line of JSON per operation, with times of
CLOCK_MONOTONIC, which all processes of a machine share.
"""

import asyncio
import json
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path
from typing import TextIO

from tests.fleet.raft.certificates import Files
from tests.simulation.raft.registers import Request, decode_answer, encode_request
from warren.aio.clock import SystemClock
from warren.raft.client import Client
from warren.raft.errors import SessionExpired, Unavailable, Uncertain

CLIENTS = 6
REGISTERS = 3
PAUSE_SECONDS = 0.01
TIMEOUT_SECONDS = 20.0


class Worker:
    """One client, with a session of its own."""

    def __init__(self, number: int, client: Client, output: TextIO) -> None:
        self._number = number
        self._client = client
        self._output = output
        self._random = random.Random()

    async def run(self) -> None:
        for step in count(1):
            kind = self._random.random()
            register, value = f"r{self._random.randrange(REGISTERS)}", f"{self._number}.{step}"
            if kind < 0.3:
                await self._do(register, ("write", value))
            elif kind < 0.5:
                seen = await self._do(register, ("read",))
                await self._do(register, ("cas", seen, value))
            elif kind < 0.7:
                await self._do(register, ("read",))
            else:
                await self._do(f"u{value}", ("write", value))
            await asyncio.sleep(PAUSE_SECONDS * self._random.random())

    async def _do(self, key: str, request: Request) -> object:
        called = time.monotonic_ns()
        call = self._client.read if request[0] == "read" else self._client.propose
        try:
            result = await call(encode_request(key, request), timeout_seconds=TIMEOUT_SECONDS)
        except (Uncertain, SessionExpired, asyncio.CancelledError) as error:
            self._note(key, request, None, called, None)  # it may have happened, or may yet happen
            if isinstance(error, asyncio.CancelledError):
                raise
            return None
        except Unavailable:
            return None  # it did not happen
        answer = decode_answer(result)
        self._note(key, request, answer, called, time.monotonic_ns())
        return answer

    def _note(self, *fields: object) -> None:
        self._output.write(json.dumps([self._number, *fields]) + "\n")


async def main(certificate: Path, output: Path, addresses: list[str]) -> None:
    files = Files(
        certificate, certificate.with_suffix(".key"), certificate.with_name("authority.pem")
    )
    security = files.security()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    clients = [
        Client(addresses, security, clock=SystemClock(), random=random.random)
        for _ in range(CLIENTS)
    ]
    with output.open("w", buffering=1) as lines:
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(Worker(number, client, lines).run())
                for number, client in enumerate(clients)
            ]
            await ended.wait()
            for worker in workers:
                worker.cancel()
    for client in clients:
        await client.end()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
