"""Majorities, against definitions that count every index and every outcome."""

from itertools import product

import pytest
from hypothesis import given, strategies

from warren.raft.core.quorum import (
    INFINITE,
    VoteResult,
    joint_committed,
    joint_vote,
    majority_committed,
    majority_vote,
)

members = strategies.sets(strategies.integers(1, 9), max_size=7)
indexes = strategies.dictionaries(strategies.integers(1, 9), strategies.integers(0, 12))
answers = strategies.dictionaries(strategies.integers(1, 9), strategies.booleans())


def held_by_majority(voters: set[int], acknowledged: dict[int, int], index: int) -> bool:
    holders = [voter for voter in voters if acknowledged.get(voter, 0) >= index]
    return 2 * len(holders) > len(voters)


def outcomes(groups: list[set[int]], votes: dict[int, bool]) -> set[bool]:
    """Whether the vote is won, for every way in which those who are silent may yet answer."""
    silent = sorted(set().union(*groups) - votes.keys())
    found = set()
    for rest in product([False, True], repeat=len(silent)):
        full = votes | dict(zip(silent, rest, strict=True))
        found.add(
            all(2 * sum(full[voter] for voter in group) > len(group) for group in groups if group)
        )
    return found


def verdict(possible: set[bool]) -> VoteResult:
    if possible == {True}:
        return VoteResult.WON
    return VoteResult.LOST if possible == {False} else VoteResult.PENDING


@given(members, indexes)
def test_majority_commits_highest_index_that_more_than_half_hold(
    voters: set[int], acknowledged: dict[int, int]
) -> None:
    committed = majority_committed(voters, acknowledged)
    if voters:
        held = [index for index in range(13) if held_by_majority(voters, acknowledged, index)]
        assert committed == max(held)
    else:
        assert committed == INFINITE


@given(members, members, indexes)
def test_joint_commits_highest_index_that_both_groups_hold(
    incoming: set[int], outgoing: set[int], acknowledged: dict[int, int]
) -> None:
    committed = joint_committed(incoming, outgoing, acknowledged)
    groups = [group for group in (incoming, outgoing) if group]
    held = [
        index
        for index in range(13)
        if all(held_by_majority(group, acknowledged, index) for group in groups)
    ]
    assert committed == (max(held) if groups else INFINITE)


@pytest.mark.parametrize(
    ("acknowledged", "committed"),
    [
        ({1: 5}, 5),
        ({1: 5, 2: 3}, 3),
        ({1: 5, 2: 3, 3: 0}, 3),
        ({1: 5, 2: 3, 3: 9, 4: 7}, 5),
        ({1: 5, 2: 3, 3: 9, 4: 7, 5: 1}, 5),
    ],
)
def test_majority_commits_what_is_known_by_hand(
    acknowledged: dict[int, int], committed: int
) -> None:
    assert majority_committed(acknowledged.keys(), acknowledged) == committed


@given(members, answers)
def test_majority_vote_is_decided_exactly_when_silent_voters_cannot_change_it(
    voters: set[int], votes: dict[int, bool]
) -> None:
    assert majority_vote(voters, votes) is verdict(outcomes([voters], votes))


@pytest.mark.parametrize("incoming", [set(), {1}, {1, 2}, {1, 2, 3}])
@pytest.mark.parametrize("outgoing", [set(), {4}, {1, 4}, {3, 4, 5}, {1, 2, 3}])
@given(votes=answers)
def test_joint_vote_needs_both_groups(
    incoming: set[int], outgoing: set[int], votes: dict[int, bool]
) -> None:
    each = [majority_vote(incoming, votes), majority_vote(outgoing, votes)]
    result = joint_vote(incoming, outgoing, votes)
    assert (result is VoteResult.WON) == all(one is VoteResult.WON for one in each)
    assert (result is VoteResult.LOST) == any(one is VoteResult.LOST for one in each)
    # Never decided the wrong way round, whatever the others answer.
    possible = outcomes([incoming, outgoing], votes)
    assert result is not VoteResult.WON or possible == {True}
    assert result is not VoteResult.LOST or possible == {False}
