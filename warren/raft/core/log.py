"""The log in memory: all entries behind the newest compaction, durable or not.

Entries are kept in one list, so that a batch is a slice; where something is written, committed,
handed out to be applied and applied are marks in it.
"""

from bisect import bisect_left
from collections.abc import Sequence

from warren.raft.core.entry import Entry, SnapshotMeta
from warren.raft.core.unstable import Unstable
from warren.raft.errors import Broken


class Log:
    """Entries ``first_index`` to ``last_index``, and how far things have come.

    Args:
        snapshot: what stands for all before the first entry.
        entries: durable ones, directly behind it.
        committed: what was durably known to be committed.

    Attributes:
        committed: up to here the log will never change.
        applying: up to here entries were handed out to be applied.
        applied: up to here they are applied.

    Raises:
        Broken: the entries do not follow the snapshot, or end before what was committed.
    """

    __slots__ = ("_entries", "_mark", "_unstable", "applied", "applying", "committed")

    def __init__(
        self, snapshot: SnapshotMeta, entries: Sequence[Entry] = (), *, committed: int = 0
    ) -> None:
        self._mark = (snapshot.index, snapshot.term)
        self._entries = list(entries)
        if self._entries and self._entries[0].index != snapshot.index + 1:
            raise Broken(
                f"the log begins at {self._entries[0].index}, its snapshot ends at {snapshot.index}"
            )
        self._unstable = Unstable(self.last_index)
        self.committed = max(committed, snapshot.index)
        self.applying = self.applied = snapshot.index
        if self.committed > self.last_index:
            raise Broken(
                f"the log ends at {self.last_index}, but {self.committed} was committed: entries are "
                "lost; remove this member's directory and join again"
            )

    @property
    def first_index(self) -> int:
        """Of the first entry kept, or of the next one if there is none."""
        return self._mark[0] + 1

    @property
    def last_index(self) -> int:
        """Of the last entry, or of the snapshot if there is none behind it."""
        return self._mark[0] + len(self._entries)

    @property
    def last_term(self) -> int:
        """Of the last entry, or of the snapshot."""
        return self._entries[-1].term if self._entries else self._mark[1]

    @property
    def durable(self) -> int:
        """Up to here the log is written."""
        return self._unstable.durable

    @property
    def has_pending_snapshot(self) -> bool:
        """Whether a snapshot that replaced the log is not written yet."""
        return self._unstable.snapshot is not None

    @property
    def has_unwritten(self) -> bool:
        """Whether there is something to be written that was not handed out."""
        return self._unstable.handed < self.last_index or self._unstable.has_new_snapshot

    @property
    def has_next_committed(self) -> bool:
        """Whether there is something to be applied that was not handed out."""
        return self.committed > self.applying and self._unstable.snapshot is None

    def term(self, index: int) -> int | None:
        """The term of the entry at ``index``, ``None`` if it is compacted or not there yet."""
        place = index - self._mark[0]
        if place <= 0:
            return self._mark[1] if place == 0 else None
        if place > len(self._entries):
            return None
        return self._entries[place - 1].term

    def slice(self, low: int, high: int) -> list[Entry]:
        """The entries of [low, high), all of which are there."""
        assert self.first_index <= low <= high <= self.last_index + 1, (low, high)
        return self._entries[low - self.first_index : high - self.first_index]

    def entries(self, low: int, max_bytes: int) -> tuple[tuple[Entry, ...], int]:
        """Entries from ``low`` on and their bytes; below ``max_bytes``, but at least one."""
        return _limited(self.slice(low, self.last_index + 1), max_bytes)

    def append(self, entries: Sequence[Entry]) -> None:
        """Put entries behind the log, in place of those with their indexes and all behind these.

        Raises:
            Broken: committed entries would be replaced.
        """
        if not entries:
            return
        first = entries[0].index
        if first <= self.committed:
            raise Broken(
                f"entry {first} of term {entries[0].term} would replace a committed one (up to "
                f"{self.committed}): a member forgot what it had promised"
            )
        kept = first - self.first_index
        if kept < len(self._entries):
            del self._entries[kept:]
            self._unstable.truncate(first - 1)
        assert kept == len(self._entries), "there is no gap"
        self._entries += entries

    def maybe_append(
        self, index: int, log_term: int, commit: int, entries: Sequence[Entry]
    ) -> tuple[int, bool]:
        """Append ``entries`` if the log has ``log_term`` at ``index``, and commit what is certain.

        Only a real conflict replaces entries: an old message must not shorten the log.

        Returns:
            The index up to which this log agrees with the sender's, and whether it does at all.

        Raises:
            Broken: committed entries would be replaced.
        """
        if self.term(index) != log_term:
            return 0, False
        last = index + len(entries)
        if index == self.last_index:
            self.append(entries)
        elif entries:
            known = self._count_known(entries)
            self.append(entries[known:])
        self.commit_to(min(commit, last))
        return last, True

    def find_conflict_by_term(self, index: int, term: int) -> tuple[int, int | None]:
        """The highest index up to ``index`` whose term is at most ``term``, and that term.

        Beyond it the log cannot agree with one that has ``term`` at ``index`` (etcd-io/raft,
        ``findConflictByTerm``). Below the log, the index before it is the answer.
        """
        if index > self.last_index:
            return index, None
        if index <= self._mark[0]:
            return index, self.term(index)
        # Terms never fall along the log.
        place = index - self._mark[0]
        found = bisect_left(self._entries, term + 1, 0, place, key=_term_of)
        at = self._mark[0] + found
        known = self.term(at)
        if known is not None and known > term:
            return max(at - 1, 0), None
        return at, known

    def is_up_to_date(self, index: int, log_term: int) -> bool:
        """Whether a log that ends so is at least as new as this one (Ongaro 2014, §3.6.1)."""
        return (log_term, index) >= (self.last_term, self.last_index)

    def commit_to(self, index: int) -> None:
        """Commit up to ``index``; it never goes back.

        Raises:
            Broken: the log is shorter than that.
        """
        if index <= self.committed:
            return
        if index > self.last_index:
            raise Broken(
                f"{index} is committed, but the log ends at {self.last_index}: entries that this "
                "member acknowledged are lost; remove its directory and join again"
            )
        self.committed = index

    def maybe_commit(self, index: int, term: int) -> bool:
        """Commit up to ``index`` if the entry there is of ``term``; whether that is news.

        Entries of earlier terms are committed by one of the own term only (Ongaro 2014, figure 3.7).
        """
        if index <= self.committed or self.term(index) != term:
            return False
        self.commit_to(index)
        return True

    def accept_unwritten(self) -> tuple[tuple[Entry, ...], SnapshotMeta | None]:
        """Hand out what is to be written, once."""
        first = self._unstable.handed + 1
        entries = tuple(self._entries[first - self.first_index :])
        return entries, self._unstable.accept(self.last_index)

    def stable_to(self, index: int, term: int) -> None:
        """The log up to ``index`` is written, if it has ``term`` there still."""
        if self.term(index) == term:
            self._unstable.stable_to(index)

    def stable_snapshot_to(self, index: int) -> None:
        """The snapshot of ``index`` is written."""
        self._unstable.stable_snapshot_to(index)

    def next_committed(self, max_bytes: int) -> tuple[Entry, ...]:
        """Hand out what is to be applied, once; below ``max_bytes``, but at least one entry."""
        if not self.has_next_committed:
            return ()
        entries, _size = _limited(self.slice(self.applying + 1, self.committed + 1), max_bytes)
        self.applying = entries[-1].index
        return entries

    def applied_to(self, index: int) -> None:
        """All up to ``index`` is applied."""
        assert index <= self.committed, f"{index} is applied, {self.committed} is committed"
        self.applied = max(self.applied, index)
        self.applying = max(self.applying, index)

    def compact(self, index: int) -> None:
        """Forget the entries up to ``index``, which is applied and kept in a snapshot."""
        term = self.term(index)
        assert term is not None, f"there is no entry {index}"
        assert index <= self.applied, f"{index} is not applied"
        del self._entries[: index - self._mark[0]]
        self._mark = (index, term)

    def restore(self, snapshot: SnapshotMeta) -> None:
        """Replace the whole log by ``snapshot``."""
        self._entries = []
        self._mark = (snapshot.index, snapshot.term)
        self._unstable.restore(snapshot)
        self.committed = snapshot.index

    def _count_known(self, entries: Sequence[Entry]) -> int:
        """How many of ``entries``, from the first on, the log has already."""
        last = entries[-1]
        if self.term(last.index) == last.term:
            return len(entries)  # same index and term: all before them are the same too
        for place, entry in enumerate(entries):
            if self.term(entry.index) != entry.term:
                return place
        raise AssertionError("the last entry differs")


def _limited(entries: list[Entry], max_bytes: int) -> tuple[tuple[Entry, ...], int]:
    size = sum([len(entry.data) for entry in entries])
    if size <= max_bytes:
        return tuple(entries), size
    size = 0
    for place, entry in enumerate(entries):
        if place and size + len(entry.data) > max_bytes:
            return tuple(entries[:place]), size
        size += len(entry.data)
    return tuple(entries), size


def _term_of(entry: Entry) -> int:
    return entry.term
