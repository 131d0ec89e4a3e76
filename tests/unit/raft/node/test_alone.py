"""A member that is alone, on a disk that can be full, fail, and lose power."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.unit.raft.replica.world import Registers
from warren.aio.clock import SystemClock
from warren.aio.offload import Inline
from warren.raft.client import RequestKind
from warren.raft.core.entry import Configuration, SnapshotMeta
from warren.raft.core.messages import MsgSnap
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import Broken, DiskFull, RaftError, Refused, Unavailable, Uncertain
from warren.raft.node.node import Node
from warren.raft.node.running import run_node
from warren.raft.node.writing import Threads
from warren.raft.replica.outbox import Answer
from warren.raft.replica.replicated import initial_pieces
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.session import OpenSession, Plain, decode_number, encode_proposal
from warren.raft.snapshots.writing import SnapshotWriter
from warren.raft.storage import Place, bootstrap, is_begun
from warren.testing.disk import SimulatedDisk


@asynccontextmanager
async def running(
    disk: SimulatedDisk, *, reserve_bytes: int = 0, snapshot_entries: int = 10_000
) -> AsyncIterator[tuple[Node, Registers]]:
    place = Place(
        disk=disk,
        cluster=bytes(32),
        member=1,
        segment_bytes=16 << 10,
        reserve_bytes=reserve_bytes,
    )
    if not is_begun(place):
        bootstrap(place, {1: ""}, iter(()))
    machine = Registers()
    settings = ReplicaSettings(
        core=Settings(member=1), tick_ms=5, snapshot_entries=snapshot_entries, keep_entries=10
    )
    threads = Threads(log=Inline(), files=Inline(), snapshots=Inline())
    async with run_node(
        place, machine, settings, clock=SystemClock(), draw=lambda _: 0, threads=threads
    ) as node:
        await until(lambda: node.status.role is Role.LEADER)
        yield node, machine


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - members have no event for this
            await asyncio.sleep(0.001)


async def test_it_leads_at_once_and_finds_everything_again_after_a_power_failure() -> None:
    disk = SimulatedDisk()
    async with running(disk) as (node, _):
        for number in range(20):
            await node.propose(b"k=%d" % number)
        after = disk.crash(lambda _: False)
    async with running(after) as (node, machine):
        assert await node.read(b"k") == b"19"
        assert machine.applied == [b"k=%d" % number for number in range(20)]


async def test_it_takes_snapshots_and_begins_with_the_last_one() -> None:
    disk = SimulatedDisk()
    async with running(disk, snapshot_entries=50) as (node, _):
        for number in range(140):
            await node.propose(b"k%d=%d" % (number % 10, number))
        await until(lambda: node.status.snapshot_index > 100)
        await asyncio.sleep(0.01)
        assert node.statistics.snapshots.count >= 2
    async with running(disk) as (node, machine):
        await until(lambda: node.status.applied >= 141)
        assert len(machine.applied) < 50
        assert await node.read(b"k9") == b"139"
        assert len([name for name in disk.names() if name.startswith("snapshot-")]) == 1


async def test_what_is_asked_in_one_turn_is_written_at_once() -> None:
    disk = SimulatedDisk()
    async with running(disk) as (node, _):
        before = node.statistics.writes.count
        await asyncio.gather(*[node.propose(b"k=%d" % number) for number in range(64)])
        assert node.statistics.writes.count - before <= 2


async def test_full_disk_writes_nothing_reads_on_and_recovers_by_itself() -> None:
    disk = SimulatedDisk()
    async with running(disk, reserve_bytes=64 << 10, snapshot_entries=200) as (node, machine):
        await node.propose(b"k=before")
        await until(lambda: "reserve" in disk.names())
        disk.capacity_bytes = disk.used_bytes
        refused: RaftError | None = None
        for _number in range(3000):
            try:
                await node.propose(b"k=" + bytes(200), timeout_seconds=0.2)
            except (DiskFull, Uncertain) as error:
                refused = error
                break
        assert refused is not None
        assert "reserve" not in disk.names()
        assert node.status.is_disk_full
        with pytest.raises(DiskFull, match="reading goes on"):
            await node.propose(b"k=full")
        assert await node.read(b"k") == machine.values[b"k"]
        disk.capacity_bytes = None
        await until(lambda: not node.status.is_disk_full)
        await node.propose(b"k=after")
        assert await node.read(b"k") == b"after"
        assert "reserve" in disk.names()
    async with running(disk) as (node, _):
        assert await node.read(b"k") == b"after"


async def test_failed_fsync_ends_it_without_an_acknowledgement() -> None:
    disk = SimulatedDisk()
    async with running(disk) as (node, _):
        await node.propose(b"k=1")
        disk.fail = lambda operation, _name: errno.EIO if operation == "sync" else None
        with pytest.raises(Uncertain):
            await node.propose(b"k=2")
        with pytest.raises(Broken):
            await node.failed
        with pytest.raises(Unavailable, match="stops"):
            await node.read(b"k")


async def test_machine_that_fails_ends_it() -> None:
    async with running(SimulatedDisk()) as (node, machine):

        def fail(_index: int, data: bytes) -> bytes:
            raise KeyError(data)

        machine.apply = fail  # type: ignore[method-assign]
        with pytest.raises(Uncertain):
            await node.propose(b"k=1")
        with pytest.raises(KeyError):
            await node.failed


async def test_snapshot_from_another_leader_of_its_own_term_ends_it() -> None:
    sent = SimulatedDisk()
    meta = SnapshotMeta(50, 1, Configuration(voters=(1, 2)))
    writer = SnapshotWriter(sent, meta)
    for piece in initial_pieces({1: "", 2: ""}, iter(())):
        writer.add(piece)
    data = sent.read(writer.finish())
    async with running(SimulatedDisk()) as (node, _):
        announced = MsgSnap(1, 2, node.status.term, meta)
        sink = await node.receivers.open_sink(announced, len(data))
        await sink.add(0, data)
        with pytest.raises(Broken, match="both lead"):
            await sink.finish()
        with pytest.raises(Broken, match="both lead"):
            await node.failed
        sink = await node.receivers.open_sink(announced, len(data))
        await sink.add(0, data)
        with pytest.raises(Unavailable, match="stops"):
            await sink.finish()


async def test_caller_that_gives_up_does_no_harm() -> None:
    async with running(SimulatedDisk()) as (node, _):
        task = asyncio.ensure_future(node.propose(b"k=1"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await node.propose(b"k=2") == b"1"


async def test_requests_of_clients_are_served() -> None:
    async with running(SimulatedDisk()) as (node, _):

        async def ask(kind: int, payload: bytes = b"") -> Answer:
            answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            node.serve(kind, payload, answered.set_result)
            return await answered

        opened = await ask(RequestKind.PROPOSE, encode_proposal(OpenSession()))
        assert isinstance(opened, bytes)
        assert decode_number(opened) > 1
        assert await ask(RequestKind.PROPOSE, encode_proposal(Plain(b"k=1"))) == b""
        assert await ask(RequestKind.READ, b"k") == b"1"
        status = await ask(RequestKind.STATUS)
        assert isinstance(status, bytes)
        assert isinstance(await ask(RequestKind.MEMBERS, b"\xc1"), Refused)
        assert isinstance(await ask(99), Refused)


async def test_leadership_cannot_be_handed_to_nobody() -> None:
    async with running(SimulatedDisk()) as (node, _):
        assert not await node.hand_over()
        assert node.status.role is Role.LEADER


async def test_what_is_under_way_at_the_end_is_uncertain() -> None:
    async with running(SimulatedDisk()) as (node, _):
        task = asyncio.ensure_future(node.propose(b"k=1"))
        await asyncio.sleep(0)
        node.end()
        with pytest.raises(Uncertain):
            await task
