import asyncio

import pytest

from warren.aio.companions import Companions


async def test_companions_end_with_the_body() -> None:
    ended: list[str] = []

    async def linger(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async with asyncio.timeout(5), Companions() as companions:
        companions.start(linger("a"))
        companions.start(linger("b"))
        await asyncio.sleep(0)

    assert sorted(ended) == ["a", "b"]


async def test_what_the_body_raises_passes_as_it_is() -> None:
    async def run() -> None:
        async with asyncio.timeout(5), Companions() as companions:
            companions.start(asyncio.sleep(60))
            raise KeyError

    with pytest.raises(KeyError):
        await run()


async def test_failing_companion_ends_the_body() -> None:
    async def fail() -> None:
        raise KeyError

    with pytest.RaisesGroup(KeyError):
        async with asyncio.timeout(5), Companions() as companions:
            companions.start(fail())
            await asyncio.Event().wait()


async def test_cancellation_from_outside_reaches_the_body_and_its_companions() -> None:
    ended = asyncio.Event()

    async def linger() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def run() -> None:
        async with Companions() as companions:
            companions.start(linger())
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run(), 0.05)
    assert ended.is_set()


async def test_done_companion_is_forgotten() -> None:
    async with asyncio.timeout(5), Companions() as companions:
        task = companions.start(asyncio.sleep(0))
        await task
    assert task.done()
