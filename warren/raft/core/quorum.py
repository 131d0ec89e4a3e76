"""What a majority has decided, and what two majorities together have.

While a joint change is under way both the incoming and the outgoing voters must agree. A group
without voters decides nothing and so never stands in the way of the other.
"""

from collections.abc import Collection, Mapping
from enum import IntEnum

INFINITE = (1 << 63) - 1
"""What a group without voters has committed: more than any index."""


class VoteResult(IntEnum):
    """How a vote stands."""

    PENDING = 0
    """Those who have not answered yet can still decide either way."""
    LOST = 1
    WON = 2


def majority_committed(voters: Collection[int], acknowledged: Mapping[int, int]) -> int:
    """The highest index that more than half of ``voters`` hold.

    Args:
        voters: distinct ids.
        acknowledged: the highest index each of them is known to hold; none is 0.
    """
    if not voters:
        return INFINITE
    known = sorted([acknowledged.get(voter, 0) for voter in voters])
    # Of three the second, of four the second too: those from there on are a majority.
    return known[(len(known) - 1) // 2]


def joint_committed(
    incoming: Collection[int], outgoing: Collection[int], acknowledged: Mapping[int, int]
) -> int:
    """The highest index that both groups have committed."""
    committed = majority_committed(incoming, acknowledged)
    if not outgoing:
        return committed
    return min(committed, majority_committed(outgoing, acknowledged))


def majority_vote(voters: Collection[int], votes: Mapping[int, bool]) -> VoteResult:
    """How a vote stands.

    Args:
        voters: distinct ids; the votes of others do not count.
        votes: what each of them answered; those who have not are absent.
    """
    if not voters:
        return VoteResult.WON
    answers = [votes[voter] for voter in voters if voter in votes]
    needed = len(voters) // 2 + 1
    granted = sum(answers)
    if granted >= needed:
        return VoteResult.WON
    if granted + len(voters) - len(answers) >= needed:
        return VoteResult.PENDING
    return VoteResult.LOST


def joint_vote(
    incoming: Collection[int], outgoing: Collection[int], votes: Mapping[int, bool]
) -> VoteResult:
    """How a vote stands that both groups must win."""
    results = {majority_vote(incoming, votes), majority_vote(outgoing, votes)}
    if VoteResult.LOST in results:
        return VoteResult.LOST
    if VoteResult.PENDING in results:
        return VoteResult.PENDING
    return VoteResult.WON
