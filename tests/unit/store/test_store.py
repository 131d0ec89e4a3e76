"""Transactions, tables and watches, as their callers see them."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.store.samples import NOW, instance, node, service, store_on
from warren.aio.clock import SystemClock
from warren.model.errors import AlreadyExists, Conflict, Denied, InvalidInput, NotFound
from warren.model.states import NodeState
from warren.store.opening import open_store
from warren.store.tables import where
from warren.store.watch import WatchLost
from warren.testing.disk import SimulatedDisk


async def test_everything_written_is_read_back_equal_after_opening_again(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    web = service(labels={"tier": "front"}, message="ü \U0001f600")
    async with open_store(directory, clock=SystemClock()) as store:
        await store.write(puts=[web, node(), instance("a", node="alpha")])
        fingerprint, cluster_id = store.fingerprint, store.cluster_id
    async with open_store(directory, clock=SystemClock()) as store:
        assert store.services.get(web.id) == web
        assert store.services.named("web") == web
        assert store.nodes.list() == (node(),)
        assert store.instances.by_index("node", "alpha") == (instance("a", node="alpha"),)
        assert (store.fingerprint, store.cluster_id) == (fingerprint, cluster_id)
        assert store.sequence == 3


async def test_write_is_refused_naming_both_versions_when_the_thing_changed_meanwhile() -> None:
    async with store_on(SimulatedDisk()) as store:
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
    async with store_on(SimulatedDisk()) as store:
        await store.write(puts=[service(), node()])
        before = store.fingerprint, store.sequence
        with pytest.raises(Conflict):
            await store.write(
                puts=[service("new"), node(version=2), service(version=7)], deletes=[]
            )
        with pytest.raises(AlreadyExists, match=r"service 'web' exists already in tenant"):
            await store.write(puts=[node("beta"), service(id="svc_other")], deletes=[node()])
        assert (store.fingerprint, store.sequence) == before
        assert store.services.list() == (service(),)
        assert store.nodes.list() == (node(),)


async def test_names_are_unique_per_tenant_and_free_again_after_removal() -> None:
    async with store_on(SimulatedDisk()) as store:
        await store.write(puts=[service(), service(id="svc_b", tenant="b")])
        assert store.services.named("web", "b") == service(id="svc_b", tenant="b")
        await store.write(deletes=[service()], puts=[service(id="svc_c")])
        assert store.services.named("web") == service(id="svc_c")
        with pytest.raises(AlreadyExists):
            await store.write(puts=[service("x", id="svc_1"), service("x", id="svc_2")])


async def test_transaction_writes_nothing_when_its_block_raises() -> None:
    async with store_on(SimulatedDisk()) as store:
        with suppress(ZeroDivisionError):
            async with store.transaction() as transaction:
                transaction.put(service())
                transaction.put(node(f"n{1 // 0}"))
        assert len(store.services) == 0
        assert store.index == 0


async def test_a_thing_may_be_created_changed_and_removed_in_one_transaction() -> None:
    async with store_on(SimulatedDisk()) as store:
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
    async with store_on(SimulatedDisk()) as store:
        await store.write(puts=[node()])
        async with store.transaction() as transaction:
            transaction.put(node(version=4), expected_version=1)
        assert store.nodes.get("nod_alpha") == node(version=4)
        with pytest.raises(InvalidInput, match="must be above 4"):
            async with store.transaction() as transaction:
                transaction.put(node(version=4), expected_version=4)


async def test_put_checks_what_model_copy_does_not() -> None:
    async with store_on(SimulatedDisk()) as store:
        broken = instance("a").model_copy(update={"slot": "first"})
        with pytest.raises(InvalidInput, match="slot"), pytest.warns(UserWarning, match="slot"):
            await store.write(puts=[broken])
        with pytest.raises(InvalidInput, match="64 bits"):
            await store.write(puts=[instance("a", slot=1 << 70)])
        assert store.index == 0


async def test_indexes_follow_changes_and_removals() -> None:
    async with store_on(SimulatedDisk()) as store:
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
    async with store_on(SimulatedDisk()) as store:
        await store.write(puts=[service("web"), service("db")])
        assert store.services.find(where("spec")["name"] == "db") == (service("db"),)
        assert store.services.find(lambda each: each["name"] > "e") == (service("web"),)


async def test_a_thing_read_before_a_change_stays_as_it_was() -> None:
    async with store_on(SimulatedDisk()) as store:
        await store.write(puts=[service()])
        read = store.services.get("svc_web")
        await store.write(puts=[service(version=2, message="changed")])
        assert read == service()
        assert store.services.get("svc_web") is store.services.get("svc_web")


async def test_watch_delivers_every_change_in_order_from_where_it_is_told() -> None:
    async with store_on(SimulatedDisk()) as store:
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
    async with store_on(SimulatedDisk()) as store:
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
    async with store_on(SimulatedDisk()) as store:
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
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await store.write(puts=[service()])
        operations = len(disk.trace)
        scratch = store.scratch()
        await scratch.write(puts=[service(version=2), node()], deletes=[])
        assert store.services.get("svc_web") == service()
        assert scratch.services.get("svc_web") == service(version=2)
        assert (len(store.nodes), len(scratch.nodes)) == (0, 1)
        assert len(disk.trace) == operations
        await store.write(puts=[node("own")])
        assert scratch.nodes.list() == (node(),)


async def test_read_only_store_reads_beside_the_holder_and_refuses_writes(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no state in"):
        async with open_store(tmp_path / "none", clock=SystemClock(), read_only=True):
            pass
    async with open_store(tmp_path / "state", clock=SystemClock()) as store:
        await store.write(puts=[service()])
        async with open_store(tmp_path / "state", clock=SystemClock(), read_only=True) as reader:
            assert reader.services.list() == (service(),)
            with pytest.raises(Denied, match="to be read"):
                await reader.write(puts=[node()])
        await store.write(puts=[node()])
    assert not (tmp_path / "none").exists()
    assert service().created_at == NOW


async def test_writes_of_one_turn_share_one_sync_and_are_applied_in_order() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        disk.trace.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(store.write(puts=[node(f"n{number}")]))
        assert [operation for operation, _name in disk.trace] == ["write", "sync"]
        assert [each.name for each in store.nodes.list()] == [f"n{each}" for each in range(100)]
