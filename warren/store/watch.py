"""Changes as a stream, from any recent point on.

Every change has a sequence number without gaps, the same on every manager. A ring keeps the latest;
a watch is nothing but a position in it. Whoever is too late, at the start or by being slow, is told
so and reads the tables again: nobody's slowness costs memory, and no change is skipped silently.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Self

from warren.model.errors import TransientError
from warren.model.resource import Resource
from warren.store.state import StateChange

RING_CHANGES = 8192


class WatchLost(TransientError):
    """The changes asked for are no longer (or not yet) known: read the tables, then watch anew.

    Attributes:
        sequence: where a new watch may begin.
    """

    code = "watch_lost"

    def __init__(self, message: str, *, sequence: int) -> None:
        self.sequence = sequence
        super().__init__(
            message, hint="read the tables again and watch from there", retry_after_seconds=0.0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed.

    Attributes:
        sequence: counts changes from the beginning of the cluster, without gaps.
        index: of the log entry; changes of one transaction share it.
        table: where.
        verb: what happened.
        before: the thing before; ``None`` if it was created.
        after: the thing now; ``None`` if it was deleted.
    """

    sequence: int
    index: int
    table: str
    verb: Literal["created", "updated", "deleted"]
    before: Resource | None
    after: Resource | None


class Feed:
    """The ring, and who waits for it to move.

    Args:
        sequence: of the last change before the feed began.
        decode: makes a ``Change`` of a state's change.
        capacity: changes kept.
    """

    def __init__(
        self,
        sequence: int,
        decode: Callable[[StateChange], Change],
        *,
        capacity: int = RING_CHANGES,
    ) -> None:
        self.sequence = sequence
        self.closed = False
        self.decode = decode
        self._ring: deque[StateChange] = deque(maxlen=capacity)
        self._moved: set[asyncio.Future[None]] = set()

    def publish(self, changes: Collection[StateChange]) -> None:
        """Add the changes of one entry and wake who waits."""
        if changes:
            self._ring.extend(changes)
            self.sequence = self._ring[-1].sequence
            self._wake()

    def restart(self, sequence: int) -> None:
        """Forget what came before: the state was replaced, and watches that lack anything are told."""
        self._ring.clear()
        self.sequence = sequence
        self._wake()

    def close(self) -> None:
        """End all watches once they have seen everything."""
        self.closed = True
        self._wake()

    def after(self, sequence: int) -> list[StateChange]:
        """The changes with a higher sequence than that.

        Raises:
            WatchLost: some of them are not in the ring.
        """
        missing = self.sequence - sequence
        if missing < 0 or missing > len(self._ring):
            oldest = self.sequence - len(self._ring)
            raise WatchLost(
                f"changes after {sequence} are not known: those from {oldest} to {self.sequence} are",
                sequence=self.sequence,
            )
        return list(islice(self._ring, len(self._ring) - missing, None))

    async def wait(self) -> None:
        """Return when there is something new, or the feed was closed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._moved.add(waiter)
        try:
            await waiter
        finally:
            self._moved.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._moved:
            if not waiter.done():
                waiter.set_result(None)


class Watch:
    """An asynchronous iterator over changes; ends when the store closes.

    Args:
        feed: where from.
        sequence: changes after this one are delivered.
        tables: only these; all if empty.
    """

    def __init__(self, feed: Feed, sequence: int, *, tables: Collection[str] = ()) -> None:
        self._feed = feed
        self._position = sequence
        self._tables = frozenset(tables)
        self._ready: deque[StateChange] = deque()
        feed.after(sequence)  # says at once if it is too late

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while not self._ready:
            if not await self._fill():
                raise StopAsyncIteration
        return self._feed.decode(self._ready.popleft())

    async def take(self) -> tuple[Change, ...]:
        """All changes not yet delivered; waits for at least one, empty when the store was closed.

        Raises:
            WatchLost: the consumer was too slow.
        """
        while not self._ready and await self._fill():
            pass
        changes = tuple(map(self._feed.decode, self._ready))
        self._ready.clear()
        return changes

    async def _fill(self) -> bool:
        """Move on by one step; whether there may be more."""
        if self._feed.sequence == self._position:
            if self._feed.closed:
                return False
            await self._feed.wait()
            return True
        fresh = self._feed.after(self._position)
        self._position = fresh[-1].sequence
        self._ready.extend(
            change for change in fresh if not self._tables or change.table in self._tables
        )
        return True
