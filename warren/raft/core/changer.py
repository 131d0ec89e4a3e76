"""From one configuration to the next (Ongaro 2014, §4; joint consensus with learners as in etcd).

One voter may be added or removed at once; more go through a joint configuration, in which the old
and the new voters both have to agree. A voter that becomes a learner keeps its vote among the old
ones until the joint configuration ends.
"""

from collections.abc import Callable

from warren.raft.core.entry import (
    ChangeKind,
    Configuration,
    ConfigurationChange,
    MemberChange,
    Transition,
)
from warren.raft.core.progress import Progress
from warren.raft.errors import Refused


class InvalidChange(Refused):
    """The change makes no sense for the configuration."""


def apply_change(configuration: Configuration, change: ConfigurationChange) -> Configuration:
    """The configuration after ``change``.

    Raises:
        InvalidChange: it makes no sense.
    """
    if not change.changes:
        return _leave_joint(configuration)
    if configuration.outgoing:
        raise InvalidChange("a change of membership is under way; it has to end first")
    if change.transition is Transition.AUTO and _is_simple(configuration, change):
        return _changed(configuration, change.changes, is_joint=False)
    joint = _changed(configuration, change.changes, is_joint=True)
    return Configuration(
        voters=joint.voters,
        outgoing=configuration.voters,
        learners=joint.learners,
        learners_next=joint.learners_next,
        auto_leave=change.transition is not Transition.JOINT_EXPLICIT,
    )


def next_progress(
    progress: dict[int, Progress],
    configuration: Configuration,
    make_progress: Callable[[], Progress],
) -> dict[int, Progress]:
    """The progress of the members of ``configuration``: known ones go on, new ones are made."""
    learners = set(configuration.learners)
    found: dict[int, Progress] = {}
    for member in sorted(configuration.members):
        known = progress.get(member)
        if known is None:
            known = make_progress()
            # Give it the time to answer before it counts as lost.
            known.recent_active = True
        known.is_learner = member in learners
        found[member] = known
    return found


def _is_simple(configuration: Configuration, change: ConfigurationChange) -> bool:
    after = _changed(configuration, change.changes, is_joint=False)
    return len(set(configuration.voters) ^ set(after.voters)) <= 1


def _leave_joint(configuration: Configuration) -> Configuration:
    if not configuration.outgoing:
        raise InvalidChange("there is no change of membership under way that could end")
    learners = set(configuration.learners) | set(configuration.learners_next)
    return Configuration(voters=configuration.voters, learners=tuple(sorted(learners)))


def _changed(
    configuration: Configuration, changes: tuple[MemberChange, ...], *, is_joint: bool
) -> Configuration:
    voters, learners = set(configuration.voters), set(configuration.learners)
    learners_next: set[int] = set()
    before = frozenset(configuration.voters) if is_joint else frozenset()
    for change in changes:
        member = change.member
        if member < 1:
            raise InvalidChange(f"{member} is no id of a member: they begin at 1")
        voters.discard(member)
        learners.discard(member)
        learners_next.discard(member)
        if change.kind is ChangeKind.ADD_VOTER:
            voters.add(member)
        elif change.kind is ChangeKind.ADD_LEARNER:
            (learners_next if member in before else learners).add(member)
    if not voters:
        raise InvalidChange("the change would leave nobody who can vote")
    return Configuration(
        voters=tuple(sorted(voters)),
        learners=tuple(sorted(learners)),
        learners_next=tuple(sorted(learners_next)),
    )
