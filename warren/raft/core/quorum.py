"""What a majority, or two overlapping ones, have agreed on (Ongaro 2014, §4.3)."""

from collections.abc import Collection, Mapping
from enum import Enum

EVERYTHING = 1 << 62
"""What an empty half of a joint configuration has committed: it never holds the other back."""


class VoteResult(Enum):
    """How an election stands."""

    PENDING = "pending"
    LOST = "lost"
    WON = "won"


def majority_committed(voters: Collection[int], acknowledged: Mapping[int, int]) -> int:
    """The highest index that a majority of ``voters`` has acknowledged."""
    if not voters:
        return EVERYTHING
    indexes = sorted([acknowledged.get(voter, 0) for voter in voters], reverse=True)
    return indexes[len(indexes) // 2]


def joint_committed(
    incoming: Collection[int], outgoing: Collection[int], acknowledged: Mapping[int, int]
) -> int:
    """The highest index that both halves of a configuration have committed."""
    committed = majority_committed(incoming, acknowledged)
    if not outgoing:
        return committed
    return min(committed, majority_committed(outgoing, acknowledged))


def majority_vote(voters: Collection[int], votes: Mapping[int, bool]) -> VoteResult:
    """How the election stands among ``voters``; votes of others do not count."""
    if not voters:
        return VoteResult.WON
    granted = sum(votes.get(voter) is True for voter in voters)
    missing = sum(voter not in votes for voter in voters)
    needed = len(voters) // 2 + 1
    if granted >= needed:
        return VoteResult.WON
    return VoteResult.PENDING if granted + missing >= needed else VoteResult.LOST


def joint_vote(
    incoming: Collection[int], outgoing: Collection[int], votes: Mapping[int, bool]
) -> VoteResult:
    """How the election stands: both halves must be won, one lost half loses it."""
    results = {majority_vote(incoming, votes), majority_vote(outgoing, votes)}
    if VoteResult.LOST in results:
        return VoteResult.LOST
    return VoteResult.PENDING if VoteResult.PENDING in results else VoteResult.WON
