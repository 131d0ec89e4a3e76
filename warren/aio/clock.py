"""Time as a parameter.

Code that reads the clock directly can be neither simulated nor replayed. Whatever waits or stamps
takes a ``Clock``; only the composition root chooses ``SystemClock``.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What Warren knows of time."""

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC; for records that people read."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; for measuring and for deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long; cancellable."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(seconds)
