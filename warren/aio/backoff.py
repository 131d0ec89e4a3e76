"""Waiting longer after each failure, with jitter, up to a ceiling.

Jitter is "full": the wait is drawn evenly from zero to the exponential bound, which spreads a herd
of clients best (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The shape of a series of waits.

    Attributes:
        first_seconds: bound of the first wait.
        factor: growth of the bound from one wait to the next.
        ceiling_seconds: the bound never exceeds this.
        attempts: how many waits there are before giving up; ``None`` means no end.
    """

    first_seconds: float = 0.2
    factor: float = 2.0
    ceiling_seconds: float = 30.0
    attempts: int | None = None

    def waits(self, random: Callable[[], float]) -> Iterator[float]:
        """Yield the waits in seconds; ``random`` returns a float in [0, 1)."""
        bound = self.first_seconds
        count = 0
        while self.attempts is None or count < self.attempts:
            yield random() * bound
            bound = min(bound * self.factor, self.ceiling_seconds)
            count += 1
