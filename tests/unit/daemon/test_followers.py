"""What a manager that does not lead owes those who write through it."""

import asyncio
import random

import pytest

from tests.unit.daemon.cluster import managers
from tests.unit.store.samples import node, service
from warren.daemon import consensus
from warren.model.errors import Conflict, PermanentError, TransientError


async def test_write_through_a_follower_is_there_to_be_read_when_it_returns() -> None:
    async with managers() as cluster:
        _leader, slow, _other = await cluster.roles()
        store = cluster.stores[slow]
        for number in range(20):
            cluster.network.held[slow] = []
            writing = asyncio.ensure_future(store.write(puts=[node(f"n{number}")]))
            await asyncio.sleep(random.uniform(0, 0.02))
            cluster.network.release(slow)
            index = await writing
            assert store.index >= index
            assert store.nodes.named(f"n{number}") == node(f"n{number}")


async def test_follower_that_hears_nothing_does_not_return_as_if_it_had() -> None:
    async with managers() as cluster:
        leader, slow, _other = await cluster.roles()
        cluster.network.held[slow] = []
        writing = asyncio.ensure_future(cluster.stores[slow].write(puts=[service()]))
        async with asyncio.timeout(5):
            while not cluster.stores[leader].services:  # noqa: ASYNC110 - a table has no event
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        assert not writing.done()
        cluster.network.release(slow)
        await writing
        assert cluster.stores[slow].services.list() == (service(),)


async def test_refusal_comes_when_what_it_is_about_can_be_read() -> None:
    async with managers() as cluster:
        leader, slow, _other = await cluster.roles()
        cluster.network.held[slow] = []
        await cluster.stores[leader].write(puts=[service()])
        asyncio.get_running_loop().call_later(0.02, cluster.network.release, slow)
        with pytest.raises(Conflict):
            await cluster.stores[slow].write(puts=[service()])
        assert cluster.stores[slow].services.list() == (service(),)


async def test_follower_that_stays_behind_says_that_the_write_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consensus, "REACH_SECONDS", 0.05)
    async with managers() as cluster:
        leader, slow, _other = await cluster.roles()
        cluster.network.held[slow] = []
        with pytest.raises(TransientError, match=r"is recorded, .* has not come to it"):
            await cluster.stores[slow].write(puts=[service()])
        assert cluster.stores[leader].services.list() == (service(),)


async def test_follower_that_fails_while_it_waits_says_why() -> None:
    async with managers() as cluster:
        _leader, slow, _other = await cluster.roles()
        cluster.network.held[slow] = []
        writing = asyncio.ensure_future(cluster.stores[slow].write(puts=[service()]))
        await asyncio.sleep(0.03)
        cluster.disks[slow].fail = lambda operation, _name: 5 if operation == "sync" else None
        cluster.network.release(slow)
        async with asyncio.timeout(5):
            with pytest.raises(PermanentError, match="the disk failed"):
                await writing
        assert cluster.nodes[slow].failed.done()
