"""What survives: every crash point of a workload, failing and full disks, damage."""

import asyncio
import errno
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.daemon.samples import Directory, opened
from tests.unit.store.samples import node, service
from warren.model.errors import (
    CorruptState,
    InvalidInput,
    PermanentError,
    TransientError,
    WarrenError,
)
from warren.model.node import Node
from warren.store.entry import ENTRY_BYTES_MAX, Put, encode_entry
from warren.store.store import Store

PER_POINT = 4


@dataclass
class Workload:
    """Runs writes, and at operations of the disks keeps some of what a crash could leave there."""

    directory: Directory = field(default_factory=Directory)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    acknowledged: int = 0
    fingerprints: set[str] = field(default_factory=lambda: {"0" * 32})
    crashed: list[tuple[str, str, Directory]] = field(default_factory=list)
    order: list[str] = field(default_factory=lambda: ["0" * 32])

    def observe(self, operation: str, name: str) -> None:
        if operation in {"read", "open"}:
            return
        found = list(self.directory.crashes())
        kept = self.chance.sample(found, min(PER_POINT, len(found)))
        point = f"before {operation} {name}"
        self.crashed += [(self.order[-1], point, after) for after in kept]

    async def run(self) -> None:
        self.directory.watch(self.observe)
        async with opened(self.directory) as found:
            store = found.store
            await self.write(store, service(message="x" * 700))
            await self.write_together(store, 3)
            with pytest.raises(PermanentError):
                await store.write(puts=[service(version=9)])
            await self.write(store, service(version=2))
            await self.write_together(store, 2, start=10)
            await store.write(deletes=[service(version=2)])
            self.note(store)
        self.observe("end", "")

    async def write(self, store: Store, *things: object) -> None:
        await store.write(puts=things)  # type: ignore[arg-type]
        self.note(store)

    async def write_together(self, store: Store, count: int, start: int = 0) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + count):
                group.create_task(self.write(store, node(f"n{number}", message="y" * 400)))

    def note(self, store: Store) -> None:
        self.order.append(store.fingerprint)


async def test_no_crash_loses_an_acknowledged_write_or_invents_one() -> None:
    workload = Workload()
    await workload.run()
    assert len(workload.crashed) > 50
    for acknowledged, point, directory in workload.crashed:
        async with opened(directory) as found:
            known = found.store.fingerprint
            # What was under way may be there; what was acknowledged must be.
            assert known in workload.order[workload.order.index(acknowledged) :], point
            await found.store.write(puts=[node("after")])
            fingerprint = found.store.fingerprint
        async with opened(directory.crash(lambda _number: False)) as found:
            assert found.store.fingerprint == fingerprint, point


@pytest.mark.parametrize("name", ["log", "format", "snapshot"])
async def test_missing_file_is_noticed(name: str) -> None:
    directory = Directory()
    async with opened(directory) as found:
        await found.store.write(puts=[node()])
    for disk in (directory.disk, directory.consensus):
        for each in disk.names():
            if each.startswith(name):
                disk.remove(each)
    with pytest.raises(CorruptState, match=r"missing|cannot be opened|there is none"):
        async with opened(directory):
            pass


async def test_damage_to_what_was_acknowledged_is_refused_and_located() -> None:
    for offset in range(0, 900, 31):
        directory = Directory()
        async with opened(directory) as found:
            await found.store.write(puts=[service()])
            await found.store.write(puts=[node()])
        name = directory.log()
        directory.consensus.damage(name, offset)
        with pytest.raises(WarrenError, match=name) as caught:
            async with opened(directory):
                pass
        advice = caught.value.message.replace("if other members hold the state, remove", "")
        assert "remove" not in advice, "a lone manager's only copy"


@pytest.mark.parametrize("operation", ["write", "sync"])
async def test_failed_disk_is_never_tried_again_and_reading_goes_on(operation: str) -> None:
    directory = Directory()
    async with opened(directory) as found:
        store = found.store
        await store.write(puts=[service()])
        directory.watch(lambda each, _name: errno.EIO if each == operation else None)
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node()])
        directory.watch(lambda _each, _name: None)
        before = len(directory.consensus.trace)
        with pytest.raises((PermanentError, TransientError)):
            await store.write(puts=[node()])
        assert len(directory.consensus.trace) == before
        assert store.services.list() == (service(),)
        assert len(store.nodes) == 0


async def test_full_disk_acknowledges_nothing_and_writing_goes_on_when_there_is_room() -> None:
    directory = Directory()
    disk = directory.consensus
    async with opened(directory) as found:
        store = found.store
        await store.write(puts=[service()])
        disk.capacity_bytes = sum(len(disk.read(name)) for name in disk.names())
        refused: list[str] = []
        for number in range(60):
            try:
                await store.write(puts=[node(f"n{number}", message="w" * 6_000)])
            except TransientError as error:
                refused.append(error.message)
                if "full" in error.message:
                    break
        assert refused
        count = len(store.nodes)
        assert store.services.list() == (service(),)
        disk.capacity_bytes = None
        async with asyncio.timeout(10):
            while True:
                try:
                    await store.write(puts=[node("later")])
                    break
                except TransientError as error:
                    await asyncio.sleep(error.retry_after_seconds)
        assert len(store.nodes) in {count + 1, count + 2}
        fingerprint = store.fingerprint
    async with opened(directory.crash(lambda _number: False)) as found:
        assert found.store.fingerprint == fingerprint


async def test_cancelled_caller_does_not_stop_the_batch() -> None:
    directory = Directory()
    async with opened(directory) as found:
        store = found.store
        async with asyncio.TaskGroup() as group:
            doomed = group.create_task(store.write(puts=[service()]))
            group.create_task(store.write(puts=[node()]))
            await asyncio.sleep(0)
            doomed.cancel()
        assert store.nodes.list() == (node(),)
        fingerprint, index = store.fingerprint, store.index
    async with opened(directory) as found:
        assert (found.store.fingerprint, found.store.index) == (fingerprint, index)


async def test_read_gives_what_is_recorded_when_an_id_was_given_anew_meanwhile() -> None:
    async with opened(Directory()) as found:
        store = found.store
        seen: list[str] = []

        async def create_first() -> None:
            await store.write(puts=[node(message="first")])
            seen.extend(each.message for each in store.nodes)

        async with asyncio.TaskGroup() as group:
            group.create_task(create_first())
            group.create_task(store.write(deletes=[node()]))
            impatient = group.create_task(store.write(puts=[node(message="second")]))
            await asyncio.sleep(0)
            impatient.cancel()
        assert seen == ["second"]
        assert [each.message for each in store.nodes] == ["second"]


async def test_largest_transaction_fits_the_log_and_a_larger_one_is_refused_untried() -> None:
    async with opened(Directory()) as found:
        store = found.store
        room = ENTRY_BYTES_MAX - len(encode_entry([Put("nodes", 0, plain(node()))])) - 4
        await store.write(puts=[node(message="x" * room)])
        with pytest.raises(InvalidInput, match="one transaction may write"):
            await store.write(puts=[node("b", message="x" * (room + 32))])
        assert len(store.nodes) == 1


def plain(thing: Node) -> dict[str, Any]:
    return thing.model_dump(mode="json")
