"""What survives: every crash point of a workload, failing and full disks, damage."""

import asyncio
import errno
from dataclasses import dataclass, field

import pytest

from tests.unit.store.samples import node, service, store_on
from warren.model.errors import CorruptState, PermanentError, TransientError
from warren.store.journal import journal_name
from warren.store.store import Store
from warren.testing.disk import SimulatedDisk

JOURNAL = journal_name(1)


@dataclass
class Workload:
    """Runs writes, and at every operation of the disk keeps each disk that a crash could leave."""

    disk: SimulatedDisk = field(default_factory=SimulatedDisk)
    acknowledged: int = 0
    fingerprints: dict[int, str] = field(default_factory=lambda: {0: "0" * 32})
    crashed: list[tuple[int, str, SimulatedDisk]] = field(default_factory=list)

    def observe(self, operation: str, name: str) -> None:
        if operation in {"read", "open"}:
            return
        point = f"{len(self.disk.trace)}: before {operation} {name}"
        self.crashed += [(self.acknowledged, point, after) for after in self.disk.crashes()]

    async def run(self) -> None:
        self.disk.fail = self.observe
        async with store_on(self.disk) as store:
            await self.write(store, service(message="x" * 700))
            await self.write_together(store, 3)
            with pytest.raises(PermanentError):
                await store.write(puts=[service(version=9)])
            self.note(store)
            await store.compact()
            await self.write(store, service(version=2))
            await store.compact()
            await self.write_together(store, 2, start=10)
            await store.write(deletes=[service(version=2)])
            self.note(store)
        self.observe("end", "")

    async def write(self, store: Store, *things: object) -> None:
        await store.write(puts=things)  # type: ignore[arg-type]
        self.note(store)

    async def write_together(self, store: Store, count: int, start: int = 0) -> None:
        names = [f"n{start + number}" for number in range(count)]
        reached = [0] * count

        async def put(number: int) -> None:
            async with store.transaction() as transaction:
                transaction.put(node(names[number], message="y" * 400))
            reached[number] = transaction.index

        watch = store.watch()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(put(number))
        shadow = len(await watch.take())
        assert shadow == count
        self.note(store)

    def note(self, store: Store) -> None:
        self.acknowledged = store.index
        self.fingerprints[store.index] = store.fingerprint


async def test_no_crash_loses_an_acknowledged_write_or_invents_one() -> None:
    workload = Workload()
    await workload.run()
    assert len(workload.crashed) > 500
    for acknowledged, point, disk in workload.crashed:
        async with store_on(disk) as store:
            assert store.index >= acknowledged, point
            assert store.index in workload.fingerprints, point
            assert store.fingerprint == workload.fingerprints[store.index], point
            await store.write(puts=[node("after")])
            index = store.index
        async with store_on(disk.crash(lambda _number: False)) as store:
            assert store.index == index, point
            assert store.nodes.named("after") is not None, point


async def test_crash_while_recovering_from_a_crash_loses_nothing_either() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service()])
        fingerprint = store.fingerprint
        disk.fail = lambda operation, _name: errno.EIO if operation == "sync" else None
        with pytest.raises(PermanentError):
            await store.write(puts=[node(message="z" * 2000)])
    for torn in disk.crashes():
        again: list[SimulatedDisk] = []

        def keep(
            _operation: str,
            _name: str,
            *,
            torn: SimulatedDisk = torn,
            again: list[SimulatedDisk] = again,
        ) -> None:
            again.extend(torn.crashes())

        torn.fail = keep
        async with store_on(torn) as store:
            index = store.index
        assert index in {1, 2}
        for disk_after in again:
            async with store_on(disk_after) as store:
                assert store.index == index
                assert index == 2 or store.fingerprint == fingerprint


async def test_torn_tail_is_cut_and_overwritten() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service()])
        before = len(disk.read(JOURNAL))
        await store.write(puts=[node()])
    file = disk.open(JOURNAL)
    file.truncate(len(disk.read(JOURNAL)) - 1)
    file.sync()
    async with store_on(disk) as store:
        assert (store.index, len(store.nodes)) == (1, 0)
        assert len(disk.read(JOURNAL)) == before


async def written(count: int) -> SimulatedDisk:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        for number in range(count):
            await store.write(puts=[node(f"n{number}")])
    return disk


async def test_any_damaged_byte_before_the_last_record_is_refused_and_located() -> None:
    disk = await written(1)
    first_end = len(disk.read(JOURNAL))
    for offset in range(first_end):
        disk = await written(2)
        disk.damage(JOURNAL, offset)
        with pytest.raises((CorruptState, PermanentError), match=JOURNAL):
            async with store_on(disk):
                pass
    disk = await written(3)
    disk.damage(JOURNAL, first_end + 40)
    with pytest.raises(CorruptState, match=rf"record 2 at offset {first_end}: entry 2 onwards"):
        async with store_on(disk):
            pass


async def test_repeated_or_foreign_records_are_refused() -> None:
    disk = await written(2)
    data = disk.read(JOURNAL)
    file = disk.open(JOURNAL)
    first = len((await written(1)).read(JOURNAL))
    file.write(len(data), data[first:])
    file.sync()
    with pytest.raises(CorruptState, match="record 3"):
        async with store_on(disk):
            pass


@pytest.mark.parametrize("name", [JOURNAL, "format"])
async def test_missing_file_is_noticed(name: str) -> None:
    disk = await written(1)
    disk.remove(name)
    with pytest.raises(CorruptState, match="missing"):
        async with store_on(disk):
            pass


async def test_any_damaged_byte_of_a_snapshot_is_refused() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service(), node()])
        await store.compact()
    (name,) = (name for name in disk.names() if name.startswith("snapshot"))
    assert [each for each in disk.names() if each.startswith("journal")] == [journal_name(2)]
    for offset in range(len(disk.read(name))):
        disk.damage(name, offset)
        with pytest.raises((CorruptState, PermanentError), match=name):
            async with store_on(disk):
                pass
        disk.damage(name, offset)
    async with store_on(disk) as store:
        assert store.services.list() == (service(),)


@pytest.mark.parametrize("operation", ["write", "sync"])
async def test_failed_disk_is_never_tried_again_and_reading_goes_on(operation: str) -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service()])
        disk.fail = lambda each, _name: errno.EIO if each == operation else None
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node()])
        disk.fail = lambda _each, _name: None
        before = len(disk.trace)
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node()])
        with pytest.raises(PermanentError):
            await store.compact()
        assert len(disk.trace) == before
        assert store.services.list() == (service(),)
        assert len(store.nodes) == 0


async def test_full_disk_acknowledges_nothing_and_recovers_when_there_is_room() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service()])
        size = len(disk.read(JOURNAL))
        for room in range(0, 200, 7):
            disk.capacity_bytes = sum(len(disk.read(name)) for name in disk.names()) + room
            with pytest.raises(TransientError, match="the disk is full"):
                await store.write(puts=[node(message="w" * 300)])
            assert len(disk.read(JOURNAL)) == size
        assert (len(store.nodes), store.index) == (0, 1)
        with pytest.raises(TransientError, match="the disk is full"):
            await store.compact()
        assert not [name for name in disk.names() if name.endswith(".new")]
        disk.capacity_bytes = None
        await store.write(puts=[node()])
        fingerprint = store.fingerprint
    async with store_on(disk.crash(lambda _number: False)) as store:
        assert store.fingerprint == fingerprint


async def test_failed_publication_of_a_new_journal_ends_writing() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service()])
        disk.fail = lambda each, _name: errno.ENOSPC if each == "sync_directory" else None
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.compact()
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node()])
    for after in disk.crashes():
        async with store_on(after) as store:
            assert store.services.list() == (service(),)


async def test_cancelled_caller_does_not_stop_the_batch() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        async with asyncio.TaskGroup() as group:
            doomed = group.create_task(store.write(puts=[service()]))
            group.create_task(store.write(puts=[node()]))
            await asyncio.sleep(0)
            doomed.cancel()
        assert store.nodes.list() == (node(),)
        fingerprint, index = store.fingerprint, store.index
    async with store_on(disk) as store:
        assert (store.fingerprint, store.index) == (fingerprint, index)
