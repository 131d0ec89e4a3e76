"""The log of one member.

It begins behind a mark, an index whose term is still known though its entry is gone. Three indexes
divide it: what is committed can never be replaced, what is applying was handed to the state machine,
what is applied has taken effect there. How much is durable is a matter of its own (``unstable``);
only what is committed and durable here is handed to the state machine, so that a snapshot of it
never runs ahead of the log on the disk.

Beside the entries stand the bytes up to the end of each, so that a limit in bytes is found by
bisection and no entry is looked at on its way.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from warren.raft.core.entry import Entry, SnapshotMeta
from warren.raft.core.unstable import Unstable
from warren.raft.errors import Broken

ENTRY_OVERHEAD_BYTES = 16
"""What an entry without data counts for, about what its index, term and kind take."""


class Log:
    """Entries behind a mark.

    Attributes:
        committed: the highest index that can never be replaced.
        applying: the highest index that was handed to the state machine.
        applied: the highest index that took effect there.

    Args:
        snapshot: the newest durable one; the state machine is at its index.
        entries: durable ones without gaps. They may begin before the snapshot's index.
        committed: as far as was remembered.

    Raises:
        Broken: the entries leave a gap or end before ``committed``.
    """

    __slots__ = (
        "_entries",
        "_mark",
        "_mark_bytes",
        "_mark_term",
        "_sizes",
        "_unstable",
        "applied",
        "applying",
        "committed",
    )

    def __init__(
        self,
        snapshot: SnapshotMeta = SnapshotMeta(),  # noqa: B008 - immutable
        entries: Sequence[Entry] = (),
        *,
        committed: int = 0,
    ) -> None:
        self._mark, self._mark_term = snapshot.index, snapshot.term
        self._mark_bytes = 0
        kept = _consistent(snapshot, entries)
        if kept and kept[0].index <= snapshot.index:
            # What comes before the first is not known, so the first itself becomes the mark.
            self._mark, self._mark_term = kept[0].index, kept[0].term
            kept = kept[1:]
        self._entries: list[Entry] = list(kept)
        self._sizes = _running_sizes(0, kept)
        self._unstable = Unstable(self.last_index + 1)
        self.committed = max(committed, snapshot.index)
        self.applying = self.applied = snapshot.index
        if self.committed > self.last_index:
            raise Broken(
                f"all up to {self.committed} was committed, but the log on the disk ends at "
                f"{self.last_index}: remove this member's directory and join again as a new member"
            )

    @property
    def first_index(self) -> int:
        """The index behind the mark, whether there is an entry or not."""
        return self._mark + 1

    @property
    def last_index(self) -> int:
        """The index of the last entry, or of the mark."""
        return self._mark + len(self._entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry, or of the mark."""
        return self._entries[-1].term if self._entries else self._mark_term

    @property
    def durable_index(self) -> int:
        """The last index known to be on the disk, as the log has it now."""
        return self._unstable.offset - 1

    @property
    def has_unwritten(self) -> bool:
        """Whether ``accept_unwritten`` would return anything."""
        unstable = self._unstable
        return unstable.offset_in_progress <= self.last_index or unstable.next_snapshot is not None

    @property
    def has_pending_snapshot(self) -> bool:
        """Whether a snapshot takes the place of the log that is not in force on the disk yet."""
        return self._unstable.snapshot is not None

    @property
    def has_next_committed(self) -> bool:
        """Whether ``accept_committed`` would return anything."""
        return self.applying < self._applicable()

    def term(self, index: int) -> int | None:
        """The term of an entry or of the mark; ``None`` before and behind."""
        place = index - self._mark - 1
        if place >= 0:
            return self._entries[place].term if place < len(self._entries) else None
        return self._mark_term if place == -1 else None

    def slice(self, low: int, high: int) -> tuple[Entry, ...]:
        """The entries of [low, high), which must all be there."""
        self._require(low, high - 1)
        return tuple(self._entries[low - self._mark - 1 : high - self._mark - 1])

    def entries(self, low: int, max_bytes: int) -> tuple[tuple[Entry, ...], int]:
        """Entries from ``low`` on and their size: at least one if there is any, else within bytes."""
        return self._limited(low, self.last_index, max_bytes)

    def size_bytes(self, low: int, high: int) -> int:
        """How large the entries of [low, high) are, which must all be there."""
        self._require(low, high - 1)
        return self._size_to(high - 1) - self._size_to(low - 1)

    def append(self, entries: Sequence[Entry]) -> None:
        """Put entries behind the log; the first may replace one, and with it all behind that.

        Raises:
            Broken: a committed entry would be replaced.
        """
        if not entries:
            return
        first = entries[0].index
        if first <= self.last_index:
            self._truncate(first)
        assert first == self.last_index + 1, f"entries from {first} leave a gap in the log"
        self._sizes += _running_sizes(self._size_to(first - 1), entries)
        self._entries += entries

    def maybe_append(
        self, index: int, term: int, commit: int, entries: Sequence[Entry]
    ) -> tuple[int, bool]:
        """Take a leader's entries behind ``index`` if the logs agree there.

        Entries that are here already stay, and so does all behind them: the message may be old.

        Args:
            index: of the entry before the first one.
            term: of that entry.
            commit: the leader's commit index; followed as far as the message reaches.
            entries: without gaps.

        Returns:
            The last index at which the logs are now known to agree, and whether they did at
            ``index``.

        Raises:
            Broken: a committed entry would be replaced.
        """
        if self.term(index) != term:
            return 0, False
        last = index + len(entries)
        conflict = self.find_conflict(entries)
        if conflict:
            self.append(entries[conflict - index - 1 :] if conflict > index + 1 else entries)
        self.commit_to(min(commit, last))
        return last, True

    def find_conflict(self, entries: Sequence[Entry]) -> int:
        """The index of the first entry that is not in the log in the same term, 0 if all are."""
        if entries and entries[0].index > self.last_index:
            return entries[0].index
        return next((entry.index for entry in entries if self.term(entry.index) != entry.term), 0)

    def find_conflict_by_term(self, index: int, term: int) -> tuple[int, int]:
        """Where at or before ``index`` a log that has ``term`` there may agree with this one.

        Returns:
            The highest index with a term of at most ``term``, and its term; 0 for a term that is
            not known because the entry is gone, or not here yet.
        """
        if not self._mark <= index <= self.last_index:
            return index, 0
        if self._mark_term > term:
            return self._mark - 1, 0
        # Terms never decrease along the log.
        count = bisect_right(self._entries, term, 0, index - self._mark, key=_term_of)
        found = self._entries[count - 1].term if count else self._mark_term
        return self._mark + count, found

    def is_up_to_date(self, index: int, term: int) -> bool:
        """Whether a log that ends so holds all that this one may have helped to commit."""
        return (term, index) >= (self.last_term, self.last_index)

    def commit_to(self, index: int) -> None:
        """All up to ``index`` is committed.

        Raises:
            Broken: it is not here: what this member said it holds was lost.
        """
        if index <= self.committed:
            return
        if index > self.last_index:
            raise Broken(
                f"all up to {index} is committed, but the log ends at {self.last_index}: this "
                "member lost what it had confirmed; remove its directory and join again as a new "
                "member"
            )
        self.committed = index

    def maybe_commit(self, index: int, term: int) -> bool:
        """Commit up to ``index`` if its entry is of ``term``. Whether that was news."""
        if index <= self.committed or self.term(index) != term:
            return False
        self.committed = index
        return True

    def accept_unwritten(self) -> tuple[tuple[Entry, ...], SnapshotMeta | None]:
        """What is to be written and was not handed out yet; it counts as handed out from now on."""
        unstable = self._unstable
        snapshot = unstable.next_snapshot
        entries = tuple(self._entries[unstable.offset_in_progress - self._mark - 1 :])
        unstable.accept_in_progress(self.last_index)
        return entries, snapshot

    def stable_to(self, index: int, term: int) -> bool:
        """The entry ``index`` of ``term``, and all before it, was written.

        Returns:
            False if the log has another entry there by now, so that nothing was learned.
        """
        if self.term(index) != term:
            return False
        self._unstable.stable_to(index)
        return True

    def stable_snapshot_to(self, index: int) -> None:
        """The snapshot of ``index`` is in force on the disk."""
        self._unstable.stable_snapshot_to(index)

    def accept_committed(self, max_bytes: int) -> tuple[Entry, ...]:
        """The next entries for the state machine; they count as handed out from now on."""
        high = self._applicable()
        if self.applying >= high:
            return ()
        entries, _ = self._limited(self.applying + 1, high, max_bytes)
        self.applying = entries[-1].index
        return entries

    def applied_to(self, index: int) -> None:
        """All up to ``index`` took effect in the state machine, be it by a snapshot."""
        assert index <= self.committed, f"{index} was applied before it was committed"
        self.applied = max(self.applied, index)
        self.applying = max(self.applying, index)

    def compact(self, index: int) -> None:
        """Drop the entries up to ``index``, which becomes the mark; older marks are left alone."""
        count = index - self._mark
        if count <= 0:
            return
        assert index <= self.applied, f"{index} cannot be dropped before it is applied"
        self._mark_term = self._entries[count - 1].term
        self._mark_bytes = self._sizes[count - 1]
        self._mark = index
        del self._entries[:count]
        del self._sizes[:count]

    def restore(self, snapshot: SnapshotMeta) -> None:
        """Let a snapshot, newer than all that is committed, take the place of the whole log."""
        assert snapshot.index > self.committed, "a snapshot would undo what is committed"
        self._mark, self._mark_term, self._mark_bytes = snapshot.index, snapshot.term, 0
        self._entries = []
        self._sizes = []
        self._unstable.restore(snapshot)
        self.committed = snapshot.index

    def _applicable(self) -> int:
        """The last index that the state machine may have, unless a snapshot must come first."""
        unstable = self._unstable
        return 0 if unstable.snapshot is not None else min(self.committed, unstable.offset - 1)

    def _limited(self, low: int, last: int, max_bytes: int) -> tuple[tuple[Entry, ...], int]:
        if low > last:
            return (), 0
        self._require(low, last)
        before = self._size_to(low - 1)
        start, end = low - self._mark - 1, last - self._mark
        stop = max(bisect_right(self._sizes, before + max_bytes, start, end), start + 1)
        return tuple(self._entries[start:stop]), self._sizes[stop - 1] - before

    def _size_to(self, index: int) -> int:
        return self._sizes[index - self._mark - 1] if index > self._mark else self._mark_bytes

    def _require(self, low: int, last: int) -> None:
        assert self._mark < low, f"entry {low} is asked for, the log begins behind {self._mark}"
        assert last <= self.last_index, f"{last} is asked for, the log ends at {self.last_index}"

    def _truncate(self, index: int) -> None:
        if index <= self.committed:
            raise Broken(
                f"entry {index} would be replaced, but all up to {self.committed} is committed: "
                "two members led in one term, or one lost its log; stop this member and compare "
                "the logs"
            )
        del self._entries[index - self._mark - 1 :]
        del self._sizes[index - self._mark - 1 :]
        self._unstable.replaced_from(index)


def _consistent(snapshot: SnapshotMeta, entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries that belong to the same history as the snapshot."""
    if not entries:
        return entries
    first, last = entries[0].index, entries[-1].index
    if last - first + 1 != len(entries) or first > snapshot.index + 1:
        raise Broken(
            f"the log on the disk has a gap: a snapshot of {snapshot.index}, then {len(entries)} "
            f"entries from {first} to {last}; remove this member's directory and join again as a "
            "new member"
        )
    if last < snapshot.index:
        return ()
    if first <= snapshot.index and entries[snapshot.index - first].term != snapshot.term:
        # Another history: it was overwritten by the snapshot, whole.
        return ()
    return entries


def _running_sizes(before: int, entries: Sequence[Entry]) -> list[int]:
    """The bytes up to the end of each entry, counted on from ``before``."""
    sizes = [len(entry.data) + ENTRY_OVERHEAD_BYTES for entry in entries]
    if sizes:
        sizes[0] += before
    return list(accumulate(sizes))


def _term_of(entry: Entry) -> int:
    return entry.term
