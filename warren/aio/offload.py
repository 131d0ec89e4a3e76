"""Where blocking calls run: on a thread of their own, or at once where nothing blocks.

Writing and fsync may take as long as the disk likes; the event loop must not wait for it.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Offload(Protocol):
    """Runs one blocking call after the other."""

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        """Start ``call`` when those before it have ended."""
        ...

    def close(self) -> None:
        """Wait for what is running."""
        ...


class Thread:
    """One thread, so that calls never overlap.

    An executor of the standard library hands each result through two futures and two locks, which takes
    as long again as a quick fdatasync.
    """

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        """Start ``call`` on the thread, unless the future is cancelled by then."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
                tell = partial(_fail, future, error)
            else:
                tell = partial(_succeed, future, result)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell)

        self._calls.put(work)
        return future

    def close(self) -> None:
        """Wait for what is running and end the thread."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (work := self._calls.get()) is not None:
            work()


class Inline:
    """Calls at once: for the simulated disk, where a run must be the same every time."""

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        """Call now; the result is there when the loop turns."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing is ever left running."""


def _succeed(future: "asyncio.Future[Any]", result: object) -> None:
    if not future.cancelled():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.cancelled():
        future.set_exception(error)
