from collections.abc import Sequence

import pytest

from tests.unit.raft.core.cluster import Cluster, is_role
from warren.raft.core.entry import ChangeKind, ConfigurationChange, MemberChange
from warren.raft.core.messages import (
    MsgApp,
    MsgHeartbeat,
    MsgHeartbeatResp,
    MsgReadIndex,
    MsgReadIndexResp,
    MsgTimeoutNow,
)
from warren.raft.core.ready import ReadState, Role
from warren.raft.core.settings import Settings
from warren.raft.errors import NotLeader


def rounds(cluster: Cluster, leader: int) -> list[int]:
    """The numbers of the rounds that a leader began."""
    sent = cluster.members[leader].sent
    numbers = [m.context for m in sent if isinstance(m, MsgHeartbeat) and m.context]
    return sorted(set(numbers))


def ask(cluster: Cluster, member: int, contexts: Sequence[int]) -> None:
    for context in contexts:
        cluster[member].read(context)


def test_reads_that_arrive_together_share_a_round() -> None:
    cluster = Cluster()
    cluster.elect(1)
    ask(cluster, 1, [7, 8, 9])
    cluster.settle()
    assert cluster.members[1].reads == [ReadState(7, 2), ReadState(8, 2), ReadState(9, 2)]
    assert rounds(cluster, 1) == [1]


def test_reads_share_the_next_round_while_enough_are_under_way() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(1)
    for context in range(5):
        leader.read(context)
        cluster.members[1].run()
    assert not leader.has_ready()
    assert rounds(cluster, 1) == [1, 2]
    cluster.heal()
    cluster.tick()
    assert [read.context for read in cluster.members[1].reads] == [0, 1, 2, 3, 4]
    # The lost rounds were made up for by one of a new number.
    assert rounds(cluster, 1) == [1, 2, 3, 4]


def test_answer_to_a_later_round_settles_the_earlier_ones() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.read(1)
    cluster.members[1].run()
    leader.read(2)
    cluster.members[1].run()
    leader.step(MsgHeartbeatResp(1, 2, 2, 2))
    leader.step(MsgHeartbeatResp(1, 2, 2, 1))
    cluster.members[1].run()
    assert [read.context for read in cluster.members[1].reads] == [1, 2]


def test_reading_waits_for_the_first_commit_of_the_term() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[1].propose([b"x"])
    cluster.settle()
    cluster.isolate(1)
    cluster[3].forget_leader()
    cluster[2].forget_leader()
    cluster.drops = lambda message: isinstance(message, MsgApp)
    leader = cluster.elect(2)
    assert leader.commit == 2
    leader.read(5)
    cluster.tick()
    assert cluster.members[2].reads == []
    cluster.drops = lambda _message: False
    cluster.tick(2)
    assert cluster.members[2].reads == [ReadState(5, 4)]


def test_deposed_leader_answers_nothing() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(1)
    leader.read(5)
    cluster.settle()
    cluster[2].forget_leader()
    cluster[3].forget_leader()
    cluster.elect(2)
    cluster.heal()
    cluster.tick(2)
    assert cluster.members[1].reads == []
    assert cluster.members[1].dropped_reads == [5]


def test_answers_of_strangers_and_learners_count_for_nothing() -> None:
    cluster = Cluster([1, 2, 3], learners=[4])
    leader = cluster.elect(1)
    cluster.isolate(1)
    leader.read(5)
    cluster.settle()
    leader.step(MsgHeartbeatResp(1, 4, 2, 1))
    leader.step(MsgHeartbeatResp(1, 9, 2, 1))
    leader.step(MsgHeartbeatResp(1, 2, 1, 1))
    cluster.settle()
    assert cluster.members[1].reads == []


def test_follower_asks_the_leader_once_for_many() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.tick()
    cluster[1].propose([b"x"])
    cluster.settle()
    ask(cluster, 3, [7, 8])
    cluster.settle()
    assert cluster.members[3].reads == [ReadState(7, 3), ReadState(8, 3)]
    assert len([m for m in cluster.members[3].sent if isinstance(m, MsgReadIndex)]) == 1
    # It does not have to wait for a heartbeat before it can read.
    assert cluster.members[3].data == [b"x"]


def test_follower_gives_up_what_is_not_answered_in_an_election() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgReadIndexResp)
    cluster[3].read(5)
    cluster.settle()
    cluster.tick(6)
    assert cluster.members[3].dropped_reads == []
    cluster.tick()
    assert cluster.members[3].dropped_reads == [5]


def test_follower_gives_up_when_it_loses_its_leader() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(1)
    cluster[3].read(5)
    cluster.settle()
    cluster[3].read(6)
    cluster[3].forget_leader()
    cluster.settle()
    assert cluster.members[3].dropped_reads == [6, 5]
    with pytest.raises(NotLeader, match="knows no leader"):
        cluster[3].read(7)


def test_answers_to_an_earlier_life_are_not_taken() -> None:
    numbers = iter([1, 100, 1, 200, 1, 300, 1, 400, 1, 1, 1, 1, 1])
    cluster = Cluster(draw=lambda _bound: next(numbers, 0))
    cluster.elect(1)
    cluster[3].read(5)
    [question] = cluster.members[3].run()
    assert isinstance(question, MsgReadIndex)
    cluster.crash(3)
    cluster.tick()
    cluster[3].read(6)
    [second] = [m for m in cluster.members[3].run() if isinstance(m, MsgReadIndex)]
    assert second.context != question.context
    cluster[3].step(MsgReadIndexResp(3, 1, 2, question.context, 2))
    cluster.members[3].run()
    assert cluster.members[3].reads == []


def test_members_that_do_not_lead_take_no_reads_of_others() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[2].step(MsgReadIndex(2, 3, 2, 9))
    cluster[2].step(MsgReadIndexResp(2, 3, 2, 9, 5))
    cluster.settle()
    assert cluster.members[2].reads == []
    assert not [m for m in cluster.members[2].sent if isinstance(m, MsgReadIndexResp)]


def test_reads_of_a_member_that_left_are_forgotten() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.step(MsgReadIndex(1, 9, 2, 1))
    cluster.settle()
    assert not [m for m in cluster.members[1].sent if isinstance(m, MsgReadIndexResp)]


def test_single_voter_reads_at_once() -> None:
    cluster = Cluster([1])
    cluster.tick()
    cluster[1].read(5)
    cluster.settle()
    assert cluster.members[1].reads == [ReadState(5, 2)]
    assert rounds(cluster, 1) == []


def test_leader_that_lost_its_vote_to_a_single_voter_asks_it() -> None:
    cluster = Cluster([1, 2])
    leader = cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow | MsgHeartbeat)
    leader.propose_change(ConfigurationChange((MemberChange(ChangeKind.REMOVE, 1),)))
    cluster.settle()
    leader.read(5)
    cluster.settle()
    assert is_role(leader, Role.LEADER)
    assert cluster.members[1].reads == []


def leased() -> Cluster:
    cluster = Cluster(configure=lambda member: Settings(member=member, lease_reads=True))
    cluster.elect(1)
    cluster.tick()
    cluster.isolate(1)
    return cluster


def test_lease_answers_without_asking_until_it_ends() -> None:
    cluster = leased()
    cluster[1].read(1)
    cluster.settle()
    assert cluster.members[1].reads == [ReadState(1, 2)]
    cluster.tick(3)
    cluster[1].read(2)
    cluster.settle()
    assert len(cluster.members[1].reads) == 2
    cluster.tick()
    cluster[1].read(3)
    cluster.settle()
    assert len(cluster.members[1].reads) == 2


def test_lease_does_not_hold_before_a_quorum_answered() -> None:
    cluster = Cluster(configure=lambda member: Settings(member=member, lease_reads=True))
    leader = cluster.elect(1)
    cluster.isolate(1)
    leader.read(1)
    cluster.settle()
    assert cluster.members[1].reads == []


def test_lease_ends_for_the_term_when_somebody_was_told_to_stand() -> None:
    cluster = Cluster(configure=lambda member: Settings(member=member, lease_reads=True))
    leader = cluster.elect(1)
    cluster.tick()
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    leader.transfer(2)
    cluster.tick(8)
    assert leader.transferee == 0
    cluster.isolate(1)
    leader.read(1)
    cluster.settle()
    assert cluster.members[1].reads == []
