"""Transactions, tables and watches, as their callers see them."""

import asyncio
from contextlib import suppress

import pytest

from tests.unit.store.samples import instance, node, service, store_in_memory
from warren.model.errors import AlreadyExists, Conflict, InvalidInput
from warren.model.states import NodeState
from warren.store.tables import where
from warren.store.watch import WatchLost


async def test_write_is_refused_naming_both_versions_when_the_thing_changed_meanwhile() -> None:
    store = store_in_memory()
    await store.write(puts=[service()])
    second = service(version=2, message="mine")
    await store.write(puts=[second])
    with pytest.raises(Conflict, match=r"service web .*version 2 is recorded, version 1 was"):
        await store.write(puts=[service(version=2, message="theirs")])
    with pytest.raises(Conflict, match=r"version 2 is recorded, version 1 was"):
        await store.write(deletes=[service()])
    with pytest.raises(Conflict, match=r"version none is recorded, version 4 was"):
        await store.write(puts=[service("other", version=5)])
    with pytest.raises(Conflict, match=r"version 2 is recorded, version none was"):
        await store.write(puts=[service()])
    assert store.services.get("svc_web") == second


async def test_one_refused_write_leaves_nothing_of_its_transaction() -> None:
    store = store_in_memory()
    await store.write(puts=[service(), node()])
    before = store.fingerprint, store.sequence
    with pytest.raises(Conflict):
        await store.write(puts=[service("new"), node(version=2), service(version=7)], deletes=[])
    with pytest.raises(AlreadyExists, match=r"service 'web' exists already in tenant"):
        await store.write(puts=[node("beta"), service(id="svc_other")], deletes=[node()])
    assert (store.fingerprint, store.sequence) == before
    assert store.services.list() == (service(),)
    assert store.nodes.list() == (node(),)


async def test_names_are_unique_per_tenant_and_free_again_after_removal() -> None:
    store = store_in_memory()
    await store.write(puts=[service(), service(id="svc_b", tenant="b")])
    assert store.services.named("web", "b") == service(id="svc_b", tenant="b")
    await store.write(deletes=[service()], puts=[service(id="svc_c")])
    assert store.services.named("web") == service(id="svc_c")
    with pytest.raises(AlreadyExists):
        await store.write(puts=[service("x", id="svc_1"), service("x", id="svc_2")])


async def test_transaction_writes_nothing_when_its_block_raises() -> None:
    store = store_in_memory()
    with suppress(ZeroDivisionError):
        async with store.transaction() as transaction:
            transaction.put(service())
            transaction.put(node(f"n{1 // 0}"))
    assert len(store.services) == 0
    assert store.index == 0


async def test_a_thing_may_be_created_changed_and_removed_in_one_transaction() -> None:
    store = store_in_memory()
    async with store.transaction() as transaction:
        transaction.put(node())
        transaction.put(node(version=2, message="two"))
        transaction.put(service())
        transaction.delete("services", "svc_web", 1)
    assert transaction.index == store.index == 1
    assert store.nodes.list() == (node(version=2, message="two"),)
    assert "svc_web" not in store.services
    assert store.sequence == 1


async def test_put_takes_the_version_to_replace_when_several_changes_are_written_as_one() -> None:
    store = store_in_memory()
    await store.write(puts=[node()])
    async with store.transaction() as transaction:
        transaction.put(node(version=4), expected_version=1)
    assert store.nodes.get("nod_alpha") == node(version=4)
    with pytest.raises(InvalidInput, match="must be above 4"):
        async with store.transaction() as transaction:
            transaction.put(node(version=4), expected_version=4)


async def test_put_checks_what_model_copy_does_not() -> None:
    store = store_in_memory()
    broken = instance("a").model_copy(update={"slot": "first"})
    with pytest.raises(InvalidInput, match="slot"), pytest.warns(UserWarning, match="slot"):
        await store.write(puts=[broken])
    with pytest.raises(InvalidInput, match="64 bits"):
        await store.write(puts=[instance("a", slot=1 << 70)])
    assert store.index == 0


async def test_indexes_follow_changes_and_removals() -> None:
    store = store_in_memory()
    first, second = instance("a", node="alpha"), instance("b", service_id="svc_db")
    await store.write(puts=[first, second])
    moved = first.model_copy(update={"node": "beta", "version": 2})
    await store.write(puts=[moved])
    assert store.instances.by_index("node", "alpha") == ()
    assert store.instances.by_index("node", "beta") == (moved,)
    assert store.instances.by_index("node", None) == (second,)
    assert store.instances.by_index("service_id", "svc_db") == (second,)
    await store.write(deletes=[second], puts=[node(state=NodeState.READY)])
    assert store.instances.by_index("service_id", "svc_db") == ()
    assert store.nodes.by_index("state", NodeState.READY) == (node(state=NodeState.READY),)


async def test_find_takes_tinydb_queries_and_predicates() -> None:
    store = store_in_memory()
    await store.write(puts=[service("web"), service("db")])
    assert store.services.find(where("spec")["name"] == "db") == (service("db"),)
    assert store.services.find(lambda each: each["name"] > "e") == (service("web"),)


async def test_a_thing_read_before_a_change_stays_as_it_was() -> None:
    store = store_in_memory()
    await store.write(puts=[service()])
    read = store.services.get("svc_web")
    await store.write(puts=[service(version=2, message="changed")])
    assert read == service()
    assert store.services.get("svc_web") is store.services.get("svc_web")


async def test_watch_delivers_every_change_in_order_from_where_it_is_told() -> None:
    store = store_in_memory()
    await store.write(puts=[service()])
    start = store.sequence
    await store.write(puts=[node(), service(version=2)])
    await store.write(deletes=[node()])
    watch = store.watch(start)
    seen = [await anext(watch) for _ in range(3)]
    assert [(each.sequence, each.table, each.verb) for each in seen] == [
        (2, "nodes", "created"),
        (3, "services", "updated"),
        (4, "nodes", "deleted"),
    ]
    assert seen[1].before == service()
    assert seen[1].after == service(version=2)
    assert (seen[2].before, seen[2].after) == (node(), None)


async def test_watch_waits_filters_tables_and_ends_with_the_store() -> None:
    store = store_in_memory()
    watch = store.watch(tables=("nodes",))

    async def collect() -> list[str]:
        return [f"{each.verb} {each.table}" async for each in watch]

    async with asyncio.TaskGroup() as group:
        collected = group.create_task(collect())
        await store.write(puts=[service()])
        await store.write(puts=[node()])
        store.close()
    assert collected.result() == ["created nodes"]
    assert await store.watch().take() == ()


async def test_watch_says_so_when_it_is_too_late_too_slow_or_ahead() -> None:
    store = store_in_memory()
    slow = store.watch()
    for start in range(0, 9000, 1000):
        await store.write(puts=[node(f"n{start + each}") for each in range(1000)])
    with pytest.raises(WatchLost) as lost:
        await slow.take()
    assert lost.value.sequence == store.sequence == 9000
    with pytest.raises(WatchLost):
        store.watch(0)
    with pytest.raises(WatchLost):
        store.watch(9001)
    assert store.watch(9000) is not None


async def test_scratch_takes_writes_that_the_store_never_sees() -> None:
    store = store_in_memory()
    await store.write(puts=[service()])
    scratch = store.scratch()
    await scratch.write(puts=[service(version=2), node()], deletes=[])
    assert store.services.get("svc_web") == service()
    assert scratch.services.get("svc_web") == service(version=2)
    assert (len(store.nodes), len(scratch.nodes)) == (0, 1)
    await store.write(puts=[node("own")])
    assert scratch.nodes.list() == (node(),)
