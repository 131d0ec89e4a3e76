"""Members as processes of their own: started, killed, stopped and looked at from outside.

On loopback each has a port; on private grounds each has an address.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tests.fleet.raft.certificates import Authority, Files
from tests.fleet.raft.grounds import Grounds
from warren.raft.client import RequestKind
from warren.raft.errors import Unavailable
from warren.raft.transport.calls import Calls
from warren.raft.transport.handshake import Self

ROOT = Path(__file__).parents[3]
PORT = 7400

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a member process is told.

    Attributes:
        member: its id.
        address: where it listens.
        directory: what it keeps is there.
        certificates: the stem of its files.
        founders: who begins the cluster; none if it joins one.
        peers: where the others are, for one that joins.
        machine: what is replicated, by name.
        snapshot_entries: see ``ReplicaSettings``.
        segment_bytes: of the files of the log.
        reserve_bytes: kept back for a full disk.
    """

    member: int
    address: str
    directory: str
    certificates: str
    founders: dict[int, str] = field(default_factory=dict)
    peers: dict[int, str] = field(default_factory=dict)
    machine: str = "registers"
    snapshot_entries: int = 10_000
    segment_bytes: int = 16 << 20
    reserve_bytes: int = 0


class Members:
    """A cluster of processes.

    Args:
        folder: certificates, logs and, unless told otherwise, what members keep.
        size: how many found it.
        grounds: where they run; on loopback if there are none.
        settings: fields of ``Plan`` for all.

    Attributes:
        hosts: on which host a member runs that does not run on the one of its number.
        processes: by member.
        client: certificates of a client.
    """

    name = "warren"

    def __init__(
        self, folder: Path, size: int = 3, *, grounds: Grounds | None = None, **settings: object
    ) -> None:
        self.folder = folder
        self.size = size
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self.hosts: dict[int, int] = {}
        self._grounds = grounds
        self._ports: dict[int, int] = {}
        self._settings = settings
        self._authority = Authority(folder / "certificates")
        self.client: Files = self._authority.issue(0)

    @property
    def addresses(self) -> dict[int, str]:
        """Of the founders."""
        return {member: self.address(member) for member in range(1, self.size + 1)}

    def address(self, member: int) -> str:
        if self._grounds is not None:
            return f"{self._grounds.host(self.hosts.get(member, member))}:{PORT}"
        if member not in self._ports:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self._ports[member] = free.getsockname()[1]
        return f"127.0.0.1:{self._ports[member]}"

    def disk(self, member: int) -> Path:
        return self.folder / f"disk{member}"

    def directory(self, member: int) -> Path:
        return self.disk(member) / "state"

    def log(self, member: int) -> Path:
        return self.folder / f"member{member}.log"

    def start(self, *members: int, joins: bool = False) -> None:
        """Start these, or all founders."""
        peers = {member: self.address(member) for member in self.running()}
        for member in members or self.addresses:
            self.directory(member).mkdir(parents=True, exist_ok=True)
            address = self.address(member)
            stem = self._authority.issue(member, address.rpartition(":")[0]).certificate
            plan = Plan(
                member=member,
                address=address,
                directory=str(self.directory(member)),
                certificates=str(stem.with_suffix("")),
                founders={} if joins else self.addresses,
                peers=peers if joins else {},
                **self._settings,  # type: ignore[arg-type]
            )
            self.processes[member] = self._spawn(plan)

    def _spawn(self, plan: Plan) -> subprocess.Popen[bytes]:
        with ExitStack() as stack:
            log = stack.enter_context(self.log(plan.member).open("ab"))
            if self._grounds is not None:
                host = self.hosts.get(plan.member, plan.member)
                stack.enter_context(self._grounds.at(host))
            return subprocess.Popen(
                [sys.executable, "-m", "tests.fleet.raft.member", json.dumps(asdict(plan))],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def signal(self, member: int, number: signal.Signals) -> float:
        """Send a signal; the moment on CLOCK_MONOTONIC."""
        moment = time.monotonic()
        self.processes[member].send_signal(number)
        return moment

    def kill(self, member: int) -> float:
        """kill -9; the moment."""
        moment = self.signal(member, signal.SIGKILL)
        self.processes[member].wait()
        return moment

    def stop(self) -> None:
        """End all at once, without a word."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def status(self, member: int) -> dict[str, Any] | None:
        """What a member says of itself, ``None`` if it says nothing."""
        at = nullcontext() if self._grounds is None else self._grounds.at()
        with at, suppress(Unavailable):
            answer: dict[str, Any] = msgspec.msgpack.decode(asyncio.run(self._ask(member)))
            return answer
        return None

    async def _ask(self, member: int) -> bytes:
        calls = Calls(
            self.address(member),
            self.client.security(),
            Self(cluster="", member=0),
            timeout_seconds=1.0,
        )
        try:
            return await calls.request(RequestKind.STATUS, b"", timeout_seconds=1.0)
        finally:
            await calls.end()

    def leader_among(self, *members: int) -> int | None:
        """The one of these that leads, if all that run follow it."""
        running = [each for each in members or self.processes if each in self.running()]
        leaders = {(status or {}).get("leader", 0) for status in map(self.status, running)}
        leader: int = leaders.pop() if len(leaders) == 1 else 0
        return leader if leader in running else None

    def wait_for_leader(self, *members: int) -> int:
        """The same, as soon as there is one."""
        return wait_for(lambda: self.leader_among(*members), "a leader that all follow")

    def running(self) -> list[int]:
        return [member for member, process in self.processes.items() if process.poll() is None]

    def diagnosis(self) -> str:
        """The ends of all logs."""
        parts = []
        for member, process in sorted(self.processes.items()):
            lines = self.log(member).read_text(errors="replace").splitlines()[-15:]
            state = "runs" if process.poll() is None else f"ended with {process.returncode}"
            parts.append(f"member {member} {state}:\n  " + "\n  ".join(lines))
        return "\n".join(parts)


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 20) -> T:
    """Look again and again until something is seen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (seen := look()) is not None:
            return seen
        time.sleep(0.05)
    raise AssertionError(f"{what} was not seen in {seconds:g} s")


def memory_bytes(process: int) -> int:
    """What a process holds in memory."""
    fields = Path(f"/proc/{process}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def ordered(members: Sequence[int], first: int) -> list[int]:
    """The same, beginning with one of them."""
    return [first, *(member for member in members if member != first)]
