"""Sessions that stay open between uses, never more than the host's sshd allows.

One budget serves all users and kinds (shells, runners) of a host. Where it is exhausted, the session
that has been idle longest gives way; its place is free when the host has let go of it, not when we said
so. A host that refuses a session has a smaller budget than we thought, which is remembered.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from warren.fleet.process import SessionRefused


class Session(Protocol):
    """What can be kept."""

    @property
    def broken(self) -> bool:
        """Whether it can serve no more."""
        ...

    async def close(self) -> None:
        """End it."""
        ...

    async def wait_closed(self) -> None:
        """After ``close``: wait until the host has let go of it, or a few seconds."""
        ...


S = TypeVar("S", bound=Session)
T = TypeVar("T")


class Sessions:
    """The kept sessions of one host.

    Args:
        limit: how many may be open, whether in use or idle.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self._idle: list[tuple[Hashable, Session]] = []
        self._turn = asyncio.Lock()  # in the order of arrival, whoever waits for a place first
        self._freed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Sessions {self._open} open, {len(self._idle)} idle, limit {self._limit}>"

    @asynccontextmanager
    async def borrow(
        self, key: Hashable, kinds: tuple[type[S], ...], begin: Callable[[], Awaitable[S]]
    ) -> AsyncIterator[S]:
        """Lend a session of ``key`` to one user at a time; begin one if none is idle.

        An idle one of the first of ``kinds`` is preferred, then one of the next. It waits while
        ``limit`` sessions are in use. A broken session is closed afterwards.
        """
        session = await self._obtain(key, kinds, begin)
        try:
            yield session
        finally:
            if session.broken:
                await self._end(session)
            else:
                self._idle.append((key, session))
                self._freed.set()

    async def begin_beside(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Begin something that is closed by whoever has it and does not count here.

        Where the host refuses it, sessions that are kept give way, when they are idle.

        Raises:
            SessionRefused: none is left that could.
        """
        try:
            return await begin()
        except SessionRefused as error:
            refusal = error
        async with self._turn:
            while self._open:
                if not self._idle:
                    await self._wait()
                    continue
                await self._end(self._first_to_go())
                try:
                    return await begin()
                except SessionRefused as error:
                    refusal = error
        raise refusal

    async def close(self) -> None:
        """End every idle session, without waiting for the host."""
        idle, self._idle = self._idle, []
        for _, session in idle:
            self._leave()
            await session.close()

    async def _obtain(
        self, key: Hashable, kinds: tuple[type[S], ...], begin: Callable[[], Awaitable[S]]
    ) -> S:
        while True:
            async with self._turn:
                while not (session := self._take(key, kinds)) and not self._enter():
                    if self._idle:
                        await self._end(self._first_to_go())
                    else:
                        await self._wait()
            if session:
                return session
            try:
                return await begin()
            except SessionRefused:
                self._leave()
                if not self._open:
                    raise
                self._limit = min(self._limit, self._open)
            except BaseException:
                self._leave()
                raise

    def _take(self, key: Hashable, kinds: tuple[type[S], ...]) -> S | None:
        for kind in kinds:
            for index in range(len(self._idle) - 1, -1, -1):
                owner, idle = self._idle[index]
                if owner == key and isinstance(idle, kind) and not idle.broken:
                    del self._idle[index]
                    return idle
        return None

    def _enter(self) -> bool:
        """Count one more as open, if there is a place."""
        if self._open >= self._limit:
            return False
        self._open += 1
        return True

    def _leave(self) -> None:
        self._open -= 1
        self._freed.set()

    async def _wait(self) -> None:
        """Wait until a session is idle or gone; only ever for who has the turn."""
        self._freed.clear()
        await self._freed.wait()

    def _first_to_go(self) -> Session:
        broken = (index for index, (_, session) in enumerate(self._idle) if session.broken)
        _, session = self._idle.pop(next(broken, 0))
        return session

    async def _end(self, session: Session) -> None:
        try:
            await session.close()
            await session.wait_closed()
        finally:
            self._leave()
