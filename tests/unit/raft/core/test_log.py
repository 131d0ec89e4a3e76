"""The log of one member, by cases and against one that is searched entry by entry."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from warren.raft.core.entry import Entry, SnapshotMeta
from warren.raft.core.log import ENTRY_OVERHEAD_BYTES, Log
from warren.raft.errors import Broken


def entries_of(first: int, *terms: int, size: int = 0) -> tuple[Entry, ...]:
    return tuple(Entry(first + place, term, bytes(size)) for place, term in enumerate(terms))


def terms_of(log: Log) -> list[int]:
    return [entry.term for entry in log.slice(log.first_index, log.last_index + 1)]


def write(log: Log) -> None:
    """The disk does at once what it is told."""
    entries, snapshot = log.accept_unwritten()
    if snapshot is not None:
        log.stable_snapshot_to(snapshot.index)
        log.applied_to(snapshot.index)
    if entries:
        assert log.stable_to(entries[-1].index, entries[-1].term)


def applied_log(last: int, *, size: int = 0) -> Log:
    """All of it durable, committed and applied."""
    log = Log(entries=entries_of(1, *[1] * last, size=size), committed=last)
    log.accept_committed(1 << 30)
    log.applied_to(last)
    return log


class TestRecovery:
    def test_new_log_is_empty(self) -> None:
        log = Log()
        assert (log.first_index, log.last_index, log.last_term) == (1, 0, 0)
        assert (log.committed, log.applying, log.applied, log.durable_index) == (0, 0, 0, 0)
        assert (log.term(0), log.term(1)) == (0, None)
        assert not log.has_unwritten
        assert not log.has_next_committed

    def test_entries_behind_a_snapshot_are_durable_and_wait_to_be_applied(self) -> None:
        log = Log(SnapshotMeta(10, 2), entries_of(11, 2, 3), committed=11)
        assert (log.first_index, log.last_index, log.last_term) == (11, 12, 3)
        assert (log.committed, log.applied, log.durable_index) == (11, 10, 12)
        assert not log.has_unwritten
        assert log.accept_committed(1000) == entries_of(11, 2)

    def test_snapshot_is_committed_whatever_was_remembered(self) -> None:
        assert Log(SnapshotMeta(10, 2), committed=3).committed == 10

    def test_entries_before_the_snapshot_are_kept_for_slow_members(self) -> None:
        log = Log(SnapshotMeta(10, 2), entries_of(7, 1, 2, 2, 2, 3))
        assert (log.first_index, log.last_index) == (8, 11)
        assert [log.term(index) for index in (6, 7, 8, 11)] == [None, 1, 2, 3]
        assert (log.committed, log.applied) == (10, 10)
        assert terms_of(log) == [2, 2, 2, 3]

    def test_entries_that_end_at_the_snapshot_are_kept(self) -> None:
        log = Log(SnapshotMeta(10, 2), entries_of(8, 1, 2, 2))
        assert (log.first_index, log.last_index) == (9, 10)

    def test_entries_that_end_before_the_snapshot_are_dropped(self) -> None:
        log = Log(SnapshotMeta(10, 2), entries_of(7, 1, 2, 2))
        assert (log.first_index, log.last_index, log.last_term) == (11, 10, 2)

    def test_entries_of_another_history_than_the_snapshot_are_dropped(self) -> None:
        log = Log(SnapshotMeta(10, 3), entries_of(9, 2, 2, 2))
        assert (log.first_index, log.last_index, log.last_term) == (11, 10, 3)

    @pytest.mark.parametrize(
        "entries", [entries_of(12, 2), (*entries_of(11, 2), *entries_of(13, 2))]
    )
    def test_gap_is_refused(self, entries: Sequence[Entry]) -> None:
        with pytest.raises(Broken, match="gap"):
            Log(SnapshotMeta(10, 2), entries)

    def test_log_that_ends_before_what_was_committed_is_refused(self) -> None:
        with pytest.raises(Broken, match=r"up to 13 was committed, .* ends at 12"):
            Log(SnapshotMeta(10, 2), entries_of(11, 2, 2), committed=13)


class TestAppending:
    @pytest.mark.parametrize(
        ("index", "term", "new", "last", "fits", "terms"),
        [
            pytest.param(3, 3, (), 3, True, [1, 2, 3], id="nothing new"),
            pytest.param(3, 3, (4,), 4, True, [1, 2, 3, 4], id="behind"),
            pytest.param(3, 2, (4,), 0, False, [1, 2, 3], id="other term"),
            pytest.param(4, 4, (4,), 0, False, [1, 2, 3], id="not there yet"),
            pytest.param(1, 1, (2,), 2, True, [1, 2, 3], id="old message keeps what is behind"),
            pytest.param(1, 1, (2, 3), 3, True, [1, 2, 3], id="repeated"),
            pytest.param(1, 1, (2, 3, 3), 4, True, [1, 2, 3, 3], id="partly new"),
            pytest.param(1, 1, (4, 4), 3, True, [1, 4, 4], id="conflict at once"),
            pytest.param(1, 1, (2, 4, 4), 4, True, [1, 2, 4, 4], id="conflict within"),
            pytest.param(1, 1, (4,), 2, True, [1, 4], id="conflict drops the rest"),
        ],
    )
    def test_takes_what_fits(
        self,
        index: int,
        term: int,
        new: tuple[int, ...],
        *,
        last: int,
        fits: bool,
        terms: list[int],
    ) -> None:
        log = Log(entries=entries_of(1, 1, 2, 3))
        assert log.maybe_append(index, term, 0, entries_of(index + 1, *new)) == (last, fits)
        assert terms_of(log) == terms

    @pytest.mark.parametrize(("commit", "expected"), [(1, 1), (2, 2), (3, 2), (9, 2)])
    def test_commits_no_further_than_the_message_reaches(self, commit: int, expected: int) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1))
        log.maybe_append(1, 1, commit, entries_of(2, 1))
        assert log.committed == expected

    def test_commits_nothing_if_the_message_does_not_fit(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1))
        log.maybe_append(2, 7, 3, ())
        assert log.committed == 0

    def test_appends_behind_a_mark_of_which_only_the_term_is_known(self) -> None:
        log = Log(SnapshotMeta(10, 2))
        assert log.maybe_append(10, 2, 10, entries_of(11, 3)) == (11, True)
        assert log.maybe_append(9, 2, 10, entries_of(10, 2)) == (0, False)

    def test_never_replaces_what_is_committed(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1), committed=2)
        with pytest.raises(Broken, match="entry 2 would be replaced"):
            log.maybe_append(1, 1, 2, entries_of(2, 2))
        assert terms_of(log) == [1, 1, 1]

    def test_leaves_no_gap(self) -> None:
        log = Log(entries=entries_of(1, 1))
        with pytest.raises(AssertionError, match="gap"):
            log.append(entries_of(3, 1))

    def test_appending_nothing_changes_nothing(self) -> None:
        log = Log(entries=entries_of(1, 1))
        log.append(())
        assert terms_of(log) == [1]
        assert not log.has_unwritten


class TestComparing:
    LOG = Log(SnapshotMeta(10, 2), entries_of(11, 2, 4, 4, 4, 7))

    @pytest.mark.parametrize(
        ("index", "term", "expected"),
        [
            pytest.param(15, 9, (15, 7), id="agrees as far as is known"),
            pytest.param(15, 6, (14, 4), id="before the higher term"),
            pytest.param(14, 3, (11, 2), id="before two terms"),
            pytest.param(12, 4, (12, 4), id="same term"),
            pytest.param(13, 2, (11, 2), id="same term further back"),
            pytest.param(10, 2, (10, 2), id="mark"),
            pytest.param(13, 1, (9, 0), id="before the mark"),
            pytest.param(5, 3, (5, 0), id="gone"),
            pytest.param(16, 9, (16, 0), id="not here yet"),
        ],
    )
    def test_conflict_is_looked_for_by_term(
        self, index: int, term: int, expected: tuple[int, int]
    ) -> None:
        assert self.LOG.find_conflict_by_term(index, term) == expected

    def test_conflict_is_looked_for_by_term_down_to_the_beginning(self) -> None:
        assert Log(entries=entries_of(1, 5, 5)).find_conflict_by_term(2, 3) == (0, 0)

    @pytest.mark.parametrize(
        ("terms", "expected"),
        [((), 0), ((2,), 0), ((2, 4, 4), 0), ((2, 5), 12), ((2, 4, 4, 4, 7, 7), 16)],
    )
    def test_conflict_is_the_first_entry_that_differs(
        self, terms: tuple[int, ...], expected: int
    ) -> None:
        assert self.LOG.find_conflict(entries_of(11, *terms)) == expected

    @pytest.mark.parametrize(
        ("index", "term", "expected"),
        [(15, 7, True), (16, 7, True), (14, 7, False), (99, 6, False), (1, 8, True)],
    )
    def test_later_term_is_more_up_to_date_then_the_longer_log(
        self, index: int, term: int, *, expected: bool
    ) -> None:
        assert self.LOG.is_up_to_date(index, term) is expected


class TestCommitting:
    def test_commit_index_never_goes_back(self) -> None:
        log = Log(entries=entries_of(1, 1, 1), committed=2)
        log.commit_to(1)
        assert log.committed == 2

    def test_commit_beyond_the_log_means_that_entries_were_lost(self) -> None:
        log = Log(entries=entries_of(1, 1, 1))
        with pytest.raises(Broken, match="up to 3 is committed, but the log ends at 2"):
            log.commit_to(3)

    @pytest.mark.parametrize(
        ("index", "term", "news"), [(3, 2, True), (2, 2, False), (2, 1, True), (1, 1, False)]
    )
    def test_leader_commits_by_counting_only_in_its_own_term(
        self, index: int, term: int, *, news: bool
    ) -> None:
        log = Log(entries=entries_of(1, 1, 1, 2), committed=1)
        assert log.maybe_commit(index, term) is news
        assert log.committed == (index if news else 1)

    def test_leader_does_not_commit_beyond_its_log(self) -> None:
        assert not Log(entries=entries_of(1, 1)).maybe_commit(2, 1)


class TestWriting:
    def test_entries_are_handed_out_once(self) -> None:
        log = Log(entries=entries_of(1, 1))
        log.append(entries_of(2, 1, 1))
        assert log.has_unwritten
        assert log.accept_unwritten() == (entries_of(2, 1, 1), None)
        assert not log.has_unwritten
        assert log.accept_unwritten() == ((), None)
        log.append(entries_of(4, 1))
        assert log.accept_unwritten() == (entries_of(4, 1), None)
        assert log.durable_index == 1

    def test_replaced_entries_are_handed_out_again_and_old_news_of_them_ignored(self) -> None:
        log = Log()
        log.append(entries_of(1, 1, 1, 1))
        log.accept_unwritten()
        log.maybe_append(1, 1, 0, entries_of(2, 2, 2))
        assert not log.stable_to(3, 1)
        assert log.durable_index == 0
        assert log.stable_to(1, 1)
        assert log.durable_index == 1
        assert log.accept_unwritten() == (entries_of(2, 2, 2), None)
        assert log.stable_to(3, 2)
        assert log.durable_index == 3

    def test_news_of_dropped_entries_is_ignored(self) -> None:
        log = Log()
        log.append(entries_of(1, 1, 1, 1))
        log.accept_unwritten()
        log.maybe_append(1, 1, 0, entries_of(2, 2))
        assert not log.stable_to(3, 1)

    def test_durable_entries_that_are_replaced_are_durable_no_more(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1))
        log.maybe_append(1, 1, 0, entries_of(2, 2))
        assert log.durable_index == 1
        assert log.accept_unwritten() == (entries_of(2, 2), None)


class TestApplying:
    def test_only_what_is_committed_and_durable_is_handed_out(self) -> None:
        log = Log()
        log.append(entries_of(1, 1, 1, 1))
        assert log.accept_committed(1000) == ()
        log.commit_to(2)
        assert not log.has_next_committed
        log.accept_unwritten()
        log.stable_to(1, 1)
        assert log.has_next_committed
        assert log.accept_committed(1000) == entries_of(1, 1)
        assert not log.has_next_committed
        log.stable_to(3, 1)
        assert log.accept_committed(1000) == entries_of(2, 1)
        assert (log.applying, log.applied) == (2, 0)
        log.applied_to(1)
        assert (log.applying, log.applied) == (2, 1)

    def test_no_more_is_handed_out_than_asked_for(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1, 1, size=84), committed=4)
        assert 84 + ENTRY_OVERHEAD_BYTES == 100
        assert len(log.accept_committed(200)) == 2
        assert len(log.accept_committed(1)) == 1
        assert len(log.accept_committed(1000)) == 1
        assert log.accept_committed(1000) == ()

    def test_old_news_is_harmless(self) -> None:
        log = Log(entries=entries_of(1, 1, 1), committed=2)
        log.accept_committed(1000)
        log.applied_to(2)
        log.applied_to(1)
        assert (log.applying, log.applied) == (2, 2)

    def test_what_is_not_committed_cannot_have_been_applied(self) -> None:
        with pytest.raises(AssertionError, match="before it was committed"):
            Log(entries=entries_of(1, 1)).applied_to(1)


class TestReading:
    def test_limit_in_bytes_holds_but_for_the_first_entry(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1, size=84))
        assert log.entries(1, 0) == (entries_of(1, 1, size=84), 100)
        assert log.entries(2, 199) == (entries_of(2, 1, size=84), 100)
        assert log.entries(1, 200) == (entries_of(1, 1, 1, size=84), 200)
        assert log.entries(1, 1 << 20) == (entries_of(1, 1, 1, 1, size=84), 300)
        assert log.entries(4, 100) == ((), 0)

    def test_what_is_not_there_is_not_read(self) -> None:
        log = Log(SnapshotMeta(10, 2), entries_of(11, 2, 2))
        with pytest.raises(AssertionError, match="begins behind 10"):
            log.entries(10, 100)
        with pytest.raises(AssertionError, match="begins behind 10"):
            log.slice(10, 12)
        with pytest.raises(AssertionError, match="ends at 12"):
            log.slice(11, 14)
        with pytest.raises(AssertionError, match="ends at 12"):
            log.size_bytes(12, 14)

    def test_sizes_are_right_after_replacing_and_compacting(self) -> None:
        log = applied_log(4, size=84)
        log.append(entries_of(5, 1, 1, size=184))
        log.append(entries_of(6, 2, 2, size=284))
        assert log.size_bytes(1, 8) == 400 + 200 + 600
        log.compact(3)
        assert log.size_bytes(4, 8) == 100 + 200 + 600
        assert log.size_bytes(6, 6) == 0
        assert log.entries(4, 300)[1] == 300


class TestCompacting:
    def test_drops_entries_and_keeps_the_term_of_the_last(self) -> None:
        log = applied_log(5)
        log.compact(3)
        assert (log.first_index, log.last_index) == (4, 5)
        assert [log.term(index) for index in (2, 3, 4)] == [None, 1, 1]
        log.compact(3)
        log.compact(1)
        assert log.first_index == 4

    def test_may_leave_nothing_but_the_mark(self) -> None:
        log = applied_log(5)
        log.compact(5)
        assert (log.first_index, log.last_index, log.last_term) == (6, 5, 1)
        log.append(entries_of(6, 2))
        assert log.accept_unwritten() == (entries_of(6, 2), None)

    def test_never_drops_what_is_not_applied(self) -> None:
        log = Log(entries=entries_of(1, 1, 1), committed=2)
        with pytest.raises(AssertionError, match="before it is applied"):
            log.compact(1)


class TestRestoring:
    def test_snapshot_takes_the_place_of_the_log(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1), committed=2)
        snapshot = SnapshotMeta(20, 4)
        log.restore(snapshot)
        assert (log.first_index, log.last_index, log.last_term) == (21, 20, 4)
        assert (log.committed, log.applied) == (20, 0)
        assert log.has_pending_snapshot
        assert log.has_unwritten
        assert log.accept_unwritten() == ((), snapshot)
        assert not log.has_unwritten
        assert log.has_pending_snapshot

    def test_nothing_is_applied_until_the_snapshot_is_in_force(self) -> None:
        log = Log(entries=entries_of(1, 1, 1, 1), committed=2)
        assert len(log.accept_committed(1000)) == 2
        log.restore(SnapshotMeta(20, 4))
        log.maybe_append(20, 4, 21, entries_of(21, 4))
        log.applied_to(2)
        entries, _ = log.accept_unwritten()
        assert entries == entries_of(21, 4)
        assert log.stable_to(21, 4)
        assert not log.has_next_committed
        assert log.accept_committed(1000) == ()
        log.stable_snapshot_to(20)
        log.applied_to(20)
        assert log.accept_committed(1000) == entries_of(21, 4)

    def test_news_of_entries_from_before_is_ignored(self) -> None:
        log = Log()
        log.append(entries_of(1, 1, 1, 1))
        log.accept_unwritten()
        log.restore(SnapshotMeta(20, 4))
        assert not log.stable_to(3, 1)
        assert log.durable_index == 20

    def test_snapshot_that_is_overtaken_does_not_end_the_wait(self) -> None:
        log = Log()
        log.restore(SnapshotMeta(20, 4))
        log.accept_unwritten()
        log.restore(SnapshotMeta(30, 4))
        log.stable_snapshot_to(20)
        assert log.has_pending_snapshot
        assert log.accept_unwritten() == ((), SnapshotMeta(30, 4))

    def test_snapshot_never_undoes_what_is_committed(self) -> None:
        log = Log(entries=entries_of(1, 1, 1), committed=2)
        with pytest.raises(AssertionError, match="undo"):
            log.restore(SnapshotMeta(2, 1))


@dataclass
class Naive:
    """A log as a dictionary, in which everything is looked for one by one."""

    mark: int = 0
    terms: dict[int, int] = field(default_factory=lambda: {0: 0})
    sizes: dict[int, int] = field(default_factory=dict)
    committed: int = 0
    applied: int = 0
    handed: int = 0
    durable: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        return max(self.terms)

    def put(self, entry: Entry) -> None:
        for index in [index for index in self.terms if index >= entry.index]:
            del self.terms[index]
            self.durable.discard(index)
        self.terms[entry.index] = entry.term
        self.sizes[entry.index] = len(entry.data) + ENTRY_OVERHEAD_BYTES

    def back_to_term(self, index: int, term: int) -> tuple[int, int]:
        while index in self.terms:
            if self.terms[index] <= term:
                return index, self.terms[index]
            index -= 1
        return max(index, 0), 0

    def limited(self, low: int, high: int, max_bytes: int) -> list[int]:
        taken: list[int] = []
        for index in range(low, high + 1):
            if taken and sum(map(self.sizes.__getitem__, [*taken, index])) > max_bytes:
                break
            taken.append(index)
        return taken


small = strategies.integers(0, 6)


class Compared(RuleBasedStateMachine):
    """Both logs go through the same; ``inflight`` are writes that the disk has not finished."""

    def __init__(self) -> None:
        super().__init__()
        self.term = 1
        self.naive = Naive()
        self.log = Log()
        self.inflight: list[tuple[tuple[Entry, ...], SnapshotMeta | None]] = []

    @initialize(index=small, more=small)
    def recover(self, index: int, more: int) -> None:
        entries = tuple(Entry(index + 1 + place, 1, bytes(place)) for place in range(more))
        self.log = Log(SnapshotMeta(index, min(index, 1)), entries)
        self.naive = Naive(mark=index, terms={index: min(index, 1)}, applied=index, handed=index)
        self.naive.committed = index
        for entry in entries:
            self.naive.put(entry)
            self.naive.durable.add(entry.index)

    @rule(sizes=strategies.lists(small, max_size=5))
    def lead(self, sizes: list[int]) -> None:
        first = self.log.last_index + 1
        entries = [Entry(first + place, self.term, bytes(size)) for place, size in enumerate(sizes)]
        self.log.append(entries)
        for entry in entries:
            self.naive.put(entry)

    @rule(back=small, keep=small, sizes=strategies.lists(small, max_size=5), ahead=small)
    def follow(self, back: int, keep: int, sizes: list[int], ahead: int) -> None:
        """A leader of a new term sends entries, of which the first may be here already."""
        naive = self.naive
        self.term += 1
        index = max(naive.last - back, naive.committed)
        kept = min(keep, naive.last - index)
        terms = [naive.terms[index + 1 + place] for place in range(kept)]
        entries = [
            Entry(index + 1 + place, term, bytes(naive.sizes[index + 1 + place] - 16))
            for place, term in enumerate(terms)
        ]
        entries += [
            Entry(index + 1 + kept + place, self.term, bytes(size))
            for place, size in enumerate(sizes)
        ]
        commit = naive.committed + ahead
        last = index + len(entries)
        assert self.log.maybe_append(index, naive.terms[index], commit, entries) == (last, True)
        for entry in entries:
            if naive.terms.get(entry.index) != entry.term:
                naive.put(entry)
        naive.committed = max(naive.committed, min(commit, last))

    @rule(index=small, ahead=small)
    def refuse(self, index: int, ahead: int) -> None:
        index += self.naive.committed
        before = (self.log.last_index, self.log.committed)
        entries = [Entry(index + 1, self.term + 1)]
        assert self.log.maybe_append(index, self.term + 1, index + ahead, entries) == (0, False)
        assert (self.log.last_index, self.log.committed) == before

    @rule()
    def begin_write(self) -> None:
        entries, snapshot = self.log.accept_unwritten()
        if entries or snapshot:
            self.inflight.append((entries, snapshot))

    @precondition(lambda self: self.inflight)
    @rule()
    def end_write(self) -> None:
        naive = self.naive
        entries, snapshot = self.inflight.pop(0)
        if snapshot is not None and self.log.first_index <= snapshot.index + 1:
            self.log.stable_snapshot_to(snapshot.index)
            if not self.log.has_pending_snapshot:
                self.log.applied_to(snapshot.index)
                naive.applied = naive.handed = snapshot.index
        if entries:
            same = naive.terms.get(entries[-1].index) == entries[-1].term
            assert self.log.stable_to(entries[-1].index, entries[-1].term) is same
            if same:
                naive.durable.update(range(naive.mark + 1, entries[-1].index + 1))

    @rule(max_bytes=strategies.integers(0, 80))
    def hand_out(self, max_bytes: int) -> None:
        naive = self.naive
        expected: list[int] = []
        if not self.log.has_pending_snapshot:
            high = naive.handed
            while high + 1 in naive.durable and high + 1 <= naive.committed:
                high += 1
            expected = naive.limited(naive.handed + 1, high, max_bytes)
        assert self.log.has_next_committed is bool(expected)
        assert [entry.index for entry in self.log.accept_committed(max_bytes)] == expected
        naive.handed = max([naive.handed, *expected])

    @rule()
    def end_apply(self) -> None:
        if not self.log.has_pending_snapshot:
            self.log.applied_to(self.naive.handed)
            self.naive.applied = self.naive.handed

    @rule(index=small)
    def compact(self, index: int) -> None:
        naive = self.naive
        index = min(naive.mark + index, naive.applied)
        if index > naive.mark:
            naive.mark = index
            naive.terms = {place: term for place, term in naive.terms.items() if place >= index}
        self.log.compact(index)

    @rule(ahead=strategies.integers(1, 6))
    def restore(self, ahead: int) -> None:
        index = self.naive.committed + ahead
        self.term += 1
        self.log.restore(SnapshotMeta(index, self.term))
        self.naive = Naive(
            mark=index,
            terms={index: self.term},
            committed=index,
            applied=self.naive.applied,
            handed=self.naive.handed,
        )

    @rule(index=strategies.integers(0, 30), term=small)
    def look_for_conflict(self, index: int, term: int) -> None:
        expected = self.naive.back_to_term(index, term)
        assert self.log.find_conflict_by_term(index, term) == expected

    @rule(ahead=small, max_bytes=strategies.integers(0, 80))
    def read(self, ahead: int, max_bytes: int) -> None:
        naive = self.naive
        low = naive.mark + 1 + ahead
        taken = naive.limited(low, naive.last, max_bytes)
        entries, size = self.log.entries(low, max_bytes)
        assert [entry.index for entry in entries] == taken
        assert size == sum(naive.sizes[index] for index in taken)

    @invariant()
    def logs_are_equal(self) -> None:
        log, naive = self.log, self.naive
        assert (log.first_index, log.last_index) == (naive.mark + 1, naive.last)
        assert (log.committed, log.applied) == (naive.committed, naive.applied)
        assert log.last_term == naive.terms[naive.last]
        indexes = range(naive.mark - 1, naive.last + 2)
        assert [log.term(index) for index in indexes] == [naive.terms.get(i) for i in indexes]
        for index in range(naive.mark + 1, log.durable_index + 1):
            assert index in naive.durable
        total = sum(naive.sizes[index] for index in range(naive.mark + 1, naive.last + 1))
        assert log.size_bytes(log.first_index, log.last_index + 1) == total


TestCompared = Compared.TestCase
TestCompared.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
