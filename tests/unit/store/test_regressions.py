"""Failures that were found once: each of these did go wrong."""

import asyncio
import errno
import os
from collections.abc import ItemsView
from pathlib import Path

import pytest
from tinydb import where

from tests.unit.store.samples import NOW, instance, node, store_on
from warren.aio.clock import SystemClock
from warren.model.errors import PermanentError, TransientError
from warren.store.opening import open_store
from warren.store.state import Database
from warren.store.storage import WarrenStorage, WarrenTable
from warren.testing.disk import SimulatedDisk


@pytest.fixture
def table() -> WarrenTable:
    table = Database(storage=WarrenStorage).table("things")
    assert isinstance(table, WarrenTable)
    return table


async def test_no_crash_locks_out_writes_after_a_full_disk_and_a_new_journal() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[node()])
        disk.capacity_bytes = sum(len(disk.read(name)) for name in disk.names()) + 600
        with pytest.raises(TransientError, match="the disk is full"):
            await store.write(puts=[node("large", message="x" * 3000)])
        disk.capacity_bytes = None
        disk.fail = lambda operation, name: (
            errno.ENOSPC if (operation, name[:8]) == ("write", "snapshot") else None
        )
        with pytest.raises(TransientError, match="the disk is full"):
            await store.compact()
        disk.fail = lambda _operation, _name: None
        await store.write(puts=[node("after")])
        for found in disk.crashes():
            async with store_on(found) as recovered:
                assert {each.name for each in recovered.nodes} == {"alpha", "after"}


async def test_no_crash_locks_out_writes_after_a_torn_tail_and_a_new_journal() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[node()])
        disk.fail = lambda operation, _name: errno.EIO if operation == "sync" else None
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node("large", message="x" * 3000)])
    torn = disk.crash(lambda number: number == 0)
    async with store_on(torn) as store:
        torn.fail = lambda operation, name: (
            errno.ENOSPC if (operation, name[:8]) == ("write", "snapshot") else None
        )
        with pytest.raises(TransientError, match="the disk is full"):
            await store.compact()
        torn.fail = lambda _operation, _name: None
        await store.write(puts=[node("after")])
        for found in torn.crashes():
            async with store_on(found) as recovered:
                assert {each.name for each in recovered.nodes} == {"alpha", "after"}


@pytest.mark.parametrize("operation", ["truncate", "sync"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_partial_record_that_cannot_be_cut_ends_writing(operation: str, number: int) -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[node()])
        disk.capacity_bytes = sum(len(disk.read(name)) for name in disk.names()) + 600
        disk.fail = lambda each, _name: number if each == operation else None
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node("large", message="x" * 3000)])
        disk.capacity_bytes, disk.fail = None, lambda _operation, _name: None
        with pytest.raises(PermanentError, match="the disk failed"):
            await store.write(puts=[node("after")])
        assert store.nodes.list() == (node(),)


async def test_read_gives_what_is_recorded_when_an_id_was_given_anew_meanwhile() -> None:
    async with store_on(SimulatedDisk()) as store:
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


async def test_name_that_several_share_finds_the_newest() -> None:
    async with store_on(SimulatedDisk()) as store:
        old, new = instance("web-1", id="ins_z"), instance("web-1", id="ins_a")
        await store.write(puts=[old])
        await store.write(puts=[new])
        assert store.instances.named("web-1") == new
        await store.write(deletes=[new])
        assert store.instances.named("web-1") == old


async def test_names_of_new_directories_are_synced_in_their_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    async with open_store(tmp_path / "one" / "two", clock=SystemClock()) as store:
        await store.write(puts=[node()])
    assert {str(tmp_path), str(tmp_path / "one"), str(tmp_path / "one" / "two")} <= synced
    assert node().created_at == NOW


def test_documents_may_be_removed_and_added_while_iterating(table: WarrenTable) -> None:
    table.insert_multiple({"n": number} for number in range(5))
    for document in table:
        table.remove(doc_ids=[document.doc_id])
        table.insert({"n": document["n"] + 10})
    assert [document["n"] for document in table] == [10, 11, 12, 13, 14]


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (1, 1.0), ([0], [False]), ({"a": 1}, {"a": 1.0})]
)
def test_update_is_kept_when_old_and_new_only_compare_equal(
    table: WarrenTable, old: object, new: object
) -> None:
    table.insert({"value": old})
    table.update({"value": new})
    assert repr(table.all()[0]["value"]) == repr(new)


class Reads(dict[str, int]):
    """A value that knows how often it was copied."""

    copies = 0

    def items(self) -> ItemsView[str, int]:  # type: ignore[override]
        type(self).copies += 1
        return super().items()


def test_update_and_removal_by_condition_copy_only_what_matches(table: WarrenTable) -> None:
    table.insert_multiple({"n": number, "deep": Reads(a=1)} for number in range(100))
    Reads.copies = 0
    assert table.update({"n": -1}, where("n") == 99) == [100]
    assert table.remove(where("n") == 98) == [99]
    assert Reads.copies <= 10
    assert (len(table), table.contains(where("n") == -1)) == (99, True)
