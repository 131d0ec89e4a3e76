"""How far another member is, as its leader knows, and what may be sent to it.

A member whose log is not known to agree is probed with one message at a time; one that does agree is
sent entries without waiting, within a window; one that lags behind the log gets a snapshot.
"""

from collections import deque
from enum import IntEnum


class ProgressState(IntEnum):
    """How a member is sent entries."""

    PROBE = 0
    REPLICATE = 1
    SNAPSHOT = 2


class Inflights:
    """Messages with entries that were not acknowledged yet.

    Args:
        capacity_messages: how many there may be.
        capacity_bytes: of their entries together; one message may exceed it.
    """

    __slots__ = ("_bytes", "_capacity_bytes", "_capacity_messages", "_sent")

    def __init__(self, capacity_messages: int = 256, capacity_bytes: int = 4 << 20) -> None:
        self._capacity_messages = capacity_messages
        self._capacity_bytes = capacity_bytes
        self._sent: deque[tuple[int, int]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent."""
        return len(self._sent) >= self._capacity_messages or self._bytes >= self._capacity_bytes

    def add(self, index: int, size_bytes: int) -> None:
        """A message was sent whose last entry is ``index``."""
        self._sent.append((index, size_bytes))
        self._bytes += size_bytes

    def free_to(self, index: int) -> None:
        """All up to ``index`` was acknowledged."""
        while self._sent and self._sent[0][0] <= index:
            self._bytes -= self._sent.popleft()[1]

    def reset(self) -> None:
        """Nothing is under way."""
        self._sent.clear()
        self._bytes = 0


class Progress:
    """One member, seen from its leader.

    Attributes:
        match: up to here its log is known to be the leader's, durably.
        next: index of the next entry to be sent.
        state: how it is sent entries.
        pending_snapshot: index of the snapshot under way to it; 0 for none.
        recent_active: whether it was heard of since the last check of the quorum.
        probe_sent: whether an answer to a probe is awaited.
        inflights: what is under way.
        is_learner: whether it has no vote.
        sent_commit: the highest commit index that it was told.
    """

    __slots__ = (
        "inflights",
        "is_learner",
        "match",
        "next",
        "pending_snapshot",
        "probe_sent",
        "recent_active",
        "sent_commit",
        "state",
    )

    def __init__(self, *, next_index: int, inflights: Inflights, is_learner: bool = False) -> None:
        self.match = 0
        self.next = next_index
        self.state = ProgressState.PROBE
        self.pending_snapshot = 0
        self.recent_active = False
        self.probe_sent = False
        self.inflights = inflights
        self.is_learner = is_learner
        self.sent_commit = 0

    def become_probe(self) -> None:
        """Find out with one message at a time how far it is."""
        if self.state is ProgressState.SNAPSHOT:
            # It has at least the snapshot, if that was carried over.
            pending = self.pending_snapshot
            self._begin(ProgressState.PROBE)
            self.next = max(self.match + 1, pending + 1)
        else:
            self._begin(ProgressState.PROBE)
            self.next = self.match + 1
        self.sent_commit = min(self.sent_commit, self.next - 1)

    def become_replicate(self) -> None:
        """Send entries without waiting."""
        self._begin(ProgressState.REPLICATE)
        self.next = self.match + 1

    def become_snapshot(self, index: int) -> None:
        """Send nothing until the snapshot of ``index`` has been carried over."""
        self._begin(ProgressState.SNAPSHOT)
        self.pending_snapshot = index
        self.next = index + 1
        self.sent_commit = index

    def sent_entries(self, count: int, size_bytes: int) -> None:
        """A message with that many entries, perhaps none, was sent."""
        if self.state is ProgressState.REPLICATE:
            if count:
                self.next += count
                self.inflights.add(self.next - 1, size_bytes)
            self.probe_sent = self.inflights.full
        else:
            assert self.state is ProgressState.PROBE, "nothing is sent during a snapshot"
            if count:
                self.probe_sent = True

    def maybe_update(self, index: int) -> bool:
        """It holds all up to ``index``; whether that is news."""
        if index <= self.match:
            return False
        self.match = index
        self.next = max(self.next, index + 1)
        self.probe_sent = False
        return True

    def maybe_decr_to(self, rejected: int, hint: int) -> bool:
        """Entries behind ``rejected`` did not fit, those behind ``hint`` may; whether that is news."""
        if self.state is ProgressState.REPLICATE:
            if rejected <= self.match:
                return False  # an old answer: more is known to agree
            self.next = self.match + 1
            self.sent_commit = min(self.sent_commit, self.next - 1)
            return True
        if self.next - 1 != rejected:
            return False  # an answer to an earlier probe
        self.next = max(min(rejected, hint + 1), self.match + 1)
        self.sent_commit = min(self.sent_commit, self.next - 1)
        self.probe_sent = False
        return True

    def is_paused(self) -> bool:
        """Whether nothing may be sent now."""
        return self.state is ProgressState.SNAPSHOT or self.probe_sent

    def can_bump_commit(self, commit: int) -> bool:
        """Whether telling it of ``commit`` would be news, given what has been sent to it."""
        return commit > self.sent_commit and self.sent_commit < self.next - 1

    def _begin(self, state: ProgressState) -> None:
        self.state = state
        self.pending_snapshot = 0
        self.probe_sent = False
        self.inflights.reset()
