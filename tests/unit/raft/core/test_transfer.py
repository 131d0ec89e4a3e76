import pytest

from tests.unit.raft.core.cluster import Cluster, is_role
from warren.raft.core.entry import ChangeKind, ConfigurationChange, MemberChange
from warren.raft.core.messages import MsgApp, MsgTimeoutNow, MsgTransferLeader
from warren.raft.core.ready import Role
from warren.raft.errors import NotLeader, Refused, Unavailable


def test_leadership_is_handed_over_at_once_to_who_holds_all() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[1].transfer(2)
    cluster.settle()
    assert cluster.roles == {1: Role.FOLLOWER, 2: Role.LEADER, 3: Role.FOLLOWER}
    assert cluster[1].leader == 2


def test_follower_passes_the_wish_on() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster[3].transfer(2)
    cluster.settle()
    assert is_role(cluster[2], Role.LEADER)


def test_target_gets_all_entries_first() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(3)
    cluster[1].propose([b"x"])
    cluster.settle()
    cluster[1].transfer(3)
    cluster.settle()
    assert is_role(cluster[1], Role.LEADER)
    with pytest.raises(Unavailable, match="hands the leadership over to 3"):
        cluster[1].propose([b"y"])
    with pytest.raises(Unavailable):
        cluster[1].propose_change(ConfigurationChange((MemberChange(ChangeKind.REMOVE, 2),)))
    cluster.heal()
    cluster.tick(2)
    assert is_role(cluster[3], Role.LEADER)
    cluster.tick()
    assert cluster.members[3].data == [b"x"]


def test_handover_is_given_up_after_one_election() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    cluster[1].transfer(2)
    cluster.tick(3)
    cluster[1].transfer(2)
    cluster.tick(2)
    assert cluster[1].transferee == 2
    cluster.tick()
    assert cluster[1].transferee == 0
    cluster[1].propose([b"x"])
    cluster.settle()
    assert cluster.members[1].data == [b"x"]


def test_later_wish_takes_the_place_of_an_earlier_one() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    cluster[1].transfer(2)
    cluster.settle()
    cluster.heal()
    cluster[1].transfer(3)
    cluster.settle()
    assert is_role(cluster[3], Role.LEADER)


def test_handover_to_itself_or_to_who_cannot_lead_does_nothing() -> None:
    cluster = Cluster([1, 2, 3], learners=[4])
    cluster.elect(1)
    cluster[1].transfer(1)
    cluster[1].propose([b"x"])
    for member in (4, 9):
        with pytest.raises(Refused, match=f"member {member}: it has no vote"):
            cluster[1].transfer(member)
        cluster[1].step(MsgTransferLeader(1, 2, 2, member))
    cluster[2].step(MsgTransferLeader(2, 3, 2, 3))
    cluster.settle()
    assert is_role(cluster[1], Role.LEADER)
    assert cluster[1].transferee == 0


def test_nothing_can_be_handed_over_without_a_leader() -> None:
    cluster = Cluster()
    with pytest.raises(NotLeader):
        cluster[1].transfer(2)


def test_handover_ends_when_the_other_loses_its_vote() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgTimeoutNow)
    cluster[1].propose_change(ConfigurationChange((MemberChange(ChangeKind.REMOVE, 3),)))
    cluster[1].transfer(3)
    cluster.settle()
    assert cluster[1].transferee == 0


def test_leader_handing_over_still_serves_what_it_took_before() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgApp) and message.to == 3
    cluster[1].propose([b"x"])
    cluster[1].transfer(3)
    cluster.settle()
    assert cluster.members[1].data == [b"x"]
