"""Members that come and go: what is allowed when, and ids that are never used again."""

from typing import cast

import msgspec
import pytest

from tests.unit.raft.replica.world import World, failed
from warren.raft.core.entry import ChangeKind, Configuration, ConfigurationChange, MemberChange
from warren.raft.core.ready import Role
from warren.raft.errors import NotLeader, Refused, Unavailable
from warren.raft.replica.membership import (
    AddLearner,
    Membership,
    MembershipRequest,
    Move,
    Promote,
    Remove,
    Replace,
    decode_request,
    encode_request,
    plan_change,
)
from warren.raft.session import decode_number

ADDRESSES = {1: "a:1", 2: "b:1", 3: "c:1", 5: "e:1"}


def now(**changes: object) -> Membership:
    fields: dict[str, object] = {
        "configuration": Configuration(voters=(1, 2, 3), learners=(5,)),
        "members": ADDRESSES,
        "next_member": 6,
        "live": {1, 2, 3, 5},
        "unused": {5},
        "behind": {1: 0, 2: 0, 3: 9, 5: 10},
        "caught_up_entries": 10,
        **changes,
    }
    return Membership(**fields)  # type: ignore[arg-type]


def change(*changes: MemberChange) -> ConfigurationChange:
    return ConfigurationChange(changes)


@pytest.mark.parametrize(
    ("request_", "plan"),
    [
        (AddLearner("f:1"), change(MemberChange(ChangeKind.ADD_LEARNER, 6, "f:1"))),
        (AddLearner("e:1"), 5),
        (Promote(5), change(MemberChange(ChangeKind.ADD_VOTER, 5))),
        (Promote(2), 2),
        (Remove(3), change(MemberChange(ChangeKind.REMOVE, 3))),
        (Remove(5), change(MemberChange(ChangeKind.REMOVE, 5))),
        (Remove(4), 4),
        (
            Replace(leaves=3, joins=5),
            change(MemberChange(ChangeKind.ADD_VOTER, 5), MemberChange(ChangeKind.REMOVE, 3)),
        ),
        (Replace(leaves=4, joins=2), 2),
        (Move(2, "z:1"), change(MemberChange(ChangeKind.ADD_VOTER, 2, "z:1"))),
        (Move(5, "z:1"), change(MemberChange(ChangeKind.ADD_LEARNER, 5, "z:1"))),
        (Move(2, "b:1"), 2),
    ],
)
def test_request_becomes_the_change_that_fulfils_it(
    request_: MembershipRequest, plan: ConfigurationChange | int
) -> None:
    assert plan_change(request_, now()) == plan
    assert decode_request(encode_request(request_)) == request_


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (AddLearner(""), "needs an address"),
        (AddLearner("b:1"), "member 2 is at b:1 already: remove it"),
        (Promote(9), "no member 9"),
        (Remove(0), "no member 0"),
        (Remove(6), "no member 6"),
        (Replace(leaves=5, joins=1), "has no vote"),
        (Replace(leaves=1, joins=9), "no member 9"),
        (Move(9, "z:1"), "no member 9"),
        (Move(2, "c:1"), "another member's"),
        (Move(2, ""), "is empty"),
    ],
)
def test_request_without_sense_is_refused(request_: MembershipRequest, why: str) -> None:
    with pytest.raises(Refused, match=why):
        plan_change(request_, now())


def test_learner_that_lacks_too_much_or_is_silent_does_not_vote_yet() -> None:
    with pytest.raises(Unavailable, match="lacks 11 entries"):
        plan_change(Promote(5), now(behind={5: 11}))
    with pytest.raises(Unavailable, match="not heard from"):
        plan_change(Promote(5), now(live={1, 2, 3}))
    with pytest.raises(Unavailable, match="lacks 11"):
        plan_change(Replace(leaves=3, joins=5), now(behind={5: 11}))


def test_member_is_not_removed_while_too_few_others_live() -> None:
    with pytest.raises(Unavailable, match="1 were heard from lately and 2 are needed"):
        plan_change(Remove(3), now(live={1, 3}))
    assert plan_change(Remove(2), now(live={1, 3})) != 2
    with pytest.raises(Refused, match="only one"):
        plan_change(Remove(1), now(configuration=Configuration(voters=(1,))))


def test_replacing_counts_who_joins() -> None:
    three = now(live={1, 3, 5})
    assert isinstance(plan_change(Replace(leaves=2, joins=5), three), ConfigurationChange)
    with pytest.raises(Unavailable, match="cannot be removed"):
        plan_change(Replace(leaves=1, joins=5), now(live={1, 5}))


def test_garbage_is_no_request() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_request(b"\x92\x09\x01")


def ask(world: World, ticket: object, request: MembershipRequest) -> None:
    world.replicas[world.leader()].change(ticket, request)
    world.settle()


def test_member_joins_learns_votes_and_leaves_and_its_id_is_not_used_again() -> None:
    world = World(snapshot_entries=1000)
    for number in range(30):
        world.propose(world.leader(), number, b"k%d=%d" % (number % 3, number))
    world.settle()
    ask(world, "add", AddLearner("host4:1"))
    assert decode_number(cast("bytes", world.answer("add"))) == 4
    ask(world, "early", Promote(4))
    failed(world.answer("early"), Unavailable)
    world.start(4)
    world.pass_time(500)
    assert world.machines[4].values == world.machines[1].values
    assert world.members[4][4] == "host4:1"
    ask(world, "vote", Promote(4))
    assert decode_number(cast("bytes", world.answer("vote"))) == 4
    ask(world, "leave", Remove(4))
    world.pass_time(200)
    assert world.replicas[world.leader()].core.configuration.voters == (1, 2, 3)
    assert all(4 not in world.members[member] for member in (1, 2, 3))
    del world.replicas[4]
    ask(world, "another", AddLearner("host5:1"))
    assert decode_number(cast("bytes", world.answer("another"))) == 5


def test_adding_an_address_twice_is_adding_it_once() -> None:
    world = World()
    ask(world, "one", AddLearner("host4:1"))
    ask(world, "two", AddLearner("host4:1"))
    assert world.answer("one") == world.answer("two")


def test_member_that_comes_back_with_nothing_does_not_get_its_old_id() -> None:
    world = World()
    ask(world, "one", AddLearner("host4:1"))
    world.start(4)
    world.pass_time(500)
    ask(world, "two", AddLearner("host4:1"))
    assert "remove it" in failed(world.answer("two"), Refused)


def test_changes_do_not_overlap() -> None:
    world = World()
    leader = world.leader()
    world.replicas[leader].change("one", AddLearner("host4:1"))
    world.replicas[leader].change("two", AddLearner("host5:1"))
    world.settle()
    assert isinstance(world.answer("one"), bytes)
    failed(world.answer("two"), Unavailable)


def test_change_at_a_follower_is_refused_with_where_the_leader_is() -> None:
    world = World()
    leader, follower = world.leader(), world.follower()
    world.replicas[follower].change("one", AddLearner("host4:1"))
    world.settle()
    answer = world.answer("one")
    assert isinstance(answer, NotLeader)
    assert answer.leader == leader


def test_leader_that_is_removed_steps_down_and_the_others_go_on() -> None:
    world = World()
    leader = world.leader()
    ask(world, "leave", Remove(leader))
    assert isinstance(world.answer("leave"), bytes)
    world.settle_until(lambda: world.replicas[leader].core.role is not Role.LEADER)
    del world.replicas[leader]
    world.propose(world.leader(), "on", b"k=1")
    world.settle()
    assert world.answer("on") == b""
    assert leader not in world.replicas[world.leader()].core.configuration.members


def test_voter_is_replaced_in_one_step_with_both_sets_deciding() -> None:
    world = World()
    ask(world, "add", AddLearner("host4:1"))
    world.start(4)
    world.pass_time(500)
    leaves = world.follower()
    ask(world, "replace", Replace(leaves=leaves, joins=4))
    world.pass_time(300)
    assert decode_number(cast("bytes", world.answer("replace"))) == 4
    configuration = world.replicas[world.leader()].core.configuration
    assert configuration.voters == tuple(sorted({1, 2, 3, 4} - {leaves}))
    assert not configuration.outgoing
    assert leaves not in world.members[world.leader()]


def test_member_moves_to_another_address() -> None:
    world = World()
    ask(world, "move", Move(2, "host9:9"))
    world.pass_time(100)
    assert all(members[2] == "host9:9" for members in world.members.values())
    assert world.replicas[world.leader()].core.configuration.voters == (1, 2, 3)


def test_dead_member_can_be_removed_by_the_majority() -> None:
    world = World()
    dead = world.follower()
    del world.replicas[dead]
    world.pass_time(2000)
    ask(world, "remove", Remove(dead))
    assert isinstance(world.answer("remove"), bytes)
    alive = world.follower()
    ask(world, "too many", Remove(alive))
    assert isinstance(world.answer("too many"), bytes)


def test_living_member_is_not_removed_while_the_other_is_dead() -> None:
    world = World()
    world.pass_time(200)
    dead = world.follower()
    del world.replicas[dead]
    world.pass_time(2000)
    ask(world, "remove", Remove(world.follower()))
    message = failed(world.answer("remove"), Unavailable)
    assert "1 were heard from lately and 2 are needed" in message
