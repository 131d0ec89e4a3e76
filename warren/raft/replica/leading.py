"""What only a leader adds to the log: the time, and now and then a comparison of all members' states."""

from warren.raft.replica.replicated import Compare, Mark, Replicated, encode_check, stamp


class Leading:
    """One term of leading, and the next.

    The time in the log is how long the cluster has been led: it goes on from where the last leader
    left it, by this leader's monotonic clock, so that no wall clock that jumps can end all sessions.

    Args:
        replicated: the state.
        every: how many entries lie between two comparisons.
    """

    def __init__(self, replicated: Replicated, every: int) -> None:
        self._replicated = replicated
        self._every = every
        self._offset_ms = 0
        self._next_mark = 0
        self._compared = 0
        self.term = 0
        """The one that is led in, 0 for none."""

    def begin(self, term: int, now_ms: int) -> None:
        """This member leads."""
        self.term = term
        self._offset_ms = self._replicated.time_ms - now_ms
        self._next_mark = 0
        self._compared = self._replicated.marked[0]

    def end(self) -> None:
        """It does not any more."""
        self.term = 0

    def stamp(self, now_ms: int) -> bytes:
        """The time, as it goes before a proposal."""
        return stamp(max(self._replicated.time_ms, self._offset_ms + now_ms))

    def check(self, applied: int, last_index: int) -> bytes | None:
        """What is to be proposed to compare the members' states, if it is time for that."""
        marked, fingerprint = self._replicated.marked
        if marked != self._compared and fingerprint:
            self._compared = marked
            return encode_check(Compare(marked, fingerprint))
        if applied >= max(marked + self._every, self._next_mark):
            self._next_mark = last_index + self._every
            return encode_check(Mark())
        return None
