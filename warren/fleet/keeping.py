"""Sessions that stay open between uses, never more than the host's sshd allows.

One budget serves all users and kinds (shells, runners) of a host. Where it is exhausted, the session
that has been idle longest gives way.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar


class Session(Protocol):
    """What can be kept."""

    @property
    def broken(self) -> bool:
        """Whether it can serve no more."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


S = TypeVar("S", bound=Session)


class Sessions:
    """The kept sessions of one host.

    Args:
        limit: how many may be open, whether in use or idle.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self._idle: list[tuple[Hashable, Session]] = []
        self._places = asyncio.Semaphore(limit)

    def __repr__(self) -> str:
        return f"<Sessions {self._open} open, {len(self._idle)} idle, limit {self._limit}>"

    @asynccontextmanager
    async def borrow(
        self, key: Hashable, kinds: tuple[type[S], ...], begin: Callable[[], Awaitable[S]]
    ) -> AsyncIterator[S]:
        """Lend a session of ``key`` to one user at a time; begin one if none is idle.

        An idle one of the first of ``kinds`` is preferred, then one of the next. It waits while ``limit`` sessions are in use. A broken session is closed afterwards.
        """
        async with self._places:
            session = await self._take(key, kinds) or await self._begin(begin)
            try:
                yield session
            finally:
                if session.broken:
                    self._open -= 1
                    await session.close()
                else:
                    self._idle.append((key, session))

    async def close(self) -> None:
        """End every idle session."""
        idle, self._idle = self._idle, []
        for _, session in idle:
            self._open -= 1
            await session.close()

    async def _take(self, key: Hashable, kinds: tuple[type[S], ...]) -> S | None:
        broken = [session for _, session in self._idle if session.broken]
        self._idle = [entry for entry in self._idle if entry[1] not in broken]
        self._open -= len(broken)
        for session in broken:
            await session.close()
        for kind in kinds:
            for index in range(len(self._idle) - 1, -1, -1):
                owner, idle = self._idle[index]
                if owner == key and isinstance(idle, kind):
                    del self._idle[index]
                    return idle
        return None

    async def _begin(self, begin: Callable[[], Awaitable[S]]) -> S:
        self._open += 1
        try:
            if self._open > self._limit:
                _, oldest = self._idle.pop(0)
                self._open -= 1
                await oldest.close()
            return await begin()
        except BaseException:
            self._open -= 1
            raise
