"""All members as a leader sees them."""

import pytest

from warren.raft.core.entry import Configuration
from warren.raft.core.progress import ProgressState
from warren.raft.core.quorum import INFINITE, VoteResult
from warren.raft.core.tracker import Tracker


def track(configuration: Configuration, **limits: int) -> Tracker:
    tracker = Tracker(**limits)
    tracker.configure(configuration, 0)
    return tracker


THREE = Configuration(voters=(1, 2, 3), learners=(4,))
JOINT = Configuration(voters=(1, 4), outgoing=(1, 2, 3), learners=(5,), learners_next=(3,))


def test_begin_term_knows_only_the_leaders_own_log() -> None:
    tracker = track(THREE)
    tracker.progress[2].maybe_update(5)
    tracker.begin_term(7, 1)
    leader, other, learner = (tracker.progress[member] for member in (1, 2, 4))
    assert (leader.match, leader.next, leader.state) == (7, 8, ProgressState.REPLICATE)
    assert leader.recent_active
    assert (other.match, other.next, other.state) == (0, 8, ProgressState.PROBE)
    assert not other.recent_active
    assert learner.is_learner
    assert not other.is_learner


def test_begin_term_works_for_a_leader_that_is_no_member_any_more() -> None:
    tracker = track(THREE)
    tracker.begin_term(7, 9)
    assert list(tracker.progress) == [1, 2, 3, 4]


def test_windows_have_the_limits_that_were_set_in_every_term() -> None:
    tracker = track(THREE, max_inflight_messages=1)
    for _ in range(2):
        for record in tracker.progress.values():
            record.inflights.add(1, 1)
            assert record.inflights.full
        tracker.begin_term(7, 1)


def test_committed_is_what_a_majority_of_voters_holds() -> None:
    tracker = track(THREE)
    for member, index in {1: 9, 2: 4, 3: 2, 4: 9}.items():
        tracker.progress[member].maybe_update(index)
    assert tracker.committed() == 4


def test_committed_needs_both_groups_of_a_joint_configuration() -> None:
    tracker = track(JOINT)
    for member, index in {1: 9, 2: 4, 3: 2, 4: 3, 5: 9}.items():
        tracker.progress[member].maybe_update(index)
    assert tracker.committed() == 3
    tracker.progress[4].maybe_update(9)
    assert tracker.committed() == 4


def test_committed_is_beyond_every_log_without_voters() -> None:
    assert Tracker().committed() == INFINITE


@pytest.mark.parametrize(
    ("active", "expected"),
    [({1, 2}, True), ({1, 4}, False), ({1}, False), ({2, 3}, True), (set(), False)],
)
def test_quorum_is_active_when_a_majority_of_voters_was_heard(
    active: set[int], *, expected: bool
) -> None:
    tracker = track(THREE)
    for member, record in tracker.progress.items():
        record.recent_active = member in active
    assert tracker.quorum_active() is expected


@pytest.mark.parametrize(
    ("active", "expected"), [({1, 4}, False), ({1, 2}, False), ({1, 2, 4}, True)]
)
def test_quorum_of_joint_configuration_is_active_when_both_are(
    active: set[int], *, expected: bool
) -> None:
    tracker = track(JOINT)
    for member, record in tracker.progress.items():
        record.recent_active = member in active
    assert tracker.quorum_active() is expected


def test_votes_count_once_for_each_voter_and_not_for_others() -> None:
    tracker = track(THREE)
    tracker.record_vote(1, granted=True)
    tracker.record_vote(1, granted=True)
    tracker.record_vote(4, granted=True)
    tracker.record_vote(77, granted=True)
    assert tracker.tally_votes() == (1, 0, VoteResult.PENDING)
    tracker.record_vote(2, granted=False)
    tracker.record_vote(2, granted=True)
    assert tracker.tally_votes() == (1, 1, VoteResult.PENDING)
    tracker.record_vote(3, granted=True)
    assert tracker.tally_votes() == (2, 1, VoteResult.WON)


def test_votes_of_joint_configuration_must_be_won_in_both_groups() -> None:
    tracker = track(JOINT)
    tracker.record_vote(1, granted=True)
    tracker.record_vote(2, granted=True)
    assert tracker.tally_votes() == (2, 0, VoteResult.PENDING)
    tracker.record_vote(4, granted=False)
    assert tracker.tally_votes() == (2, 1, VoteResult.LOST)


def test_reset_votes_begins_a_new_election() -> None:
    tracker = track(THREE)
    tracker.record_vote(1, granted=False)
    tracker.record_vote(2, granted=False)
    assert tracker.tally_votes()[2] is VoteResult.LOST
    tracker.reset_votes()
    assert tracker.tally_votes() == (0, 0, VoteResult.PENDING)


def test_voters_are_those_of_both_groups_and_learners_are_not_among_them() -> None:
    tracker = track(JOINT)
    assert list(tracker.voter_nodes()) == [1, 2, 3, 4]
    assert list(tracker.learner_nodes()) == [5]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (Configuration(voters=(1,)), True),
        (Configuration(voters=(1,), learners=(2,)), True),
        (Configuration(voters=(1,), outgoing=(1, 2)), False),
        (Configuration(voters=(1, 2)), False),
        (Configuration(), False),
    ],
)
def test_singleton_is_one_voter_that_decides_alone(
    configuration: Configuration, *, expected: bool
) -> None:
    assert track(configuration).is_singleton is expected
