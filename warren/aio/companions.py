"""Tasks that live beside a piece of code and end with it.

A plain TaskGroup waits for its tasks to end by themselves and wraps what its body raises in a group.
Companions are there for the body: when it ends, in whatever way, they are cancelled, and what it
raised passes as it is. A companion that fails still ends the body, with the failure in a group.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Companions:
    """An async context; ``start`` works inside it only."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have ``work`` done beside the body."""
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
