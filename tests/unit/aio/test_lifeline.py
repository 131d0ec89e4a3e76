"""Blocks that rest on something."""

import asyncio
from contextlib import suppress

import pytest

from warren.aio.lifeline import resting_on


def base() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


def fail(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_exception(OSError("gone"))


async def test_block_that_waits_is_ended_with_the_failure() -> None:
    rests_on = base()
    asyncio.get_running_loop().call_later(0.01, fail, rests_on)
    with pytest.raises(OSError, match="gone"):
        async with asyncio.timeout(10), resting_on(rests_on):
            await asyncio.sleep(60)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_block_that_ends_well_on_nothing_is_told() -> None:
    rests_on = base()

    async def work() -> None:
        async with resting_on(rests_on):
            fail(rests_on)

    with pytest.raises(OSError, match="gone"):
        await work()
    await asyncio.sleep(0.01)


async def test_failure_that_came_before_ends_the_block_at_its_first_wait() -> None:
    rests_on = base()
    fail(rests_on)
    waited = False

    async def work() -> None:
        nonlocal waited
        async with resting_on(rests_on):
            await asyncio.sleep(0.01)
            waited = True

    with pytest.raises(OSError, match="gone"):
        await work()
    assert not waited


async def test_error_of_the_block_comes_first_and_no_cancellation_is_left() -> None:
    rests_on = base()

    async def work() -> None:
        async with resting_on(rests_on):
            fail(rests_on)
            try:
                await asyncio.sleep(60)
            finally:
                raise KeyError

    with pytest.raises(KeyError):
        await work()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_block_that_swallows_the_end_is_told_all_the_same() -> None:
    rests_on = base()

    async def work() -> None:
        async with resting_on(rests_on):
            fail(rests_on)
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    with pytest.raises(OSError, match="gone"):
        await work()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_block_cancelled_by_somebody_else_is_cancelled() -> None:
    rests_on = base()

    async def work() -> None:
        async with resting_on(rests_on):
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    fail(rests_on)
    await asyncio.sleep(0)
    task.cancel()
    assert task.cancelling() == 2
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_block_that_rests_on_something_sound_is_left_alone() -> None:
    rests_on = base()
    async with resting_on(rests_on):
        await asyncio.sleep(0)
    fail(rests_on)
    await asyncio.sleep(0.01)
    assert rests_on.exception() is not None
