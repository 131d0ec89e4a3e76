import pytest

from tests.unit.raft.core.cluster import Cluster, Member, Storage, is_role
from warren.raft.core.entry import (
    ChangeKind,
    Configuration,
    ConfigurationChange,
    Entry,
    EntryKind,
    HardState,
    MemberChange,
    SnapshotMeta,
    encode_change,
)
from warren.raft.core.messages import (
    Message,
    MsgApp,
    MsgAppResp,
    MsgHeartbeat,
    MsgPreVote,
    MsgPreVoteResp,
    MsgSnap,
    MsgTimeoutNow,
    MsgVote,
    MsgVoteResp,
)
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import Broken, NotLeader

THREE = SnapshotMeta(1, 1, Configuration((1, 2, 3)))


def member_of(snapshot: SnapshotMeta = THREE, *, member: int = 1, **state: object) -> Member:
    storage = Storage(snapshot, **state)  # type: ignore[arg-type]
    return Member(Settings(member=member), storage)


class Drawn:
    """No chance at all."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, bound: int) -> int:
        return min(self.number, bound - 1)


def answers(member: Member, *messages: Message) -> list[Message]:
    member.run()
    for message in messages:
        member.raft.step(message)
    return member.run()


def test_election_makes_one_leader_when_the_first_timeout_ends() -> None:
    cluster = Cluster()
    cluster.tick(6)
    assert cluster.roles == {1: Role.LEADER, 2: Role.FOLLOWER, 3: Role.FOLLOWER}
    assert {raft.leader for raft in cluster.rafts} == {1}
    assert {raft.term for raft in cluster.rafts} == {2}
    assert {raft.vote for raft in cluster.rafts} == {1}


def test_single_voter_leads_after_one_tick() -> None:
    cluster = Cluster([1])
    cluster.tick()
    assert is_role(cluster[1], Role.LEADER)
    assert cluster[1].commit == 2


def test_timeout_is_drawn_between_once_and_twice_the_setting() -> None:
    for drawn in range(6):
        cluster = Cluster(draw=Drawn(drawn))
        cluster.tick(5 + drawn, only=[2])
        assert is_role(cluster[2], Role.FOLLOWER)
        cluster.tick(only=[2])
        assert is_role(cluster[2], Role.LEADER)


def test_split_vote_ends_with_the_next_timeout() -> None:
    cluster = Cluster([1, 2, 3, 4])
    cluster.drops = lambda message: (
        isinstance(message, MsgPreVote | MsgVote) and abs(message.sender - message.to) != 1
    )
    cluster[1].campaign()
    cluster[4].campaign()
    cluster.settle()
    assert Role.LEADER not in cluster.roles.values()
    cluster.heal()
    cluster.tick(16)
    assert list(cluster.roles.values()).count(Role.LEADER) == 1


def test_isolated_member_does_not_disturb_when_it_returns() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(3)
    for _ in range(40):
        cluster.tick()
    assert cluster[3].term == 2
    assert is_role(cluster[3], Role.PRE_CANDIDATE)
    cluster.heal()
    cluster.tick(2)
    assert cluster.roles == {1: Role.LEADER, 2: Role.FOLLOWER, 3: Role.FOLLOWER}
    assert cluster[1].term == 2


def test_partly_connected_member_cannot_unseat_a_leader_that_the_others_hear() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.cut_wires |= {(1, 3), (3, 1)}
    cluster.tick(60)
    assert is_role(cluster[1], Role.LEADER)
    assert {cluster[1].term, cluster[2].term} == {2}


def test_leader_steps_down_when_it_hears_no_quorum() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(1)
    cluster.tick(12)
    assert not is_role(cluster[1], Role.LEADER)
    assert cluster[1].leader == 0
    with pytest.raises(NotLeader):
        cluster[1].propose([b"x"])


def test_vote_leaves_only_when_it_is_durable() -> None:
    cluster = Cluster()
    cluster.stop_writing(2, 3)
    cluster[1].campaign()
    cluster.settle()
    assert is_role(cluster[1], Role.CANDIDATE)
    cluster.write(2)
    assert is_role(cluster[1], Role.LEADER)


def test_candidate_asks_for_votes_only_when_its_own_is_durable() -> None:
    cluster = Cluster()
    cluster.stop_writing(1)
    cluster[1].campaign()
    cluster.settle()
    assert not [m for m in cluster.members[1].sent if isinstance(m, MsgVote)]
    assert cluster[2].term == 1
    cluster.write(1)
    assert is_role(cluster[1], Role.LEADER)


def test_member_votes_once_in_a_term_even_if_it_restarts() -> None:
    member = member_of(member=3)
    first, second = MsgVote(3, 1, 5, 1, 1), MsgVote(3, 2, 5, 9, 4)
    assert answers(member, first) == [MsgVoteResp(1, 3, 5)]
    assert answers(member, first) == [MsgVoteResp(1, 3, 5)]
    refusal = MsgVoteResp(2, 3, 5, reject=True, commit=1, commit_term=1)
    assert answers(member, second) == [refusal]
    member.start()
    assert answers(member, second) == [refusal]


def test_votes_count_once_for_each_voter() -> None:
    member = Member(Settings(member=1), Storage(SnapshotMeta(1, 1, Configuration((1, 2, 3, 4, 5)))))
    member.raft.campaign()
    answers(member, MsgPreVoteResp(1, 2, 2), MsgPreVoteResp(1, 2, 2), MsgPreVoteResp(1, 9, 2))
    assert is_role(member.raft, Role.PRE_CANDIDATE)
    answers(member, MsgPreVoteResp(1, 3, 2))
    assert is_role(member.raft, Role.CANDIDATE)
    answers(member, MsgVoteResp(1, 2, 2), MsgVoteResp(1, 2, 2), MsgVoteResp(1, 7, 2))
    assert is_role(member.raft, Role.CANDIDATE)
    answers(member, MsgVoteResp(1, 3, 2, reject=True), MsgVoteResp(1, 3, 2))
    assert is_role(member.raft, Role.CANDIDATE)
    answers(member, MsgVoteResp(1, 4, 2))
    assert is_role(member.raft, Role.LEADER)


@pytest.mark.parametrize(
    ("last_term", "last_index", "granted"),
    [(3, 3, True), (3, 4, True), (4, 2, True), (4, 9, True), (2, 9, False), (3, 2, False)],
)
def test_vote_goes_to_logs_that_are_at_least_as_new(
    last_term: int, last_index: int, *, granted: bool
) -> None:
    entries = [Entry(2, 2), Entry(3, 3)]
    for ask, answer in ((MsgVote, MsgVoteResp), (MsgPreVote, MsgPreVoteResp)):
        member = member_of(entries=list(entries), hard_state=HardState(3))
        [response] = answers(member, ask(1, 2, 8, last_index, last_term))
        assert isinstance(response, answer)
        assert response.reject is not granted


def test_votes_are_ignored_while_a_leader_is_heard_unless_it_hands_over() -> None:
    cluster = Cluster()
    cluster.elect(1)
    for index in (2, 1):
        cluster[index].step(MsgVote(index, 3, 9, 50, 9))
        cluster[index].step(MsgPreVote(index, 3, 9, 50, 9))
        assert cluster.members[index].run() == []
        assert cluster[index].term == 2
    cluster[2].step(MsgVote(2, 3, 9, 50, 9, transfer=True))
    assert cluster.members[2].run() == [MsgVoteResp(3, 2, 9)]


def test_candidate_takes_over_a_higher_term_from_a_refusal() -> None:
    member = member_of()
    member.raft.campaign()
    answers(member, MsgPreVoteResp(1, 2, 7, reject=True))
    assert (member.raft.role, member.raft.term) == (Role.FOLLOWER, 7)


def test_old_grants_start_no_second_election() -> None:
    member = member_of(hard_state=HardState(5))
    member.raft.campaign()
    answers(member, MsgPreVoteResp(1, 2, 5), MsgPreVoteResp(1, 3, 5), MsgPreVoteResp(1, 3, 4))
    assert is_role(member.raft, Role.PRE_CANDIDATE)
    member.raft.step_down()
    answers(member, MsgPreVoteResp(1, 2, 6), MsgVoteResp(1, 2, 5), MsgVoteResp(1, 3, 5))
    assert is_role(member.raft, Role.FOLLOWER)


def test_refused_candidate_gives_up() -> None:
    member = member_of()
    member.raft.campaign()
    answers(member, MsgPreVoteResp(1, 2, 2), MsgVoteResp(1, 2, 2, reject=True))
    assert is_role(member.raft, Role.CANDIDATE)
    answers(member, MsgVoteResp(1, 3, 2, reject=True))
    assert is_role(member.raft, Role.FOLLOWER)


@pytest.mark.parametrize(
    "message",
    [MsgApp(1, 2, 2, 1, 1, 1), MsgHeartbeat(1, 2, 2, 1), MsgSnap(1, 2, 2, THREE)],
)
def test_candidate_follows_a_leader_of_its_term(message: Message) -> None:
    member = member_of()
    member.raft.campaign()
    answers(member, MsgPreVoteResp(1, 3, 2))
    assert (member.raft.role, member.raft.term) == (Role.CANDIDATE, 2)
    answers(member, message)
    assert (member.raft.role, member.raft.leader) == (Role.FOLLOWER, 2)


def test_leader_of_an_earlier_term_hears_of_the_present_one() -> None:
    member = member_of(hard_state=HardState(6))
    told = [MsgAppResp(2, 1, 6, 0)]
    assert answers(member, MsgApp(1, 2, 3, 1, 1, 1)) == told
    assert answers(member, MsgHeartbeat(1, 2, 3, 1)) == told
    assert answers(member, MsgPreVote(1, 2, 3, 9, 9)) == [MsgPreVoteResp(2, 1, 6, reject=True)]
    assert answers(member, MsgVote(1, 2, 3, 9, 9)) == []
    cluster = Cluster()
    cluster.elect(1)
    cluster[1].step(MsgAppResp(1, 2, 6, 0))
    assert (cluster[1].role, cluster[1].term) == (Role.FOLLOWER, 6)


def test_refusal_is_heard_by_who_is_ahead_in_terms() -> None:
    member = member_of(entries=[Entry(2, 1)])
    [refusal] = answers(member, MsgPreVote(1, 2, 7, 1, 1))
    assert refusal == MsgPreVoteResp(2, 1, 6, reject=True, commit=1, commit_term=1)


def test_two_leaders_in_one_term_end_the_process() -> None:
    cluster = Cluster()
    cluster.elect(1)
    with pytest.raises(Broken, match="both lead in term 2"):
        cluster[1].step(MsgHeartbeat(1, 2, 2, 1))


def test_forgetting_the_leader_lets_another_win_at_once() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(1)
    for member in (2, 3):
        cluster[member].forget_leader()
        assert cluster[member].leader == 0
    cluster.elect(2)
    assert cluster[3].leader == 2


def test_leader_and_lease_holders_forget_nobody() -> None:
    cluster = Cluster(configure=lambda member: Settings(member=member, lease_reads=True))
    cluster.elect(1)
    cluster[1].forget_leader()
    cluster[2].forget_leader()
    assert [cluster[1].leader, cluster[2].leader] == [1, 1]


def test_forgotten_leader_is_found_again_with_its_next_heartbeat() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[2].forget_leader()
    cluster.tick()
    assert cluster[2].leader == 1
    assert cluster[2].term == 2


@pytest.mark.parametrize("member", [3, 4])
def test_members_without_a_vote_do_not_stand(member: int) -> None:
    cluster = Cluster([1, 2], learners=[3], outsiders=[4])
    cluster[member].campaign()
    cluster[member].step(MsgTimeoutNow(member, 1, 1))
    cluster.tick(40, only=[member])
    assert is_role(cluster[member], Role.FOLLOWER)
    assert cluster[member].is_learner is (member == 3)


def test_barred_member_votes_but_does_not_stand() -> None:
    cluster = Cluster()
    cluster[1].may_lead = False
    cluster.tick(6)
    assert is_role(cluster[1], Role.FOLLOWER)
    cluster.tick()
    assert is_role(cluster[2], Role.LEADER)
    assert cluster[1].vote == 2
    assert not cluster[1].may_lead
    cluster[1].step(MsgTimeoutNow(1, 2, 2))
    assert is_role(cluster[1], Role.FOLLOWER)


def test_leader_stands_no_second_time_and_can_step_down() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.campaign()
    assert is_role(leader, Role.LEADER)
    leader.step_down()
    leader.step_down()
    cluster.settle()
    assert (leader.role, leader.leader, leader.term) == (Role.FOLLOWER, 0, 2)


def test_order_to_stand_counts_in_its_term_only() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[2].step(MsgTimeoutNow(2, 1, 1))
    assert is_role(cluster[2], Role.FOLLOWER)
    cluster[2].step(MsgTimeoutNow(2, 1, 2))
    assert (cluster[2].role, cluster[2].term) == (Role.CANDIDATE, 3)


def test_message_to_somebody_else_does_nothing() -> None:
    member = member_of()
    assert answers(member, MsgVote(3, 2, 9, 9, 9)) == []
    assert member.raft.term == 1


def test_voter_alone_leads_only_when_its_vote_and_entries_are_durable() -> None:
    cluster = Cluster([1])
    cluster.stop_writing(1)
    cluster.tick()
    assert is_role(cluster[1], Role.CANDIDATE)
    cluster.members[1].write()
    assert is_role(cluster[1], Role.LEADER)
    cluster.settle()
    cluster.members[1].raft.propose([b"x"])
    cluster.settle()
    assert cluster[1].commit == 1
    cluster.write(1)
    assert cluster.members[1].data == [b"x"]


def test_written_tail_of_an_earlier_term_counts_for_nothing() -> None:
    member = member_of()
    member.run()
    member.slow = True
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 1, (Entry(2, 2, b"old"),)))
    member.run()
    member.raft.step(MsgApp(1, 3, 3, 1, 1, 2, (Entry(2, 3, b"new"),)))
    member.run()
    assert [append.term for append in member.unwritten] == [2, 3]
    assert member.write() == (MsgAppResp(2, 1, 2, 2),)
    member.run()
    assert member.applied == []
    assert member.write() == (MsgAppResp(3, 1, 3, 2),)
    member.run()
    assert member.data == [b"new"]


def leaves_silently(message: Message) -> bool:
    """Whether a message would tell that the entry behind the first two is committed."""
    return isinstance(message, MsgHeartbeat | MsgTimeoutNow) or (
        isinstance(message, MsgApp) and message.commit > 2
    )


def test_refusals_tell_of_a_committed_change() -> None:
    cluster = Cluster([1, 2])
    cluster.elect(1)
    cluster.tick()
    cluster.drops = leaves_silently
    cluster[1].propose_change(ConfigurationChange((MemberChange(ChangeKind.REMOVE, 1),)))
    cluster[1].propose([b"makes this log the longer one"])
    cluster.settle()
    assert cluster[1].configuration == Configuration((2,))
    assert cluster[2].configuration == Configuration((1, 2))
    cluster.tick(2)
    cluster.crash(1)
    cluster.tick(30)
    assert is_role(cluster[2], Role.LEADER)
    assert cluster[2].configuration == Configuration((2,))


def test_candidate_that_hears_of_a_change_asks_again() -> None:
    change = Entry(2, 1, encode_change(ConfigurationChange()), EntryKind.CHANGE)
    member = member_of(entries=[change])
    member.raft.campaign()
    refusal = MsgPreVoteResp(1, 2, 1, reject=True, commit=2, commit_term=1)
    member.raft.step(refusal)
    assert (member.raft.role, member.raft.commit) == (Role.FOLLOWER, 2)
    member.raft.campaign()
    assert is_role(member.raft, Role.FOLLOWER)


def test_own_vote_does_not_count_with_the_end_of_an_earlier_write() -> None:
    member = member_of(SnapshotMeta(1, 1, Configuration((1,))))
    member.run()
    member.slow = True
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 1, (Entry(2, 2),)))
    member.run()
    member.raft.campaign()
    member.run()
    assert [append.term for append in member.unwritten] == [2, 3]
    member.write()
    assert is_role(member.raft, Role.CANDIDATE)
    member.write()
    assert is_role(member.raft, Role.LEADER)
