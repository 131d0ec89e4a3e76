"""One member as its leader sees it."""

import pytest

from warren.raft.core.progress import Inflights, Progress, ProgressState


def replicating(*, match: int) -> Progress:
    progress = Progress(match=match)
    progress.become_replicate()
    return progress


class TestInflights:
    def test_is_full_when_there_are_too_many_messages(self) -> None:
        window = Inflights(2, 1000)
        window.add(3, 1)
        assert not window.full
        window.add(5, 1)
        assert window.full
        assert len(window) == 2

    def test_is_full_when_there_are_too_many_bytes(self) -> None:
        window = Inflights(10, 100)
        window.add(3, 99)
        assert not window.full
        window.add(4, 1)
        assert window.full

    def test_lets_one_message_through_that_is_larger_than_the_window(self) -> None:
        window = Inflights(10, 100)
        window.add(3, 5000)
        assert window.full
        window.free_to(3)
        assert not window.full

    def test_refuses_a_message_when_full(self) -> None:
        window = Inflights(1, 100)
        window.add(3, 1)
        with pytest.raises(AssertionError, match="full window"):
            window.add(4, 1)

    def test_frees_all_messages_that_end_at_or_before_an_index(self) -> None:
        window = Inflights(10, 1000)
        for index in (3, 6, 9):
            window.add(index, 10 * index)
        window.free_to(2)
        assert (len(window), window.size_bytes) == (3, 180)
        window.free_to(7)
        assert (len(window), window.size_bytes) == (1, 90)
        window.free_to(100)
        assert (len(window), window.size_bytes) == (0, 0)

    def test_holds_nothing_after_reset(self) -> None:
        window = Inflights(1, 1)
        window.add(3, 7)
        window.reset()
        assert (len(window), window.size_bytes, window.full) == (0, 0, False)


class TestStates:
    def test_probe_begins_behind_match(self) -> None:
        progress = replicating(match=4)
        progress.sent_entries(5, 10)
        progress.sent_commit = 9
        progress.become_probe()
        assert progress.state is ProgressState.PROBE
        assert (progress.match, progress.next, progress.sent_commit) == (4, 5, 4)
        assert len(progress.inflights) == 0

    @pytest.mark.parametrize(("match", "next_index"), [(4, 11), (15, 16)])
    def test_probe_after_snapshot_begins_behind_what_is_known_to_be_there(
        self, match: int, next_index: int
    ) -> None:
        progress = Progress()
        progress.become_snapshot(10)
        progress.match = match
        progress.become_probe()
        assert progress.next == next_index
        assert progress.pending_snapshot == 0

    def test_probe_after_failed_snapshot_begins_behind_match(self) -> None:
        progress = Progress(match=2, next=3)
        progress.become_snapshot(10)
        progress.pending_snapshot = 0
        progress.become_probe()
        assert (progress.next, progress.sent_commit) == (3, 2)

    def test_replicate_forgets_the_pause(self) -> None:
        progress = Progress(match=3, next=9)
        progress.sent_entries(1, 1)
        assert progress.is_paused()
        progress.become_replicate()
        assert not progress.is_paused()
        assert progress.next == 4

    def test_snapshot_pauses_until_it_is_over(self) -> None:
        progress = Progress(match=1, next=2)
        progress.become_snapshot(10)
        assert progress.is_paused()
        assert (progress.next, progress.pending_snapshot, progress.sent_commit) == (11, 10, 10)
        progress.probe_sent = False
        assert progress.is_paused()
        with pytest.raises(AssertionError, match="snapshot"):
            progress.sent_entries(1, 1)


class TestSending:
    def test_probe_waits_after_one_message_with_entries(self) -> None:
        progress = Progress()
        progress.sent_entries(0, 0)
        assert not progress.is_paused()
        progress.sent_entries(3, 10)
        assert progress.is_paused()
        assert progress.next == 1
        progress.sent_entries(0, 0)
        assert progress.is_paused()

    def test_replicate_goes_on_without_answers_until_the_window_is_full(self) -> None:
        progress = Progress(inflights=Inflights(2, 1000))
        progress.become_replicate()
        progress.sent_entries(3, 10)
        assert (progress.next, progress.is_paused()) == (4, False)
        progress.sent_entries(2, 10)
        assert (progress.next, progress.is_paused()) == (6, True)

    def test_replicate_with_full_window_sends_one_empty_message_per_heartbeat(self) -> None:
        progress = Progress(inflights=Inflights(1, 1000))
        progress.become_replicate()
        progress.sent_entries(3, 10)
        progress.probe_sent = False
        assert not progress.is_paused()
        progress.sent_entries(0, 0)
        assert progress.is_paused()
        assert progress.next == 4

    @pytest.mark.parametrize(
        ("sent_commit", "following", "commit", "expected"),
        [(3, 10, 5, True), (5, 10, 5, False), (3, 4, 5, False), (9, 10, 12, False)],
    )
    def test_commit_is_worth_telling_when_it_moves_and_the_member_can_follow(
        self, sent_commit: int, following: int, commit: int, *, expected: bool
    ) -> None:
        progress = Progress(next=following, sent_commit=sent_commit)
        assert progress.can_bump_commit(commit) is expected


class TestAnswers:
    @pytest.mark.parametrize(
        ("index", "news", "match", "following"),
        [(2, False, 3, 5), (3, False, 3, 5), (4, True, 4, 5), (6, True, 6, 7)],
    )
    def test_acknowledgement_moves_match_forward_only(
        self, index: int, match: int, following: int, *, news: bool
    ) -> None:
        progress = Progress(match=3, next=5, probe_sent=True)
        assert progress.maybe_update(index) is news
        assert (progress.match, progress.next) == (match, following)
        assert progress.probe_sent is not news

    @pytest.mark.parametrize(
        ("rejected", "hint", "real", "following"),
        [(5, 5, False, 10), (4, 4, False, 10), (9, 9, True, 6)],
    )
    def test_rejection_while_replicating_goes_back_to_match(
        self, rejected: int, hint: int, following: int, *, real: bool
    ) -> None:
        progress = replicating(match=5)
        progress.sent_entries(4, 40)
        progress.sent_commit = 9
        assert progress.maybe_decr_to(rejected, hint) is real
        assert (progress.next, progress.sent_commit) == (following, 5 if real else 9)

    @pytest.mark.parametrize(
        ("match", "rejected", "hint", "real", "following"),
        [
            (0, 9, 9, True, 9),
            (0, 9, 2, True, 3),
            (0, 9, 0, True, 1),
            (4, 9, 2, True, 5),
            (0, 8, 2, False, 10),
            (0, 10, 2, False, 10),
        ],
    )
    def test_rejection_while_probing_goes_back_to_the_hint_if_it_answers_the_probe(
        self, match: int, rejected: int, hint: int, following: int, *, real: bool
    ) -> None:
        progress = Progress(match=match, next=10, sent_commit=9, probe_sent=True)
        assert progress.maybe_decr_to(rejected, hint) is real
        assert progress.next == following
        assert progress.probe_sent is not real
        assert progress.match < progress.next
        assert progress.sent_commit <= progress.next - 1
