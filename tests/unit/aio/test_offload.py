"""Calls on a thread of their own: in order, with their results and errors, cancellable before they start."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest

from warren.aio.offload import Inline, Thread


async def test_calls_run_in_order_on_one_other_thread() -> None:
    thread = Thread("worker")
    seen: list[int] = []

    def note(number: int) -> str:
        seen.append(number)
        return threading.current_thread().name

    names = await asyncio.gather(*[thread.run(partial(note, n)) for n in range(50)])
    thread.close()
    assert seen == list(range(50))
    assert set(names) == {"worker"}


async def test_an_error_reaches_whoever_waits_and_the_thread_goes_on() -> None:
    thread = Thread("worker")

    def fail() -> None:
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        await thread.run(fail)
    assert await thread.run(lambda: 7) == 7
    thread.close()


async def test_a_call_that_is_cancelled_before_it_starts_does_not_run() -> None:
    thread = Thread("worker")
    gate = threading.Event()
    seen: list[str] = []
    first = thread.run(gate.wait)
    second = thread.run(lambda: seen.append("second"))
    third = thread.run(lambda: seen.append("third"))
    second.cancel()
    gate.set()
    await first
    await third
    thread.close()
    assert seen == ["third"]


@pytest.mark.parametrize("make", [partial(Thread, "worker"), Inline])
async def test_a_call_without_a_future_tells_its_result_or_error_on_the_loop(
    make: Callable[[], Thread | Inline],
) -> None:
    offload = make()
    told: asyncio.Queue[tuple[object, BaseException | None, int]] = asyncio.Queue()

    def then(result: object, error: BaseException | None) -> None:
        told.put_nowait((result, error, threading.get_ident()))

    def fail() -> None:
        raise OSError(28, "full")

    offload.call(lambda: 7, then)
    offload.call(fail, then)
    here = threading.get_ident()
    assert await told.get() == (7, None, here)
    result, error, thread = await told.get()
    assert (result, thread) == (None, here)
    assert isinstance(error, OSError)
    offload.close()


async def test_closing_waits_for_what_was_asked_for() -> None:
    thread = Thread("worker")
    seen: list[int] = []
    for number in range(20):
        thread.run(partial(seen.append, number))
    thread.close()
    assert seen == list(range(20))
    await asyncio.sleep(0)


def test_a_result_for_a_loop_that_is_closed_is_dropped() -> None:
    thread = Thread("worker")
    gate = threading.Event()

    async def leave() -> None:
        thread.run(gate.wait)

    asyncio.run(leave())
    gate.set()
    thread.close()
