"""What a log must hold, told from the writes alone, so that it does not depend on the code under test."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from warren.raft.core.entry import Entry, HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend


@dataclass(slots=True)
class LogModel:
    """A log as terms by index, behind a snapshot.

    Attributes:
        base: the snapshot's index; everything up to it is in the snapshot.
        base_term: the snapshot's term.
        terms: of the entries behind it.
        term: the member's term, as it was written.
        vote: its vote, as it was written.
    """

    base: int = 0
    base_term: int = 0
    terms: list[int] = field(default_factory=list)
    term: int = 0
    vote: int = 0

    @property
    def last(self) -> int:
        """The index of the last entry."""
        return self.base + len(self.terms)

    def term_at(self, index: int) -> int | None:
        """The term of that entry, ``None`` if it is not there or in the snapshot."""
        if index == self.base:
            return self.base_term
        if self.base < index <= self.last:
            return self.terms[index - self.base - 1]
        return None

    def holds(self, index: int, term: int) -> bool:
        """Whether the entry is in the log or the snapshot; snapshots hold what is committed."""
        return index < self.base or self.term_at(index) == term

    def write(self, batch: MsgStorageAppend) -> None:
        """Do what the batch says."""
        if batch.snapshot is not None:
            self.base, self.base_term = batch.snapshot.index, batch.snapshot.term
            self.terms.clear()
        if batch.entries:
            first = batch.entries[0].index
            assert self.base < first <= self.last + 1, f"{first} after {self.last}: a gap"
            self.terms[first - self.base - 1 :] = [entry.term for entry in batch.entries]
        self.remember(batch.hard_state)

    def remember(self, hard_state: HardState | None) -> None:
        """Take over term and vote."""
        if hard_state is not None:
            self.term, self.vote = hard_state.term, hard_state.vote

    def mark(self, snapshot: SnapshotMeta) -> None:
        """A snapshot of the log itself stands for its beginning."""
        if snapshot.index > self.base:
            del self.terms[: snapshot.index - self.base]
            self.base, self.base_term = snapshot.index, snapshot.term

    def copy(self) -> "LogModel":
        """Another one with the same contents."""
        return LogModel(self.base, self.base_term, list(self.terms), self.term, self.vote)

    def after(self, batches: Iterable[MsgStorageAppend]) -> "LogModel":
        """What it will be when they are written."""
        result = self.copy()
        for batch in batches:
            result.write(batch)
        return result

    @classmethod
    def of(
        cls, snapshot: SnapshotMeta, entries: Iterable[Entry], hard_state: HardState
    ) -> "LogModel":
        """The log that was found."""
        terms = [entry.term for entry in entries]
        return cls(snapshot.index, snapshot.term, terms, hard_state.term, hard_state.vote)

    def difference(self, other: "LogModel") -> str:
        """Where the two disagree; empty if they agree wherever both have entries of their own."""
        if (self.term, self.vote) != (other.term, other.vote):
            return f"term and vote {self.term, self.vote} against {other.term, other.vote}"
        if self.last != other.last:
            return f"end at {self.last} against {other.last}"
        start = max(self.base, other.base)
        one, two = self.terms[start - self.base :], other.terms[start - other.base :]
        return "" if one == two else f"terms behind {start}: {one} against {two}"
