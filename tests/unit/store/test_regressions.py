"""Failures that were found once: each of these did go wrong."""

from collections.abc import ItemsView

import pytest
from tinydb import where

from tests.unit.store.samples import instance, store_in_memory
from warren.store.state import Database
from warren.store.storage import WarrenStorage, WarrenTable


@pytest.fixture
def table() -> WarrenTable:
    table = Database(storage=WarrenStorage).table("things")
    assert isinstance(table, WarrenTable)
    return table


async def test_name_that_several_share_finds_the_newest() -> None:
    store = store_in_memory()
    old, new = instance("web-1", id="ins_z"), instance("web-1", id="ins_a")
    await store.write(puts=[old])
    await store.write(puts=[new])
    assert store.instances.named("web-1") == new
    await store.write(deletes=[new])
    assert store.instances.named("web-1") == old


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
