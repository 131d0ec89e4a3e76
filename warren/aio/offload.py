"""Where blocking calls run: on a thread of their own, or at once where nothing blocks.

Writing and fsync may take as long as the disk likes; the event loop must not wait for it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

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
    """One thread, so that calls never overlap."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        """Start ``call`` on the thread."""
        return asyncio.get_running_loop().run_in_executor(self._executor, call)

    def close(self) -> None:
        """Wait for what is running and end the thread."""
        self._executor.shutdown()


class Inline:
    """Calls at once: for the simulated disk, where a run must be the same every time."""

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        """Call now; the result is there when the loop turns."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(call())
        except OSError as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing is ever left running."""
