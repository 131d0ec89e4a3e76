"""What a leader knows about one member's log, and how much it may send there.

A leader that does not know where a member's log agrees with its own probes with one message at a
time. Once it knows, it sends without waiting for answers, as far as a window allows. If what the
member needs is gone from the log, it gets a snapshot, and nothing else meanwhile.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

MAX_INFLIGHT_MESSAGES = 256
MAX_INFLIGHT_BYTES = 4 << 20


class ProgressState(IntEnum):
    """How a member is sent to."""

    PROBE = 0
    REPLICATE = 1
    SNAPSHOT = 2


class Inflights:
    """The messages with entries that are under way to one member, oldest first.

    One message is always let through, however large; more only while there is room for both number
    and bytes.
    """

    __slots__ = ("_capacity_bytes", "_capacity_messages", "_messages", "_size_bytes")

    def __init__(
        self,
        capacity_messages: int = MAX_INFLIGHT_MESSAGES,
        capacity_bytes: int = MAX_INFLIGHT_BYTES,
    ) -> None:
        self._capacity_messages = capacity_messages
        self._capacity_bytes = capacity_bytes
        self._messages: deque[tuple[int, int]] = deque()
        self._size_bytes = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._messages)

    @property
    def size_bytes(self) -> int:
        """How large their entries are together."""
        return self._size_bytes

    @property
    def full(self) -> bool:
        """Whether the next message must wait."""
        return (
            len(self._messages) >= self._capacity_messages
            or self._size_bytes >= self._capacity_bytes
        )

    def add(self, index: int, size_bytes: int) -> None:
        """A message whose last entry is ``index`` has been sent; the window must not be full."""
        assert not self.full, "a message was sent into a full window"
        self._messages.append((index, size_bytes))
        self._size_bytes += size_bytes

    def free_to(self, index: int) -> None:
        """All up to ``index`` has arrived."""
        messages = self._messages
        while messages and messages[0][0] <= index:
            self._size_bytes -= messages.popleft()[1]

    def reset(self) -> None:
        """Nothing is under way any more, or it no longer matters."""
        self._messages.clear()
        self._size_bytes = 0


@dataclass(slots=True, kw_only=True)
class Progress:
    """One member as its leader sees it.

    Attributes:
        match: its log is known to agree up to here.
        next: the next entry to be sent; always behind ``match``.
        state: how it is sent to.
        pending_snapshot: the index of the snapshot that is under way, 0 for none.
        recent_active: whether it was heard from since the quorum was last checked.
        probe_sent: whether to wait for an answer, or a heartbeat's, before sending entries again.
        sent_commit: the highest commit index that it was told, as far as its log reaches it.
        is_learner: whether it has no vote.
        inflights: what is under way to it.
    """

    match: int = 0
    next: int = 1
    state: ProgressState = ProgressState.PROBE
    pending_snapshot: int = 0
    recent_active: bool = False
    probe_sent: bool = False
    sent_commit: int = 0
    is_learner: bool = False
    inflights: Inflights = field(default_factory=Inflights)

    def become_probe(self) -> None:
        """Find out where the logs agree; a snapshot that was sent is taken to have arrived."""
        arrived = self.pending_snapshot
        self._become(ProgressState.PROBE)
        self.next = max(self.match, arrived) + 1
        self.sent_commit = min(self.sent_commit, self.next - 1)

    def become_replicate(self) -> None:
        """The logs agree up to ``match``: send without waiting."""
        self._become(ProgressState.REPLICATE)
        self.next = self.match + 1

    def become_snapshot(self, index: int) -> None:
        """A snapshot is under way: send nothing until it arrived or failed."""
        self._become(ProgressState.SNAPSHOT)
        self.pending_snapshot = index
        self.next = index + 1
        self.sent_commit = index

    def sent_entries(self, count: int, size_bytes: int) -> None:
        """A message with entries from ``next`` on, perhaps none, has been sent."""
        assert self.state is not ProgressState.SNAPSHOT, "entries were sent during a snapshot"
        if self.state is ProgressState.PROBE:
            self.probe_sent = self.probe_sent or count > 0
            return
        if count > 0:
            self.next += count
            self.inflights.add(self.next - 1, size_bytes)
        self.probe_sent = self.inflights.full

    def can_bump_commit(self, commit: int) -> bool:
        """Whether telling it the commit index would make it commit more."""
        return commit > self.sent_commit and self.sent_commit < self.next - 1

    def maybe_update(self, index: int) -> bool:
        """It holds all up to ``index``. Whether that is news."""
        if index <= self.match:
            return False
        self.match = index
        self.next = max(self.next, index + 1)
        self.probe_sent = False
        return True

    def maybe_decr_to(self, rejected: int, hint: int) -> bool:
        """Entries behind ``rejected`` did not fit; the logs may agree at ``hint``.

        Returns:
            False if it answers a message that no longer matters: the order of answers is not kept.
        """
        if self.state is ProgressState.REPLICATE:
            if rejected <= self.match:
                return False
            self.next = self.match + 1
        else:
            if self.next - 1 != rejected:
                return False
            self.next = max(min(rejected, hint + 1), self.match + 1)
            self.probe_sent = False
        self.sent_commit = min(self.sent_commit, self.next - 1)
        return True

    def is_paused(self) -> bool:
        """Whether entries must wait: for an answer, for room, or for a snapshot."""
        return self.state is ProgressState.SNAPSHOT or self.probe_sent

    def _become(self, state: ProgressState) -> None:
        self.state = state
        self.probe_sent = False
        self.pending_snapshot = 0
        self.inflights.reset()
