"""How long things take, in few numbers: what delays heartbeats must be seen before it costs an election."""

import math
from dataclasses import dataclass, field

_BUCKETS = 64


@dataclass(slots=True)
class Durations:
    """A histogram whose buckets grow by the square root of two, from a microsecond on.

    Attributes:
        count: how many were added.
        total_seconds: of all.
        longest_seconds: of one.
    """

    count: int = 0
    total_seconds: float = 0.0
    longest_seconds: float = 0.0
    _buckets: list[int] = field(default_factory=lambda: [0] * _BUCKETS)

    def add(self, seconds: float) -> None:
        """Count one."""
        self.count += 1
        self.total_seconds += seconds
        self.longest_seconds = max(self.longest_seconds, seconds)
        square = int((seconds * 1e6) ** 2)
        self._buckets[min(square.bit_length(), _BUCKETS - 1)] += 1

    def percentile(self, share: float) -> float:
        """So many seconds, within a factor of the square root of two, that share took at most."""
        rest = share * self.count
        for number, bucket in enumerate(self._buckets):
            rest -= bucket
            if rest <= 0:
                return min(math.pow(2.0, number / 2) / 1e6, self.longest_seconds)
        return self.longest_seconds


@dataclass(slots=True)
class Statistics:
    """What a node measures of itself.

    Attributes:
        lags: how late the timer was: for so long the loop was busy with something else.
        writes: writes of the log, with their fdatasync.
        turns: how long it took to handle what had come in.
        snapshots: from the copy to the durable file.
    """

    lags: Durations = field(default_factory=Durations)
    writes: Durations = field(default_factory=Durations)
    turns: Durations = field(default_factory=Durations)
    snapshots: Durations = field(default_factory=Durations)
