from tests.unit.raft.core.cluster import Cluster
from warren.raft.core.ready import Role


def test_election_makes_one_leader_when_the_first_timeout_ends():
    cluster = Cluster()
    cluster.tick(6)
    assert cluster.roles == {1: Role.LEADER, 2: Role.FOLLOWER, 3: Role.FOLLOWER}
    assert {cluster[member].leader for member in cluster.members} == {1}
    assert {cluster[member].term for member in cluster.members} == {2}


def test_single_voter_leads_after_one_tick():
    cluster = Cluster([1])
    cluster.tick()
    assert cluster[1].role is Role.LEADER
    assert cluster[1].commit == 2


def test_proposals_reach_everybody():
    cluster = Cluster()
    leader = cluster.elect(2)
    assert leader.propose([b"a", b"b"]) == range(3, 5)
    cluster.settle()
    assert cluster.members[2].data == [b"a", b"b"]
    cluster.tick()
    assert [cluster.members[member].data for member in (1, 3)] == [[b"a", b"b"]] * 2
