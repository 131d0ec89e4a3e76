"""Virtual time: calls in the order of their times, without waiting.

A simulated hour passes as fast as its calls run, and two runs with the same calls are the same run:
times are whole microseconds, and calls of one time run in the order in which they were scheduled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush


@dataclass(slots=True, eq=False)
class Event:
    """A call that is to come."""

    call: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Never call it."""
        self.is_cancelled = True


class Schedule:
    """What is to happen, and when.

    Attributes:
        now_us: the virtual time, in microseconds since the start.
    """

    def __init__(self) -> None:
        self.now_us = 0
        self._heap: list[tuple[int, int, Event]] = []
        self._count = 0

    def after(self, delay_us: int, call: Callable[[], None]) -> Event:
        """Call when that time has passed; at once if it is not above zero, but not before return."""
        event = Event(call)
        self._count += 1
        heappush(self._heap, (self.now_us + max(0, delay_us), self._count, event))
        return event

    def run_next(self) -> bool:
        """Make the next call; false if nothing is to come."""
        while self._heap:
            when_us, _, event = heappop(self._heap)
            if not event.is_cancelled:
                self.now_us = when_us
                event.call()
                return True
        return False

    def run_until(self, time_us: int) -> None:
        """Make all calls up to and at that time, and let it be that time then."""
        while self._heap and self._heap[0][0] <= time_us:
            when_us, _, event = heappop(self._heap)
            if not event.is_cancelled:
                self.now_us = when_us
                event.call()
        self.now_us = max(self.now_us, time_us)
