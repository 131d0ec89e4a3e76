import pytest

from tests.unit.raft.core.cluster import Cluster, is_role
from warren.raft.core.entry import (
    ChangeKind,
    Configuration,
    ConfigurationChange,
    Entry,
    EntryKind,
    HardState,
    MemberChange,
    SnapshotMeta,
    Transition,
    decode_change,
    encode_change,
)
from warren.raft.core.messages import MsgApp, MsgStorageAppend, MsgTimeoutNow
from warren.raft.core.raft import Raft
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import NotLeader, Refused, Unavailable

VOTER, LEARNER, REMOVE = ChangeKind.ADD_VOTER, ChangeKind.ADD_LEARNER, ChangeKind.REMOVE


def change(
    *changes: tuple[ChangeKind, int], how: Transition = Transition.AUTO
) -> ConfigurationChange:
    return ConfigurationChange(tuple(MemberChange(*each) for each in changes), how)


def make(cluster: Cluster, leader: int, *changes: tuple[ChangeKind, int]) -> None:
    cluster[leader].propose_change(change(*changes))
    cluster.settle()
    cluster.tick()


def test_learner_gets_the_log_and_is_promoted() -> None:
    cluster = Cluster(outsiders=[4])
    cluster.elect(1)
    cluster[1].propose([b"x"])
    cluster.settle()
    make(cluster, 1, (LEARNER, 4))
    assert cluster[4].is_learner
    cluster.tick(2)
    assert cluster[4].snapshot.index == 1
    assert cluster.members[4].data == [b"x"]
    make(cluster, 1, (VOTER, 4))
    assert not cluster[4].is_learner
    assert [raft.configuration for raft in cluster.rafts] == [Configuration((1, 2, 3, 4))] * 4


def test_learner_does_not_hold_up_what_the_voters_agree_on() -> None:
    cluster = Cluster([1], outsiders=[2])
    cluster.tick()
    cluster.isolate(2)
    make(cluster, 1, (LEARNER, 2))
    cluster[1].propose([b"x"])
    cluster.settle()
    assert cluster.members[1].data == [b"x"]


def test_change_waits_for_the_first_commit_of_the_term() -> None:
    cluster = Cluster()
    cluster.drops = lambda message: isinstance(message, MsgApp)
    cluster.elect(1)
    with pytest.raises(Unavailable, match="only begun to lead"):
        cluster[1].propose_change(change((REMOVE, 3)))
    cluster.heal()
    cluster.tick()
    assert cluster[1].propose_change(change((REMOVE, 3))) == 3


def test_changes_are_made_one_at_a_time() -> None:
    cluster = Cluster([1, 2, 3, 4])
    cluster.elect(1)
    cluster.stop_writing(1, 2, 3, 4)
    cluster[1].propose_change(change((REMOVE, 3)))
    cluster.settle()
    with pytest.raises(Unavailable, match="at index 3 may still be under way"):
        cluster[1].propose_change(change((REMOVE, 4)))
    for member in (1, 2, 3, 4):
        cluster.write(member)
    make(cluster, 1, (REMOVE, 4))
    assert cluster[1].configuration == Configuration((1, 2))


def test_new_leader_counts_with_a_change_in_the_tail_of_its_log() -> None:
    cluster = Cluster([1, 2, 3])
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgApp) and message.to == 3
    cluster.stop_writing(1)
    cluster[1].propose_change(change((REMOVE, 3)))
    cluster.settle()
    cluster.isolate(1)
    cluster[3].forget_leader()
    cluster.drops = lambda message: isinstance(message, MsgApp)
    cluster.elect(2)
    with pytest.raises(Unavailable):
        cluster[2].propose_change(change((LEARNER, 1)))
    cluster.heal()
    cluster.isolate(1)
    cluster.tick(4)
    assert cluster[2].configuration == Configuration((1, 2))
    assert cluster[3].configuration == Configuration((1, 2))


def test_nonsense_is_refused_before_it_is_in_the_log() -> None:
    cluster = Cluster()
    cluster.elect(1)
    with pytest.raises(NotLeader):
        cluster[2].propose_change(change((REMOVE, 3)))
    with pytest.raises(Refused, match="could be ended"):
        cluster[1].propose_change(change())
    with pytest.raises(Refused, match="no voter"):
        cluster[1].propose_change(change((REMOVE, 1), (REMOVE, 2), (REMOVE, 3)))
    assert cluster[1].last_index == 2


def test_joint_change_ends_by_itself_and_needs_both_majorities() -> None:
    cluster = Cluster(outsiders=[4, 5])
    cluster.elect(1)
    make(cluster, 1, (LEARNER, 4))
    make(cluster, 1, (LEARNER, 5))
    cluster.tick(3)
    cluster.isolate(4, 5)
    cluster.drops = lambda message: message.sender in (4, 5)
    cluster[1].propose_change(change((VOTER, 4), (VOTER, 5), (REMOVE, 2), (REMOVE, 3)))
    cluster.settle()
    joint = cluster[1].configuration
    assert (joint.voters, joint.outgoing, joint.auto_leave) == ((1, 4, 5), (1, 2, 3), True)
    cluster[1].propose([b"x"])
    cluster.settle()
    with pytest.raises(Unavailable, match="may still be under way"):
        cluster[1].propose_change(change((REMOVE, 4)))
    assert cluster.members[1].data == []
    cluster.heal()
    cluster.tick(3)
    assert cluster[1].configuration == Configuration((1, 4, 5))
    assert cluster.members[1].data == [b"x"]
    assert cluster[4].configuration == Configuration((1, 4, 5))
    # Those who left heard of it.
    assert cluster[2].configuration == Configuration((1, 4, 5))


def test_new_leader_ends_a_joint_change_that_was_to_end_by_itself() -> None:
    cluster = Cluster([1, 2, 3, 4, 5])
    cluster.elect(1)
    cluster.members[1].save()
    cluster.drops = lambda message: (
        isinstance(message, MsgApp)
        and any(
            entry.kind is EntryKind.CHANGE and entry.data == encode_change(ConfigurationChange())
            for entry in message.entries
        )
    )
    cluster[1].propose_change(change((REMOVE, 4), (REMOVE, 5)))
    cluster.settle()
    cluster.tick()
    assert cluster[2].configuration.outgoing
    cluster.heal()
    cluster.isolate(1)
    cluster[3].forget_leader()
    cluster[4].forget_leader()
    cluster[5].forget_leader()
    cluster[2].campaign()
    cluster.settle()
    assert is_role(cluster[2], Role.LEADER)
    cluster.tick(3)
    assert cluster[2].configuration == Configuration((1, 2, 3))


def test_explicit_joint_change_ends_when_it_is_told_to() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[1].propose_change(change((LEARNER, 3), how=Transition.JOINT_EXPLICIT))
    cluster.settle()
    cluster.tick(3)
    joint = cluster[1].configuration
    assert joint == Configuration((1, 2), (1, 2, 3), (), (3,))
    with pytest.raises(Unavailable, match="two cannot overlap"):
        cluster[1].propose_change(change((REMOVE, 2)))
    make(cluster, 1)
    assert cluster[1].configuration == Configuration((1, 2), learners=(3,))
    assert cluster[3].is_learner


def test_joint_change_waits_with_its_end_for_a_handover() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    cluster[1].propose_change(change((LEARNER, 3), how=Transition.JOINT_IMPLICIT))
    cluster[1].transfer(2)
    cluster.settle()
    assert cluster[1].configuration.outgoing
    cluster.tick(6)
    assert not cluster[1].configuration.outgoing


def test_leader_without_a_vote_leads_until_another_took_over() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    cluster[1].propose_change(change((REMOVE, 1)))
    cluster.settle()
    assert is_role(cluster[1], Role.LEADER)
    assert cluster[1].transferee in (2, 3)
    with pytest.raises(Unavailable, match="hands the leadership over"):
        cluster[1].propose([b"x"])
    first = cluster[1].transferee
    cluster.tick(6)
    assert cluster[1].transferee not in (0, first)
    cluster.heal()
    cluster.tick(6)
    assert is_role(cluster[1], Role.FOLLOWER)
    leader = cluster[2].leader
    assert leader in (2, 3)
    assert cluster[leader].configuration == Configuration((2, 3))
    cluster[leader].propose([b"x"])
    cluster.settle()
    assert cluster.members[leader].data == [b"x"]


def test_leader_without_a_vote_does_not_count_itself() -> None:
    cluster = Cluster([1, 2, 3, 4])
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    make(cluster, 1, (REMOVE, 1))
    cluster.isolate(1, 2)
    cluster.tick(14)
    assert is_role(cluster[1], Role.FOLLOWER)


def test_leader_that_became_a_learner_hands_over_too() -> None:
    cluster = Cluster()
    cluster.elect(1)
    make(cluster, 1, (LEARNER, 1))
    assert is_role(cluster[1], Role.FOLLOWER)
    assert cluster[1].is_learner
    assert cluster[1].leader in (2, 3)


def test_last_of_two_leads_alone_when_the_leader_leaves() -> None:
    cluster = Cluster([1, 2])
    cluster.elect(1)
    make(cluster, 1, (REMOVE, 1))
    assert is_role(cluster[2], Role.LEADER)
    cluster[2].propose([b"x"])
    cluster.settle()
    assert cluster.members[2].data == [b"x"]
    assert is_role(cluster[1], Role.FOLLOWER)


def test_one_of_two_can_leave() -> None:
    cluster = Cluster([1, 2])
    cluster.elect(1)
    make(cluster, 1, (REMOVE, 2))
    cluster.isolate(2)
    cluster[1].propose([b"x"])
    cluster.settle()
    assert cluster.members[1].data == [b"x"]


def test_smaller_quorum_commits_what_waited_for_the_larger_one() -> None:
    cluster = Cluster([1, 2, 3, 4])
    cluster.elect(1)
    cluster.isolate(3, 4)
    cluster.cut_wires.discard((1, 3))
    cluster.cut_wires.discard((3, 1))
    cluster.drops = lambda message: (
        isinstance(message, MsgApp)
        and message.to == 3
        and any(entry.data == b"x" for entry in message.entries)
    )
    cluster[1].propose_change(change((REMOVE, 4)))
    cluster[1].propose([b"x"])
    cluster.members[1].run()
    cluster.settle()
    cluster.heal()
    cluster.isolate(4)
    cluster.tick(3)
    assert cluster.members[1].data == [b"x"]


def test_those_who_leave_hear_of_it_when_the_leader_cannot_forget_it() -> None:
    cluster = Cluster([1, 2])
    cluster.elect(1)
    cluster.tick()
    cluster[1].propose_change(change((REMOVE, 2)))
    for message in cluster.members[1].run():
        cluster.deliver(message)
    for message in cluster.members[2].run():
        cluster.deliver(message)
    cluster.stop_writing(1)
    assert cluster.members[1].run() == []
    assert cluster[1].configuration == Configuration((1,))
    farewell: MsgStorageAppend = cluster.members[1].unwritten[0]
    assert farewell.must_sync
    assert farewell.hard_state is not None
    assert farewell.hard_state.commit == 3
    assert [response.to for response in farewell.responses] == [2]
    cluster.write(1)
    assert cluster[2].configuration == Configuration((1,))


def test_removed_member_disturbs_nobody() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(3)
    make(cluster, 1, (REMOVE, 3))
    cluster.heal()
    cluster.tick(40)
    assert is_role(cluster[1], Role.LEADER)
    assert cluster[1].term == 2
    assert cluster[3].term == 2


def test_restarted_member_knows_the_configuration_of_its_log() -> None:
    cluster = Cluster(outsiders=[4])
    cluster.elect(1)
    make(cluster, 1, (LEARNER, 4))
    cluster.tick()
    cluster.crash(2)
    cluster.settle()
    assert cluster[2].configuration == Configuration((1, 2, 3), learners=(4,))


def test_new_leader_takes_no_change_while_one_in_its_tail_is_not_applied() -> None:
    data = encode_change(change((LEARNER, 4)))
    raft = Raft(
        Settings(member=1),
        hard_state=HardState(1),
        snapshot=SnapshotMeta(1, 1, Configuration((1,))),
        entries=[Entry(2, 1, data, EntryKind.CHANGE)],
        draw=lambda _bound: 0,
    )
    raft.campaign()
    for _ in ("the vote", "the first entry"):
        append = raft.ready().append
        assert append is not None
        raft.advance(append)
    apply = raft.ready().apply
    assert apply is not None
    assert raft.commit == 3
    with pytest.raises(Unavailable, match="may still be under way"):
        raft.propose_change(change((LEARNER, 5)))
    raft.apply_change(decode_change(apply.entries[0].data))
    raft.advance(apply)
    assert raft.propose_change(change((LEARNER, 5))) == 4
