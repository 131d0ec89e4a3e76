"""Changes of membership that make sense, more or less."""

from random import Random

from tests.simulation.raft.cluster import Cluster
from tests.simulation.raft.plain import Plain
from tests.simulation.raft.process import Process
from warren.raft.core.entry import ChangeKind, ConfigurationChange, MemberChange, Transition
from warren.raft.core.progress import ProgressState
from warren.raft.replica.membership import (
    AddLearner,
    MembershipRequest,
    Move,
    Promote,
    Remove,
    Replace,
)

Wish = ConfigurationChange | MembershipRequest

VOTERS_MAX = 5
MEMBERS_MAX = 9


def change(process: Process, wish: Wish) -> None:
    """Ask for it; the wish itself is the ticket."""
    if isinstance(process.logic, Plain):
        assert isinstance(wish, ConfigurationChange)
        process.logic.change(wish, wish)
    else:
        assert not isinstance(wish, ConfigurationChange)
        process.logic.change(wish, wish)


def draw_request(process: Process, cluster: Cluster, chance: Random) -> MembershipRequest | None:
    """What an operator may ask a replica for."""
    configuration = process.logic.core.configuration
    voters, learners = list(configuration.voters), list(configuration.learners)
    kind = chance.random()
    if not learners or kind < 0.1:
        if len(cluster.machines) >= MEMBERS_MAX:
            return Remove(chance.choice(voters)) if len(voters) > 2 else None
        return AddLearner(f"at {max(cluster.machines) + 1}")
    if kind < 0.4 and len(voters) < VOTERS_MAX:
        return Promote(chance.choice(learners))
    if kind < 0.7:
        return Replace(chance.choice(voters), chance.choice(learners))
    if kind < 0.8:
        return Move(chance.choice(voters), f"moved to {chance.randrange(1_000)}")
    return Remove(chance.choice(voters + learners)) if len(voters) > 2 else None


def draw_change(process: Process, cluster: Cluster, chance: Random) -> ConfigurationChange | None:
    """Any change that the algorithm itself allows, joint ones of several members included."""
    core = process.logic.core
    configuration = core.configuration
    if configuration.outgoing:
        return None if configuration.auto_leave else ConfigurationChange()
    changes: list[MemberChange] = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        known = [item.member for item in changes]
        voters = [member for member in configuration.voters if member not in known]
        learners = [member for member in configuration.learners if member not in known]
        kind = chance.random()
        if kind < 0.4 and len(cluster.machines) < MEMBERS_MAX:
            new = max(cluster.machines) + 1
            cluster.join(new)
            changes.append(MemberChange(ChangeKind.ADD_LEARNER, new))
        elif kind < 0.7 and learners and len(voters) < VOTERS_MAX:
            learner = chance.choice(learners)
            progress = core.progress.get(learner)
            if progress is not None and progress.state is ProgressState.REPLICATE:
                changes.append(MemberChange(ChangeKind.ADD_VOTER, learner))
        elif len(voters) > 2:
            kinds = (ChangeKind.REMOVE, ChangeKind.ADD_LEARNER)
            changes.append(MemberChange(chance.choice(kinds), chance.choice(voters)))
    if not changes:
        return None
    return ConfigurationChange(tuple(changes), chance.choice(list(Transition)))


def removal(process: Process, lost: list[int]) -> Wish | None:
    """How to go on without members that are lost for ever, or end a joint change; ``None`` if settled."""
    configuration = process.logic.core.configuration
    if not isinstance(process.logic, Plain):
        return Remove(lost[0]) if lost else None
    if configuration.outgoing:
        return None if configuration.auto_leave else ConfigurationChange()
    if not lost:
        return None
    return ConfigurationChange(tuple(MemberChange(ChangeKind.REMOVE, member) for member in lost))
