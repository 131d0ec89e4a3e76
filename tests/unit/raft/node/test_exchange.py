"""Snapshots that come from other members: in parts, over several connections, with failures in between."""

import asyncio

import pytest

from tests.unit.raft.replica.world import Registers
from warren.aio.offload import Inline
from warren.raft.core.entry import Configuration, SnapshotMeta
from warren.raft.core.messages import MsgSnap
from warren.raft.errors import Broken, DiskFull, Refused
from warren.raft.machine import Restoring
from warren.raft.node.exchange import Inbound
from warren.raft.replica.replicated import Replicated, initial_pieces
from warren.raft.snapshots.files import snapshot_name
from warren.raft.snapshots.reading import SnapshotReader
from warren.raft.snapshots.writing import SnapshotWriter
from warren.raft.storage import Place, Storage, join
from warren.testing.disk import SimulatedDisk

META = SnapshotMeta(50, 3, Configuration(voters=(1, 2)))


def contents() -> bytes:
    """The bytes of a snapshot as its sender has them."""
    disk = SimulatedDisk()
    machine = Registers()
    machine.values = {b"k%d" % number: bytes(100) for number in range(50)}
    writer = SnapshotWriter(disk, META)
    for piece in initial_pieces({1: "a:1", 2: "b:1"}, machine.freeze()):
        writer.add(piece)
    return disk.read(writer.finish())


class Here:
    """A member that receives."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        place = Place(disk=self.disk, cluster=bytes(32), member=2, segment_bytes=4096)
        join(place)
        self.replicated = Replicated(Registers())
        self.received: list[tuple[MsgSnap, Restoring]] = []
        self.full: list[DiskFull] = []
        self.failed: list[BaseException] = []
        self.is_wanted = True
        self.inbound = Inbound(
            Storage(place),
            Inline(),
            restore=self.replicated.restore,
            is_wanted=lambda _message: self.is_wanted,
            on_received=lambda message, restoring: self.received.append((message, restoring)),
            on_full=self.full.append,
            on_failed=self.failed.append,
        )


def announcement(term: int = 3) -> MsgSnap:
    return MsgSnap(2, 1, term, META)


async def test_snapshot_that_came_in_parts_is_durable_and_read_before_it_is_handed_on() -> None:
    here, data = Here(), contents()
    sink = await here.inbound.open_sink(announcement(), len(data))
    while sink.offset < len(data):
        await sink.add(sink.offset, data[sink.offset : sink.offset + 1000])
    assert not here.received
    await sink.finish()
    ((message, restoring),) = here.received
    assert message == announcement()
    after = here.disk.crash(lambda _: False)
    assert after.read(snapshot_name(META)) == data
    restoring.finish()
    assert here.replicated.members == {1: "a:1", 2: "b:1"}
    SnapshotReader(after, snapshot_name(META)).verify()


async def test_next_connection_goes_on_where_the_last_one_broke() -> None:
    here, data = Here(), contents()
    first = await here.inbound.open_sink(announcement(), len(data))
    await first.add(0, data[:1500])
    second = await here.inbound.open_sink(announcement(), len(data))
    assert second.offset == 1500
    with pytest.raises(Refused, match="another connection"):
        await first.add(1500, data[1500:])
    with pytest.raises(Refused, match="another connection"):
        await first.finish()
    await second.add(1500, data[1500:])
    await second.finish()
    assert len(here.received) == 1


async def test_snapshot_of_a_later_term_begins_anew() -> None:
    here, data = Here(), contents()
    first = await here.inbound.open_sink(announcement(), len(data))
    await first.add(0, data[:1500])
    second = await here.inbound.open_sink(announcement(term=4), len(data))
    assert second.offset == 0
    await second.add(0, data)
    await second.finish()
    assert [message.term for message, _ in here.received] == [4]


async def test_snapshot_that_is_no_news_is_refused() -> None:
    here = Here()
    here.is_wanted = False
    with pytest.raises(Refused, match="already"):
        await here.inbound.open_sink(announcement(), 1000)


async def test_altered_snapshot_is_refused_and_can_be_sent_again() -> None:
    here, data = Here(), contents()
    sink = await here.inbound.open_sink(announcement(), len(data))
    await sink.add(0, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(Refused, match="not"):
        await sink.finish()
    assert not here.received
    assert not here.failed
    sink = await here.inbound.open_sink(announcement(), len(data))
    assert sink.offset == 0
    await sink.add(0, data)
    await sink.finish()
    assert len(here.received) == 1


async def test_full_disk_is_told_and_the_snapshot_can_come_later() -> None:
    here, data = Here(), contents()
    sink = await here.inbound.open_sink(announcement(), len(data))
    here.disk.capacity_bytes = here.disk.used_bytes + 1000
    with pytest.raises(DiskFull):
        await sink.add(0, data)
    assert len(here.full) == 1
    here.disk.capacity_bytes = None
    sink = await here.inbound.open_sink(announcement(), len(data))
    await sink.add(0, data)
    await sink.finish()
    assert len(here.received) == 1


async def test_failing_disk_ends_the_member() -> None:
    here, data = Here(), contents()
    sink = await here.inbound.open_sink(announcement(), len(data))
    here.disk.fail = lambda operation, _name: 5 if operation == "write" else None
    with pytest.raises(Broken):
        await sink.add(0, data)
    assert isinstance(here.failed[0], Broken)


async def test_two_connections_at_once_do_not_mix() -> None:
    here, data = Here(), contents()

    async def receive() -> None:
        sink = await here.inbound.open_sink(announcement(), len(data))
        while sink.offset < len(data):
            await sink.add(sink.offset, data[sink.offset : sink.offset + 700])
            await asyncio.sleep(0)
        await sink.finish()

    ended = await asyncio.gather(receive(), receive(), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["NoneType", "Refused"]
    assert len(here.received) == 1
    assert not here.failed


async def test_parts_out_of_order_leave_nothing_behind() -> None:
    here, data = Here(), contents()
    sink = await here.inbound.open_sink(announcement(), len(data))
    await sink.add(0, data[:100])
    before = here.disk.names()
    with pytest.raises(Refused, match="do not follow on"):
        await sink.add(200, data[200:])
    assert set(here.disk.names()) == {name for name in before if not name.endswith(".part")}
    sink = await here.inbound.open_sink(announcement(), len(data))
    assert sink.offset == 0
    await sink.add(0, data)
    await sink.finish()
    assert len(here.received) == 1
