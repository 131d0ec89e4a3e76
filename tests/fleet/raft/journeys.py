"""A cluster under load, something that happens to it, and what must be true afterwards."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tests.fleet.raft.grounds import Grounds
from tests.fleet.raft.history import acknowledged, check, read_history
from tests.fleet.raft.members import ROOT, Members, wait_for
from tests.simulation.raft.registers import decode_answer, encode_request
from warren.aio.clock import SystemClock
from warren.raft.client import Client, RequestKind
from warren.raft.errors import RaftError, Unavailable
from warren.raft.replica.membership import MembershipRequest, encode_request as encode_membership
from warren.raft.session import decode_number
from warren.testing.linearizability import Operation

T = TypeVar("T")

READS_AT_ONCE = 64
_SWELL_BYTES = 100_000


class Journey:
    """Members, and clients that use them all the time.

    Attributes:
        members: the cluster.
        grounds: where it runs.
        history: what the clients saw, once they have ended.
    """

    def __init__(self, members: Members, grounds: Grounds) -> None:
        self.members = members
        self.grounds = grounds
        self.history: list[Operation] = []

    def ask(self, call: Callable[[Client], Awaitable[T]], *members: int) -> T:
        """Be a client of these members, or of all that run."""
        addresses = [self.members.address(each) for each in members or self.members.running()]

        async def run() -> T:
            security = self.members.client.security()
            client = Client(addresses, security, clock=SystemClock(), random=lambda: 0.5)
            try:
                return await call(client)
            finally:
                await client.end()

        try:
            with self.grounds.at():
                return asyncio.run(run())
        except RaftError as error:
            for member in self.members.running():
                error.add_note(f"member {member}: {self.members.status(member)}")
            raise

    def leader(self) -> int:
        """The one that all running members follow."""
        return self.members.wait_for_leader()

    def wait_until_all_follow(self, *members: int) -> None:
        """Until these, or all founders, run and hold what the leader has committed."""
        wanted = members or tuple(self.members.addresses)
        goal = 0

        def look() -> bool | None:
            nonlocal goal
            leader = self.members.leader_among(*wanted)
            seen = [self.members.status(member) for member in wanted]
            if leader is None or None in seen:
                return None
            applied = [status["applied"] for status in seen if status is not None]
            goal = goal or max(applied)
            return True if min(applied) >= goal else None

        wait_for(look, f"members {wanted} all following", 30)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Clients work meanwhile; then all they saw is checked against what is there."""
        output = self.members.folder / "history.jsonl"
        addresses = list(self.members.addresses.values())
        argv = [sys.executable, "-m", "tests.fleet.raft.workload"]
        with self.grounds.at():
            process = subprocess.Popen(
                [*argv, str(self.members.client.certificate), str(output), *addresses], cwd=ROOT
            )
        try:
            wait_for(lambda: True if _lines(output) > READS_AT_ONCE else None, "the first answers")
            yield
            process.terminate()
            assert process.wait(timeout=30) == 0, "the clients failed"
        finally:
            process.kill()
            process.wait()
        self.history = read_history(output)
        self.verify()

    def verify(self) -> None:
        """Nothing acknowledged is lost, and one order explains all that was seen."""
        written = acknowledged(self.history)
        registers = {each.key for each in self.history if each.key not in written}
        keys = [str(key) for key in (*written, *registers)]
        found = self.ask(lambda client: _read_all(client, keys))
        lost = {key: value for key, value in written.items() if found[str(key)] != value}
        assert not lost, f"acknowledged and lost: {lost}"
        end = max(each.called for each in self.history) + 10**12
        reads = [
            Operation(key=key, request=("read",), answer=found[key], called=end, returned=end + 1)
            for key in keys
        ]
        check([*self.history, *reads])

    def write(
        self, key: str, value: str, *, at: tuple[int, ...] = (), timeout_seconds: float = 10.0
    ) -> None:
        """Write at these members, or at all that run."""
        command = encode_request(key, ("write", value))
        self.ask(lambda client: client.propose(command, timeout_seconds=timeout_seconds), *at)

    def read(self, key: str, *, at: tuple[int, ...] = (), timeout_seconds: float = 10.0) -> object:
        """Read at these members, or at all that run."""
        query = encode_request(key, ("read",))
        call = self.ask(lambda client: client.read(query, timeout_seconds=timeout_seconds), *at)
        return decode_answer(call)

    def swell(self, until: Callable[[], bool], seconds: float = 60) -> None:
        """Write much, whatever becomes of it, until something is so."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, "all that was written changed nothing"
            with suppress(Unavailable):
                self.write("swollen", "x" * _SWELL_BYTES, timeout_seconds=1.0)

    def change(self, request: MembershipRequest) -> int:
        """Change who takes part; tried again while it cannot be done yet."""
        payload = encode_membership(request)
        answer = self.ask(lambda client: client.request(RequestKind.MEMBERS, payload))
        return decode_number(answer)


async def _read_all(client: Client, keys: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    left = iter(keys)

    async def reader() -> None:
        for key in left:
            found[key] = decode_answer(await client.read(encode_request(key, ("read",))))

    async with asyncio.TaskGroup() as readers:
        for _ in range(READS_AT_ONCE):
            readers.create_task(reader())
    return found


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
