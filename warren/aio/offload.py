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

    def call(
        self, call: Callable[[], T], then: Callable[[T | None, BaseException | None], None]
    ) -> None:
        """The same without a future: ``then`` is called on the loop with the result or the error."""
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
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def unless_cancelled() -> T | None:
            return None if future.cancelled() else call()

        self.call(unless_cancelled, partial(_settle, future))
        return future

    def call(
        self, call: Callable[[], T], then: Callable[[T | None, BaseException | None], None]
    ) -> None:
        """Start ``call`` on the thread, and ``then`` in the loop's next turn when it has ended."""
        loop = asyncio.get_running_loop()

        def work() -> None:
            result, error = attempt(call)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(then, result, error)

        self._calls.put(work)

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
        _settle(future, *attempt(call))
        return future

    def call(
        self, call: Callable[[], T], then: Callable[[T | None, BaseException | None], None]
    ) -> None:
        """Call now, and ``then`` when the loop turns."""
        asyncio.get_running_loop().call_soon(then, *attempt(call))

    def close(self) -> None:
        """Nothing is ever left running."""


def attempt(call: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """Call, and say how it ended: with a result or with an error."""
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it
        return None, error


def _settle(
    future: "asyncio.Future[Any]", result: object, error: BaseException | None = None
) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
