"""What a change makes of a configuration.

A change of at most one voter keeps the majorities before and after it overlapping and is made at
once (simple). Any other goes through a joint configuration, in which the voters before it and after
it must both agree; voters that become learners wait until that ends, because nobody may be voter
and learner at once.
"""

from collections.abc import Mapping
from typing import NamedTuple

from warren.raft.core.entry import (
    NONE,
    ChangeKind,
    Configuration,
    ConfigurationChange,
    MemberChange,
    Transition,
)
from warren.raft.core.progress import (
    MAX_INFLIGHT_BYTES,
    MAX_INFLIGHT_MESSAGES,
    Inflights,
    Progress,
)
from warren.raft.errors import Refused


class InvalidChange(Refused, ValueError):
    """The change makes no sense for the configuration it meets."""


def apply_change(configuration: Configuration, change: ConfigurationChange) -> Configuration:
    """The configuration after a change; one without members ends a joint configuration.

    Removing an unknown member and adding a present one change nothing.

    Raises:
        InvalidChange: no joint configuration is there to be ended; or one is, and must be ended
            first; or no voter would be left.
    """
    if not change.changes:
        return _leave_joint(configuration)
    if configuration.outgoing:
        raise InvalidChange(
            f"a joint change of {list(configuration.outgoing)} to {list(configuration.voters)} "
            "is under way; end it first"
        )
    if change.transition is Transition.AUTO:
        simple = _simple(configuration, change)
        if simple is not None:
            return simple
    return _enter_joint(
        configuration, change, auto_leave=change.transition is not Transition.JOINT_EXPLICIT
    )


def next_progress(
    progress: Mapping[int, Progress],
    configuration: Configuration,
    last_index: int,
    *,
    max_inflight_messages: int = MAX_INFLIGHT_MESSAGES,
    max_inflight_bytes: int = MAX_INFLIGHT_BYTES,
) -> dict[int, Progress]:
    """The members' records under a configuration, by ascending id.

    Records of members that stay are the same ones, with ``is_learner`` brought up to date.
    """
    learners = frozenset(configuration.learners)
    records: dict[int, Progress] = {}
    for member in sorted(configuration.members):
        record = progress.get(member)
        if record is None:
            # Taken to be alive, so that the next check of the quorum does not count against it
            # the time before it was asked to take part.
            record = Progress(
                next=max(last_index, 1),
                recent_active=True,
                inflights=Inflights(max_inflight_messages, max_inflight_bytes),
            )
        record.is_learner = member in learners
        records[member] = record
    return records


class _Roles(NamedTuple):
    """A configuration that is being worked on."""

    voters: set[int]
    outgoing: frozenset[int]
    learners: set[int]
    learners_next: set[int]


def _simple(configuration: Configuration, change: ConfigurationChange) -> Configuration | None:
    """The outcome without a joint configuration, or ``None`` if that would not be safe."""
    roles = _Roles(set(configuration.voters), frozenset(), set(configuration.learners), set())
    _assign(roles, change.changes)
    if len(roles.voters.symmetric_difference(configuration.voters)) > 1:
        return None
    return _freeze(roles, auto_leave=False)


def _enter_joint(
    configuration: Configuration, change: ConfigurationChange, *, auto_leave: bool
) -> Configuration:
    if not configuration.voters:
        raise InvalidChange("there is no voter yet that could take part in a joint change")
    voters = configuration.voters
    roles = _Roles(set(voters), frozenset(voters), set(configuration.learners), set())
    _assign(roles, change.changes)
    return _freeze(roles, auto_leave=auto_leave)


def _leave_joint(configuration: Configuration) -> Configuration:
    if not configuration.outgoing:
        raise InvalidChange("no joint change is under way that could be ended")
    learners = {*configuration.learners, *configuration.learners_next}
    roles = _Roles(set(configuration.voters), frozenset(), learners, set())
    return _freeze(roles, auto_leave=False)


def _assign(roles: _Roles, changes: tuple[MemberChange, ...]) -> None:
    for change in changes:
        member = change.member
        if member <= NONE:
            raise InvalidChange(f"{member} is no id of a member: ids begin at 1")
        if change.kind is ChangeKind.ADD_VOTER:
            _dismiss(roles, member)
            roles.voters.add(member)
        elif change.kind is ChangeKind.ADD_LEARNER:
            _dismiss(roles, member)
            waits = member in roles.outgoing
            (roles.learners_next if waits else roles.learners).add(member)
        else:
            _dismiss(roles, member)
    if not roles.voters:
        raise InvalidChange("no voter would be left")


def _dismiss(roles: _Roles, member: int) -> None:
    roles.voters.discard(member)
    roles.learners.discard(member)
    roles.learners_next.discard(member)


def _freeze(roles: _Roles, *, auto_leave: bool) -> Configuration:
    return Configuration(
        voters=tuple(sorted(roles.voters)),
        outgoing=tuple(sorted(roles.outgoing)),
        learners=tuple(sorted(roles.learners)),
        learners_next=tuple(sorted(roles.learners_next)),
        auto_leave=auto_leave,
    )
