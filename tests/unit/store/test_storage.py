"""TinyDB's own behaviour, on its stock table and on ours: the same calls, the same results."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tinydb import TinyDB, where
from tinydb.operations import add, delete, increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document, Table

from warren.model.errors import AlreadyExists
from warren.store.indexes import Index
from warren.store.state import Database
from warren.store.storage import WarrenStorage, WarrenTable


def stock() -> TinyDB:
    return TinyDB(storage=MemoryStorage)


def ours() -> TinyDB:
    return Database(storage=WarrenStorage)


@pytest.fixture(params=[stock, ours], ids=["stock", "ours"])
def database(request: pytest.FixtureRequest) -> TinyDB:
    made: TinyDB = request.param()
    return made


@pytest.fixture
def table(database: TinyDB) -> Table:
    table = database.table("t")
    table.insert_multiple({"n": number, "tags": ["a"] * number} for number in range(4))
    return table


def contents(table: Table) -> dict[int, dict[str, Any]]:
    return {document.doc_id: dict(document) for document in table}


def test_insert_get_contains_length_and_iteration(table: Table) -> None:
    assert len(table) == 4
    assert [document.doc_id for document in table] == [1, 2, 3, 4]
    assert table.get(doc_id=2) == {"n": 1, "tags": ["a"]}
    assert table.get(where("n") == 3) == {"n": 3, "tags": ["a", "a", "a"]}
    assert table.get(doc_id=9) is None
    assert table.contains(where("n") == 0)
    assert not table.contains(doc_id=9)
    assert table.insert(Document({"n": 9}, doc_id=40)) == 40
    assert table.insert({"n": 10}) == 41
    with pytest.raises(ValueError, match="already exists"):
        table.insert(Document({}, doc_id=40))


def test_search_and_count_follow_writes_despite_the_query_cache(table: Table) -> None:
    query = where("n") >= 2
    assert table.count(query) == 2
    table.insert({"n": 7})
    assert [each["n"] for each in table.search(query)] == [2, 3, 7]
    table.remove(where("n") == 3)
    assert [each["n"] for each in table.search(query)] == [2, 7]


def test_update_by_fields_by_function_by_ids_and_of_all(table: Table) -> None:
    assert table.update({"x": 1}, where("n") > 1) == [3, 4]
    assert table.update(increment("n"), doc_ids=[1, 99]) == [1]
    assert table.update(delete("tags")) == [1, 2, 3, 4]
    assert table.update_multiple([({"y": 1}, where("n") == 1), (add("n", 5), where("y") == 1)])
    assert contents(table)[1] == {"n": 6, "y": 1}


def test_upsert_updates_or_inserts(table: Table) -> None:
    assert table.upsert({"n": 1, "z": True}, where("n") == 1) == [2]
    assert table.upsert({"n": 50}, where("n") == 50) == [5]
    assert table.upsert(Document({"z": 2}, doc_id=5)) == [5]
    assert contents(table)[5] == {"n": 50, "z": 2}


def test_remove_and_truncate(table: Table) -> None:
    assert table.remove(doc_ids=[1, 99]) == [1]
    assert table.remove(where("n") == 2) == [3]
    assert sorted(contents(table)) == [2, 4]
    table.truncate()
    assert (len(table), table.all()) == (0, [])


def test_tables_are_separate_and_can_be_dropped(database: TinyDB, table: Table) -> None:
    database.table("other").insert({"a": 1})
    assert database.tables() == {"t", "other"}
    database.drop_table("t")
    assert database.tables() == {"other"}
    assert len(database.table("t")) == 0
    database.drop_tables()
    assert database.tables() == set()


def failing_after(count: int) -> Callable[[Any], None]:
    left = iter(range(count))

    def change(document: Any) -> None:
        document["tags"].append("changed")
        document["n"] = 100 + next(left)

    return change


@pytest.fixture
def own() -> Iterator[WarrenTable]:
    table = ours().table("t", indexes=(Index("n", ("n",), unique=True), Index("s", ("s",))))
    assert isinstance(table, WarrenTable)
    table.insert_multiple({"n": number, "s": number % 2, "tags": []} for number in range(4))
    yield table
    rebuilt = WarrenTable(table.storage, "t", indexes=(Index("n", ("n",)), Index("s", ("s",))))
    for index in ("n", "s"):
        for key in [*range(300), None]:
            assert table.ids(index, key) == rebuilt.ids(index, key), "an index went astray"


def test_update_that_raises_half_way_changes_nothing_at_any_depth(own: WarrenTable) -> None:
    before = contents(own)
    with pytest.raises(StopIteration):
        own.update(failing_after(2))
    assert contents(own) == before


def test_unique_index_refuses_and_rolls_back(own: WarrenTable) -> None:
    before = contents(own)
    with pytest.raises(AlreadyExists, match="n 3 exists already"):
        own.update({"n": 3}, where("n") == 0)
    with pytest.raises(AlreadyExists):
        own.insert_multiple([{"n": 200}, {"n": 200}])
    assert contents(own) == before
    own.update_multiple([({"n": 201}, where("n") == 0), ({"n": 0}, where("n") == 1)])
    assert own.id("n", 0) == 2
    own.update(lambda document: document.update(n=201 - document["n"]), doc_ids=[1, 2])
    assert (own.id("n", 0), own.id("n", 201)) == (1, 2)


def test_index_finds_what_a_scan_finds_after_every_kind_of_write(own: WarrenTable) -> None:
    own.update({"s": 5}, where("n") < 2)
    own.remove(where("n") == 3)
    own.upsert({"n": 77, "s": 5}, where("n") == 77)
    assert own.ids("s", 5) == tuple(each.doc_id for each in own.search(where("s") == 5))
    own.truncate()
    assert own.ids("s", 5) == ()


def test_document_held_by_a_reader_is_not_changed_by_a_later_write(own: WarrenTable) -> None:
    held = own.get(doc_id=1)
    assert held is not None
    own.update(failing_after(1), doc_ids=[1])
    assert held == {"n": 0, "s": 0, "tags": []}


def test_edit_counts_and_iterates_what_it_would_be(own: WarrenTable) -> None:
    edit = own.edit()
    del edit[2]
    edit[9] = {"n": 9}
    edit[1] = {"n": 11}
    assert (list(edit), len(edit)) == ([1, 3, 4, 9], 4)
    assert 2 not in edit
    with pytest.raises(KeyError):
        del edit[2]
    with pytest.raises(KeyError):
        edit[2]
    assert len(own) == 4
    edit.clear()
    assert (list(edit), len(edit)) == ([], 0)
