"""Members in one process, on real disks, threads, sockets and TLS."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from tests.fleet.raft.certificates import Authority
from warren.aio.clock import SystemClock
from warren.aio.disk import RealDisk
from warren.raft.client import Client
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import Broken, NotLeader, RaftError, Unavailable
from warren.raft.node.node import Node
from warren.raft.node.running import run_node
from warren.raft.replica.membership import AddLearner, Promote, Remove
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.storage import Place, bootstrap, is_begun, join
from warren.raft.transport.guests import Receivers
from warren.raft.transport.handshake import Self
from warren.raft.transport.transport import Transport

pytestmark = pytest.mark.fleet
CLUSTER = hashlib.blake2b(b"c", digest_size=32).digest()


class Registers:
    """``key=value`` sets and answers the value before; a query is a key."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def apply(self, _index: int, data: bytes) -> bytes:
        key, _, value = data.partition(b"=")
        before = self.values.get(key, b"")
        self.values[key] = value
        return before

    def query(self, data: bytes) -> bytes:
        return self.values.get(data, b"")

    def fingerprint(self) -> bytes:
        return hashlib.blake2b(repr(sorted(self.values.items())).encode()).digest()

    def freeze(self) -> Iterator[bytes]:
        frozen = list(self.values.items())
        return (
            msgspec.msgpack.encode(frozen[start : start + 100])
            for start in range(0, len(frozen), 100)
        )

    def restore(self) -> "Restoring":
        return Restoring(self)


class Restoring:
    def __init__(self, machine: Registers) -> None:
        self._machine = machine
        self._values: dict[bytes, bytes] = {}

    def add(self, piece: bytes) -> None:
        self._values.update(msgspec.msgpack.decode(piece, type=list[tuple[bytes, bytes]]))

    def finish(self) -> None:
        self._machine.values = self._values


@dataclass
class Cluster:
    """Members that can be started and stopped one by one."""

    directory: Path
    addresses: dict[int, str]
    snapshot_entries: int = 10_000
    segment_bytes: int = 1 << 20
    nodes: dict[int, Node] = field(default_factory=dict)
    machines: dict[int, Registers] = field(default_factory=dict)
    stacks: dict[int, AsyncExitStack] = field(default_factory=dict)
    authority: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.authority = Authority(self.directory / "certificates")

    def place(self, member: int) -> Place:
        directory = self.directory / f"member-{member}"
        directory.mkdir(exist_ok=True)
        return Place(
            disk=RealDisk(directory),
            cluster=CLUSTER,
            member=member,
            segment_bytes=self.segment_bytes,
        )

    async def start(self, member: int) -> Node:
        place, machine = self.place(member), Registers()
        if not is_begun(place):
            if member in self.addresses:
                bootstrap(place, self.addresses, machine.freeze())
            else:
                join(place)
        stack = AsyncExitStack()
        security = self.authority.issue(member).security()

        def connect(receivers: Receivers) -> Transport:
            ours = Self(cluster="c", member=member)
            clock = SystemClock()
            return Transport(ours, security, receivers, clock=clock, random=random.random)

        settings = ReplicaSettings(
            core=Settings(member=member),
            snapshot_entries=self.snapshot_entries,
            keep_entries=self.snapshot_entries // 2,
        )
        host, _, port = self.address(member).rpartition(":")
        node = await stack.enter_async_context(
            run_node(
                place,
                machine,
                settings,
                clock=SystemClock(),
                draw=random.randrange,
                connect=connect,
                listen=(host, int(port)),
                members=self.addresses,
            )
        )
        self.nodes[member], self.machines[member] = node, machine
        self.stacks[member] = stack
        return node

    def address(self, member: int) -> str:
        return self.addresses.get(member) or f"127.0.0.1:{free_port(member)}"

    async def stop(self, member: int) -> None:
        del self.nodes[member]
        await self.stacks.pop(member).aclose()

    async def leader(self) -> int:
        for _ in range(400):
            leads = [
                member for member, node in self.nodes.items() if node.status.role is Role.LEADER
            ]
            if leads:
                top = max(leads, key=lambda member: self.nodes[member].status.term)
                if self.nodes[top].status.committed >= self.nodes[top].status.last_index:
                    return top
            await asyncio.sleep(0.01)
        raise AssertionError({member: node.status for member, node in self.nodes.items()})

    def client(self) -> Client:
        return Client(
            list(self.addresses.values()),
            self.authority.issue(0).security(),
            clock=SystemClock(),
            random=random.random,
        )

    async def converge(self) -> None:
        """Wait until all members hold the same."""
        await until(
            lambda: (
                len({node.status.applied for node in self.nodes.values()}) == 1
                and len({machine.fingerprint() for machine in self.live_machines()}) == 1
            )
        )

    def live_machines(self) -> list[Registers]:
        return [self.machines[member] for member in self.nodes]


def free_port(salt: int) -> int:
    return 20_000 + random.randrange(20_000) + salt


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - members have no event for this
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    directory: Path, size: int = 3, snapshot_entries: int = 10_000, segment_bytes: int = 1 << 20
) -> AsyncIterator[Cluster]:
    start = free_port(0)
    addresses = {member: f"127.0.0.1:{start + member}" for member in range(1, size + 1)}
    cluster = Cluster(directory, addresses, snapshot_entries, segment_bytes)
    try:
        for member in addresses:
            await cluster.start(member)
        yield cluster
    finally:
        for member in tuple(cluster.nodes):
            await cluster.stop(member)


async def test_what_is_proposed_anywhere_is_read_everywhere(tmp_path: Path) -> None:
    async with running(tmp_path) as cluster:
        await cluster.leader()
        for member, node in cluster.nodes.items():
            assert await node.propose(b"k=%d" % member) == (b"%d" % (member - 1)) * (member > 1)
            for other in cluster.nodes.values():
                assert await other.read(b"k") == b"%d" % member


async def test_a_follower_leads_soon_when_the_leader_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as cluster:
        client = cluster.client()
        await client.propose(b"a=1")
        gone = await cluster.leader()
        began = asyncio.get_running_loop().time()
        await cluster.stop(gone)
        assert await client.propose(b"a=2") == b"1"
        assert asyncio.get_running_loop().time() - began < 2.0
        await cluster.start(gone)
        await cluster.converge()
        assert cluster.machines[gone].values == {b"a": b"2"}
        client.close()


async def test_commands_of_clients_take_effect_once_while_leaders_change(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_entries=200) as cluster:
        client = cluster.client()
        done: list[int] = []

        async def work(number: int) -> None:
            for turn in range(60):
                before = await client.propose(b"c%d=%d" % (number, turn))
                assert before == (b"%d" % (turn - 1) if turn else b"")
                done.append(turn)

        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(work(number))
            for wanted in (200, 500, 800):
                await until(lambda wanted=wanted: len(done) >= wanted)  # type: ignore[misc]
                leader = await cluster.leader()
                await cluster.stop(leader)
                await asyncio.sleep(0.2)
                await cluster.start(leader)
        await cluster.converge()
        assert len(done) == 1200
        client.close()


async def test_a_member_that_was_away_for_long_gets_a_snapshot(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_entries=100, segment_bytes=1 << 16) as cluster:
        client = cluster.client()
        leader = await cluster.leader()
        away = next(member for member in cluster.nodes if member != leader)
        await cluster.stop(away)
        for number in range(600):
            await client.propose(b"k%d=%d" % (number % 150, number))
        await until(lambda: cluster.nodes[leader].status.snapshot_index >= 500)
        await cluster.start(away)
        await cluster.converge()
        assert cluster.nodes[away].status.snapshot_index >= 500
        assert len(cluster.machines[away].values) == 150
        assert not any(node.divergences for node in cluster.nodes.values())
        files = [path.name for path in (tmp_path / f"member-{leader}").iterdir()]
        assert len([name for name in files if name.startswith("snapshot-")]) == 1, files
        client.close()


async def test_a_member_joins_is_promoted_and_another_leaves(tmp_path: Path) -> None:
    async with running(tmp_path) as cluster:
        await cluster.leader()
        node = cluster.nodes[1]
        await node.propose(b"a=1")
        address = f"127.0.0.1:{free_port(9)}"
        joined = await node.change(AddLearner(address))
        assert joined == 4
        assert await node.change(AddLearner(address)) == 4
        with pytest.raises(Unavailable, match="member 4 lacks"):
            await node.change(Promote(4))
        cluster.address = lambda member: address if member == 4 else cluster.addresses[member]  # type: ignore[method-assign]
        await cluster.start(4)
        await cluster.converge()
        await until(lambda: cluster.nodes[4].status.members.get(4) == address)
        for _ in range(50):
            try:
                await node.change(Promote(4))
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                break
        leader = await cluster.leader()
        await cluster.nodes[1 if leader != 1 else 2].change(Remove(leader))
        await until(lambda: leader not in cluster.nodes[4].status.members)
        await cluster.stop(leader)
        await cluster.leader()
        assert await cluster.nodes[4].propose(b"a=2") == b"1"
        assert cluster.nodes[4].status.configuration.voters == tuple(
            sorted({1, 2, 3, 4} - {leader})
        )


async def test_leadership_is_handed_over_before_a_member_stops(tmp_path: Path) -> None:
    async with running(tmp_path) as cluster:
        leader = await cluster.leader()
        assert await cluster.nodes[leader].hand_over()
        assert await cluster.leader() != leader


async def test_a_minority_says_why_it_writes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as cluster:
        leader = await cluster.leader()
        await cluster.nodes[leader].propose(b"a=1")
        others = [member for member in cluster.nodes if member != leader]
        for member in others:
            await cluster.stop(member)
        await until(lambda: cluster.nodes[leader].status.role is not Role.LEADER)
        await asyncio.sleep(1.5)
        with pytest.raises(NotLeader, match=r"of 3 voters, .* has heard from 1 .* 2 must agree"):
            await cluster.nodes[leader].propose(b"a=2")
        assert cluster.machines[leader].values == {b"a": b"1"}


async def test_a_member_whose_step_fails_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, size=1) as cluster:
        await cluster.leader()
        node = cluster.nodes[1]

        def fail(_index: int, data: bytes) -> bytes:
            raise Broken("this program is too old")

        cluster.machines[1].apply = fail  # type: ignore[method-assign]
        with pytest.raises(RaftError, match="may or may not"):
            await node.propose(b"a=1")
        with pytest.raises(Broken, match="too old"):
            await node.failed
        with pytest.raises(Unavailable, match="stops"):
            await node.propose(b"a=1")
