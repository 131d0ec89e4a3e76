"""From the steps of the records to what the log came to.

Entries are replaced as they were when the steps were written. A log whose first files were dropped
begins with a ``Base``: the entries up to its ``last_index`` are not there, and need not be if a later
mark covers them.
"""

from warren.raft.core.entry import Entry, HardState, SnapshotMeta
from warren.raft.wal.format import Append, Base, Mark, Step


class Contradiction(Exception):
    """The records are whole and do not belong together."""


class Replay:
    """Takes the steps in order.

    Attributes:
        hard_state: the last one.
        snapshot: the last one, received or of one's own.
        last_index: of the log.
        segments: the highest index of an entry that each file holds, 0 for none that counts.
    """

    def __init__(self) -> None:
        self.hard_state = HardState()
        self.snapshot = SnapshotMeta()
        self.segments: list[int] = []
        self._first = 1
        self._entries: list[Entry] = []
        self._begun = False

    @property
    def last_index(self) -> int:
        """Index of the last entry, or of what stands for it."""
        return self._first + len(self._entries) - 1

    def begin(self, base: Step) -> None:
        """Go on with the next file, of which ``base`` is the first step.

        Raises:
            Contradiction: it does not begin where the file before it ended.
        """
        if not isinstance(base, Base):
            raise Contradiction("the file does not begin with what came before it")
        if not self._begun:
            self._begun = True
            self._first = base.last_index + 1
        elif base.last_index != self.last_index:
            raise Contradiction(
                f"the log was at entry {base.last_index}, the files before it come to {self.last_index}"
            )
        self._remember(base.hard_state)
        self.snapshot = base.snapshot
        self.segments.append(0)

    def add(self, step: Step) -> None:
        """Take any other step.

        Raises:
            Contradiction: entries are missing, or the term or vote went back.
        """
        if isinstance(step, Append):
            if step.snapshot is not None:
                self._replace(step.snapshot)
            if step.entries:
                self._append(step.entries)
            if step.hard_state is not None:
                self._remember(step.hard_state)
        elif isinstance(step, Mark):
            self.snapshot = step.snapshot
        else:
            raise Contradiction("a file begins in the middle of another")

    def end(self) -> list[Entry]:
        """The entries behind the snapshot.

        Raises:
            Contradiction: entries are missing.
        """
        after = self.snapshot.index + 1
        if self._first > after:
            raise Contradiction(f"entries {after} to {self._first - 1} are missing")
        if max(self.last_index, self.snapshot.index) < self.hard_state.commit:
            raise Contradiction(
                f"entry {self.hard_state.commit} was committed, the log ends at {self.last_index}"
            )
        return self._entries[after - self._first :]

    def _replace(self, snapshot: SnapshotMeta) -> None:
        self.snapshot = snapshot
        self._first = snapshot.index + 1
        self._entries.clear()
        self.segments[:] = [0] * len(self.segments)

    def _append(self, entries: tuple[Entry, ...]) -> None:
        first, last = entries[0].index, entries[-1].index
        if last - first != len(entries) - 1:
            raise Contradiction(f"entries {first} to {last} are not in a row")
        if first > self.last_index + 1:
            raise Contradiction(f"entries {self.last_index + 1} to {first - 1} are missing")
        if first < self._first:
            self._first = first
            self._entries.clear()
        else:
            del self._entries[first - self._first :]
        self._entries.extend(entries)
        self.segments[-1] = max(self.segments[-1], last)

    def _remember(self, after: HardState) -> None:
        if not may_follow(self.hard_state, after):
            raise Contradiction(f"{after} came after {self.hard_state}")
        self.hard_state = after


def may_follow(before: HardState, after: HardState) -> bool:
    """Whether a member that remembered ``before`` may come to ``after``: nothing goes back."""
    if after.commit < before.commit or after.term < before.term:
        return False
    return after.term > before.term or before.vote in (0, after.vote)
