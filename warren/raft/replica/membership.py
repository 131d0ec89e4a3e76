"""Which changes of membership make sense, and what they are to the algorithm.

The algorithm keeps a change safe; these rules keep it from hurting. A new member learns first and votes
when it has caught up; a member is not removed while too few others live to go on without it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from warren.raft.core.entry import (
    ChangeKind,
    Configuration,
    ConfigurationChange,
    MemberChange,
)
from warren.raft.errors import Refused, Unavailable


class AddLearner(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A new member, which receives the log; the result is its id, for ``decode_number``.

    Asked again before that member was ever heard of, it is the same one. Later it is refused: who comes
    back with nothing has forgotten its promises and must not use the old id.
    """

    address: str


class Promote(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A learner that has caught up is to vote."""

    member: int


class Remove(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A member is to leave for ever."""

    member: int


class Replace(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """A learner that has caught up is to vote in the place of a member that leaves, in one step."""

    leaves: int
    joins: int


class Move(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """A member is to be found at another address."""

    member: int
    address: str


MembershipRequest = AddLearner | Promote | Remove | Replace | Move

encode_request = msgspec.msgpack.Encoder().encode
"""A request as a member sends it to the leader."""
decode_request = msgspec.msgpack.Decoder(MembershipRequest).decode
"""That again; raises ``msgspec.DecodeError`` if it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What is to be known for a decision.

    Attributes:
        configuration: who takes part.
        members: addresses by id.
        next_member: the id for a new one.
        live: who was heard from lately, this member included.
        unused: members that never held anything.
        behind: how many entries each other member lacks.
        caught_up_entries: a learner that lacks more cannot vote yet.
    """

    configuration: Configuration
    members: Mapping[int, str]
    next_member: int
    live: Collection[int]
    unused: Collection[int]
    behind: Mapping[int, int]
    caught_up_entries: int


def plan_change(request: MembershipRequest, now: Membership) -> ConfigurationChange | int:
    """The change that fulfils ``request``; or the id of the member for which it is fulfilled already.

    Raises:
        Refused: it makes no sense.
        Unavailable: it would make sense later.
    """
    if isinstance(request, AddLearner):
        return _add(request.address, now)
    if isinstance(request, Move):
        return _move(request, now)
    if isinstance(request, Promote):
        return _promote(request.member, now)
    if isinstance(request, Remove):
        return _remove(request.member, now)
    return _replace(request, now)


def _add(address: str, now: Membership) -> ConfigurationChange | int:
    if not address:
        raise Refused("a new member needs an address at which the others find it")
    for member, known in now.members.items():
        if known == address and member in now.configuration.learners and member in now.unused:
            return member
        if known == address:
            raise Refused(f"member {member} is at {address} already: remove it, then add it anew")
    return ConfigurationChange(
        (MemberChange(ChangeKind.ADD_LEARNER, now.next_member, address),),
    )


def _move(request: Move, now: Membership) -> ConfigurationChange | int:
    member, address = request.member, request.address
    if member not in now.configuration.members:
        raise _unknown(member)
    taken = {known for other, known in now.members.items() if other != member}
    if not address or address in taken:
        raise Refused(
            f"member {member} cannot move to {address!r}: it is empty or another member's"
        )
    if now.members.get(member) == address:
        return member
    kind = ChangeKind.ADD_VOTER if member in now.configuration.voters else ChangeKind.ADD_LEARNER
    return ConfigurationChange((MemberChange(kind, member, address),))


def _promote(member: int, now: Membership) -> ConfigurationChange | int:
    if member in now.configuration.voters:
        return member
    _check_learner(member, now)
    return ConfigurationChange((MemberChange(ChangeKind.ADD_VOTER, member),))


def _remove(member: int, now: Membership) -> ConfigurationChange | int:
    if member not in now.configuration.members:
        if 0 < member < now.next_member:
            return member
        raise _unknown(member)
    _check_quorum(now, leaves=member, joins=0)
    return ConfigurationChange((MemberChange(ChangeKind.REMOVE, member),))


def _replace(request: Replace, now: Membership) -> ConfigurationChange | int:
    leaves, joins = request.leaves, request.joins
    if joins in now.configuration.voters and leaves not in now.configuration.members:
        return joins
    if leaves not in now.configuration.voters:
        raise Refused(f"member {leaves} has no vote, so nobody can take its place")
    _check_learner(joins, now)
    _check_quorum(now, leaves=leaves, joins=joins)
    return ConfigurationChange(
        (MemberChange(ChangeKind.ADD_VOTER, joins), MemberChange(ChangeKind.REMOVE, leaves))
    )


def _check_learner(member: int, now: Membership) -> None:
    if member not in now.configuration.learners:
        raise _unknown(member)
    behind = now.behind.get(member, now.caught_up_entries + 1)
    if member not in now.live or behind > now.caught_up_entries:
        raise Unavailable(
            f"member {member} lacks {behind} entries"
            + ("" if member in now.live else " and was not heard from lately")
            + f"; it can vote when it lacks {now.caught_up_entries} at most",
            retry_after_seconds=1.0,
        )


def _check_quorum(now: Membership, *, leaves: int, joins: int) -> None:
    voters = set(now.configuration.voters)
    if joins:
        voters.add(joins)
    if leaves not in voters:
        return
    voters.discard(leaves)
    if not voters:
        raise Refused(f"member {leaves} is the only one that votes: it cannot be removed")
    live = len(voters.intersection(now.live))
    needed = len(voters) // 2 + 1
    if live < needed:
        raise Unavailable(
            f"member {leaves} cannot be removed now: of the {len(voters)} voters that would be left, "
            f"{live} were heard from lately and {needed} are needed",
            retry_after_seconds=1.0,
        )


def _unknown(member: int) -> Refused:
    return Refused(f"there is no member {member} that this could be done to")
