"""What a replica answers, when, and what it keeps of its members, its state and its disk."""

from typing import cast

import pytest

from tests.unit.raft.replica.world import World, failed
from warren.raft.core.entry import Configuration, SnapshotMeta
from warren.raft.core.messages import MsgHeartbeat, MsgSnap, MsgTimeoutNow
from warren.raft.core.ready import Role
from warren.raft.errors import (
    DiskFull,
    NotLeader,
    Overloaded,
    Refused,
    SessionExpired,
    Unavailable,
    Uncertain,
)
from warren.raft.session import Command, OpenSession, Plain, decode_number, encode_proposal


def test_proposal_is_applied_everywhere_and_answered_once_by_the_leader() -> None:
    world = World()
    leader = world.leader()
    world.propose(leader, "one", b"k=1")
    world.propose(leader, "two", b"k=2")
    world.settle()
    assert (world.answer("one"), world.answer("two")) == (b"", b"1")
    world.pass_time(100)
    assert [machine.values for machine in world.machines.values()] == [{b"k": b"2"}] * 3


def test_proposals_of_one_turn_share_a_write() -> None:
    world = World(1)
    leader = world.leader()
    world.stuck.add(leader)
    for number in range(50):
        world.propose(leader, number, b"k=%d" % number)
    world.settle()
    (write,) = world.writing[leader]
    assert len(write.entries) == 50
    assert not world.answers
    world.finish_writes(leader)
    assert [world.answer(number) for number in range(50)] == [
        b"%d" % (number - 1) if number else b"" for number in range(50)
    ]


def test_proposal_to_a_follower_is_refused_with_where_the_leader_is() -> None:
    world = World()
    leader, follower = world.leader(), world.follower()
    world.propose(follower, "one", b"k=1")
    world.settle()
    answer = world.answer("one")
    assert isinstance(answer, NotLeader)
    assert (answer.leader, answer.address) == (leader, f"host{leader}:1")


@pytest.mark.parametrize(
    ("payload", "why"),
    [(b"", "cannot be understood"), (b"\x91\x10", "cannot be understood")],
)
def test_proposal_that_is_none_never_reaches_the_log(payload: bytes, why: str) -> None:
    world = World(1)
    leader = world.leader()
    before = world.replicas[leader].core.last_index
    world.replicas[leader].propose("bad", payload)
    world.settle()
    assert why in failed(world.answer("bad"), Refused)
    assert world.replicas[leader].core.last_index == before


def test_proposal_that_is_too_large_is_refused() -> None:
    world = World(1)
    leader = world.leader()
    world.propose(leader, "large", bytes(2 << 20))
    world.settle()
    assert "is the most" in failed(world.answer("large"), Refused)


def test_too_many_proposals_are_refused_and_taken_again_later() -> None:
    world = World(1, max_waiting=10)
    leader = world.leader()
    world.stuck.add(leader)
    for number in range(12):
        world.propose(leader, number, b"k=1")
    world.settle()
    assert [bool(world.answers[number]) for number in (9, 10, 11)] == [False, True, True]
    failed(world.answer(10), Overloaded)
    world.finish_writes(leader)
    world.propose(leader, "later", b"k=2")
    world.settle()
    assert world.answer("later") == b"1"


def test_leader_that_stops_leading_says_that_it_does_not_know() -> None:
    world = World()
    leader = world.leader()
    world.isolate(leader)
    world.propose(leader, "lost", b"k=1")
    world.settle()
    assert not world.answers
    world.settle_until(lambda: bool(world.answers["lost"]))
    failed(world.answer("lost"), Uncertain)
    world.cut.clear()
    assert world.leader() != leader
    world.propose(world.leader(), "new", b"k=2")
    world.settle()
    assert world.answer("new") == b""
    assert len(world.answers["lost"]) == 1


def test_entry_of_another_term_at_the_same_index_does_not_answer() -> None:
    world = World()
    leader = world.leader()
    world.isolate(leader)
    world.propose(leader, "lost", b"k=lost")
    world.settle()
    lost_at = world.replicas[leader].core.last_index
    others = [member for member in world.replicas if member != leader]
    world.settle_until(
        lambda: any(world.replicas[member].core.role is Role.LEADER for member in others)
    )
    new = next(member for member in others if world.replicas[member].core.role is Role.LEADER)
    for number in range(3):
        world.propose(new, number, b"k=%d" % number)
    world.cut.clear()
    world.pass_time(200)
    assert world.replicas[leader].core.applied >= lost_at
    failed(world.answer("lost"), Uncertain)
    assert b"lost" not in world.machines[leader].values.values()


def test_entry_of_another_term_answers_that_it_did_not_take_effect() -> None:
    world = World(1)
    leader = world.leader()
    replica = world.replicas[leader]
    world.stuck.add(leader)
    world.propose(leader, "one", b"k=1")
    world.settle()
    index = replica.core.last_index
    term, ticket = replica._proposals.under_way[index]
    replica._proposals.under_way[index] = (term - 1, ticket)
    world.finish_writes(leader)
    assert "did not take effect" in failed(world.answer("one"), NotLeader)


def test_read_sees_all_that_was_answered_before_on_any_member() -> None:
    world = World()
    leader = world.leader()
    world.propose(leader, "write", b"k=1")
    world.settle()
    assert world.answer("write") == b""
    for member, replica in world.replicas.items():
        replica.read(("read", member), b"k")
    world.pass_time(200)
    assert [world.answer(("read", member)) for member in world.replicas] == [b"1"] * 3


def test_reads_of_one_turn_share_a_round() -> None:
    world = World()
    leader = world.leader()
    world.pass_time(100)
    world.sent.clear()
    for number in range(30):
        world.replicas[leader].read(number, b"k")
    world.settle()
    assert all(world.answer(number) == b"" for number in range(30))
    beats = [message for message in world.sent if isinstance(message, MsgHeartbeat)]
    assert len(beats) == 2


def test_read_waits_until_what_it_must_see_is_applied() -> None:
    world = World()
    leader = world.leader()
    follower = world.follower()
    world.pass_time(100)
    world.stuck.add(follower)
    world.propose(leader, "write", b"k=1")
    world.settle()
    world.replicas[follower].read("read", b"k")
    world.settle()
    assert not world.answers["read"]
    world.finish_writes(follower)
    world.pass_time(100)
    assert world.answer("read") == b"1"


def test_read_at_an_isolated_leader_is_never_answered_with_what_it_has() -> None:
    world = World()
    leader = world.leader()
    world.pass_time(100)
    world.isolate(leader)
    world.replicas[leader].read("read", b"k")
    world.settle()
    assert not world.answers["read"]
    world.settle_until(lambda: bool(world.answers["read"]))
    message = failed(world.answer("read"), NotLeader)
    assert "of 3 voters" in message
    assert "2 must agree" in message


def test_query_that_the_machine_refuses_is_answered_so() -> None:
    world = World(1)
    world.replicas[world.leader()].read("bad", b"?")
    world.settle()
    assert "no question" in failed(world.answer("bad"), Refused)


def test_too_many_reads_are_refused() -> None:
    world = World(1, max_waiting=2)
    leader = world.leader()
    for number in range(3):
        world.replicas[leader].read(number, b"k")
    world.settle()
    failed(world.answer(2), Overloaded)
    assert world.answer(0) == b""


def open_session(world: World) -> int:
    world.propose(world.leader(), "open", OpenSession())
    world.settle()
    return decode_number(cast("bytes", world.answers["open"].pop()))


def test_command_that_is_sent_again_to_another_leader_takes_effect_once() -> None:
    world = World()
    client = open_session(world)
    old = world.leader()
    world.propose(old, "first", Command(client, 1, 1, b"k=1"))
    world.settle()
    assert world.answer("first") == b""
    world.replicas[old].transfer()
    world.pass_time(300)
    assert world.leader() != old
    world.propose(world.leader(), "again", Command(client, 1, 1, b"k=1"))
    world.settle()
    assert world.answer("again") == b""
    world.pass_time(100)
    assert all(machine.applied == [b"k=1"] for machine in world.machines.values())


def test_session_expires_by_the_time_in_the_log_on_all_members_alike() -> None:
    world = World()
    client = open_session(world)
    world.pass_time(3_700_000, step_ms=20_000)
    world.propose(world.leader(), "other", OpenSession())
    world.propose(world.leader(), "late", Command(client, 1, 1, b"k=1"))
    world.settle()
    failed(world.answer("late"), SessionExpired)
    world.pass_time(100)
    assert {len(each.sessions) for each in world.replicated.values()} == {1}
    assert len({each.fingerprint() for each in world.replicated.values()}) == 1


def test_time_in_the_log_goes_on_from_where_the_last_leader_left_it() -> None:
    world = World()
    world.pass_time(10_000)
    world.propose(world.leader(), 1, b"k=1")
    world.settle()
    before = world.replicated[1].time_ms
    world.replicas[world.leader()].transfer()
    world.pass_time(500)
    world.propose(world.leader(), 2, b"k=2")
    world.settle()
    assert before <= world.replicated[world.leader()].time_ms <= before + 1000


def test_connection_to_the_leader_that_breaks_makes_followers_stand_within_the_hasty_time() -> None:
    world = World()
    leader = world.leader()
    world.pass_time(200)
    del world.replicas[leader]
    began_ms = world.now_ms
    for replica in world.replicas.values():
        replica.connection_lost(leader)
    while not any(replica.core.role is Role.LEADER for replica in world.replicas.values()):
        world.pass_time(10)
        assert world.now_ms - began_ms <= 200
    assert world.now_ms - began_ms <= 200


def test_broken_connection_to_a_living_leader_disturbs_nobody() -> None:
    world = World()
    leader = world.leader()
    world.pass_time(200)
    term = world.replicas[leader].core.term
    world.replicas[world.follower()].connection_lost(leader)
    world.pass_time(1000)
    assert world.leader() == leader
    assert world.replicas[leader].core.term == term


def test_follower_that_was_paused_hears_its_leader_before_it_stands() -> None:
    world = World()
    leader, follower = world.leader(), world.follower()
    world.pass_time(200)
    world.now_ms += 60_000
    world.replicas[follower].tick(world.now_ms)
    assert world.replicas[follower].core.leader == leader
    assert world.replicas[follower].core.role is Role.FOLLOWER


def test_leader_that_was_paused_makes_up_for_the_time() -> None:
    world = World()
    leader = world.leader()
    world.pass_time(1000)
    world.isolate(leader)
    world.now_ms += 1000
    world.replicas[leader].tick(world.now_ms)
    world.now_ms += 1000
    world.replicas[leader].tick(world.now_ms)
    assert world.replicas[leader].core.role is not Role.LEADER


def test_wake_is_when_the_next_tick_or_the_hasty_election_is_due() -> None:
    world = World()
    replica = world.replicas[world.follower()]
    assert world.now_ms < replica.wake_ms <= world.now_ms + 50
    world.pass_time(200)
    replica.tick(replica.wake_ms)
    now_ms = replica.wake_ms - 50
    replica.connection_lost(world.leader())
    assert now_ms + 10 <= replica.wake_ms <= now_ms + 50


def test_clock_that_seems_to_go_back_does_no_harm() -> None:
    world = World(1)
    replica = world.replicas[world.leader()]
    replica.tick(world.now_ms - 1000)
    assert replica.wake_ms > world.now_ms


def test_snapshot_is_taken_after_so_many_entries_and_the_log_before_it_is_dropped() -> None:
    world = World(1, snapshot_entries=20, keep_entries=5)
    leader = world.leader()
    for number in range(45):
        world.propose(leader, number, b"k%d=%d" % (number % 7, number))
        world.settle()
    status = world.replicas[leader].status
    assert status.snapshot_index >= 40
    assert world.replicas[leader].core.first_index == status.snapshot_index - 5 + 1


def test_snapshot_holds_the_state_at_its_index_though_later_entries_are_applied_meanwhile() -> None:
    world = World(1, snapshot_entries=10)
    world.is_saving = False
    leader = world.leader()
    for number in range(9):
        world.propose(leader, number, b"k=%d" % number)
        world.settle()
    (save,) = world.saves.values()
    at = world.machines[leader].values.copy()
    world.propose(leader, "later", b"k=later")
    world.settle()
    meta = world.finish_save(leader)
    assert meta == save.meta
    machine = World(1).machines[1]
    restoring = machine.restore()
    for piece in world.snapshots[meta][1:]:
        restoring.add(piece)
    restoring.finish()
    assert machine.values == at


def test_snapshot_that_could_not_be_written_is_tried_again_later() -> None:
    world = World(1, snapshot_entries=10)
    world.is_saving = False
    leader = world.leader()
    for number in range(12):
        world.propose(leader, number, b"k=%d" % number)
    world.settle()
    world.finish_save(leader, ok=False)
    assert world.replicas[leader].status.snapshot_index == 1
    world.pass_time(500)
    assert not world.saves
    world.pass_time(600)
    meta = world.finish_save(leader)
    assert world.replicas[leader].status.snapshot_index == meta.index


def test_member_that_lacks_too_much_gets_a_snapshot_with_sessions_and_members() -> None:
    world = World(snapshot_entries=20, keep_entries=5)
    client = open_session(world)
    leader, away = world.leader(), world.follower()
    world.isolate(away)
    world.propose(leader, "kept", Command(client, 1, 1, b"k=kept"))
    for number in range(60):
        world.propose(leader, number, b"n%d=%d" % (number % 5, number))
        world.settle()
    world.cut.clear()
    world.settle_until(
        lambda: world.replicas[away].core.applied == world.replicas[leader].core.applied
    )
    assert world.replicas[away].status.snapshot_index > 40
    assert world.machines[away].values == world.machines[leader].values
    assert world.replicated[away].fingerprint() == world.replicated[leader].fingerprint()
    assert world.members[away] == {member: f"host{member}:1" for member in (1, 2, 3)}
    world.propose(leader, "again", Command(client, 1, 1, b"k=again"))
    world.settle()
    assert world.answer("again") == b""
    assert world.machines[leader].values[b"k"] == b"kept"


def test_announced_snapshot_that_is_not_here_changes_nothing() -> None:
    world = World()
    leader, follower = world.leader(), world.follower()
    core = world.replicas[follower].core
    meta = SnapshotMeta(500, core.term, Configuration(voters=(1, 2, 3)))
    world.replicas[follower].receive(MsgSnap(follower, leader, core.term, meta))
    world.settle()
    assert core.commit < 500


def test_old_snapshot_is_not_put_in_the_place_of_a_newer_state() -> None:
    world = World(snapshot_entries=10)
    leader, follower = world.leader(), world.follower()
    for number in range(30):
        world.propose(leader, number, b"k=%d" % number)
        world.settle()
    world.pass_time(200)
    core, before = world.replicas[follower].core, dict(world.machines[follower].values)
    old = min(world.snapshots, key=lambda meta: meta.index)
    restoring = world.replicated[follower].restore()
    for piece in world.snapshots[old]:
        restoring.add(piece)
    world.replicas[follower].snapshot_received(MsgSnap(follower, leader, core.term, old), restoring)
    world.settle()
    assert world.machines[follower].values == before


def test_full_disk_refuses_proposals_hands_over_and_reads_on() -> None:
    world = World()
    leader = world.leader()
    world.propose(leader, "before", b"k=1")
    world.pass_time(100)
    world.stuck.add(leader)
    world.replicas[leader].set_disk_full(True)
    world.propose(leader, "full", b"k=2")
    world.settle()
    failed(world.answer("full"), DiskFull)
    assert any(isinstance(message, MsgTimeoutNow) for message in world.sent)
    world.pass_time(200)
    new = world.leader()
    assert new != leader
    world.replicas[leader].read("elsewhere", b"k")
    world.replicas[new].read("read", b"k")
    world.pass_time(200)
    elsewhere = world.answer("elsewhere")
    assert isinstance(elsewhere, NotLeader)
    assert elsewhere.leader == new
    assert world.answer("read") == b"1"
    world.finish_writes(leader)
    world.replicas[leader].set_disk_full(False)
    world.pass_time(200)
    assert not world.replicas[leader].status.is_disk_full
    world.propose(new, "after", b"k=3")
    world.settle()
    assert world.answer("after") == b"1"


def test_lone_member_with_a_full_disk_leads_on_for_reading() -> None:
    world = World(1)
    leader = world.leader()
    world.propose(leader, "before", b"k=1")
    world.settle()
    world.replicas[leader].set_disk_full(True)
    world.pass_time(1000)
    world.replicas[leader].read("read", b"k")
    world.settle()
    assert world.answer("read") == b"1"
    assert world.replicas[leader].status.snapshot_index == world.replicas[leader].core.applied


def test_members_with_full_disks_do_not_stand_for_election() -> None:
    world = World()
    leader = world.leader()
    for member, replica in world.replicas.items():
        if member != leader:
            replica.set_disk_full(True)
    del world.replicas[leader]
    world.pass_time(2000)
    assert all(replica.core.role is Role.FOLLOWER for replica in world.replicas.values())


def test_members_compare_their_states_and_a_difference_is_reported_by_who_differs() -> None:
    world = World(snapshot_entries=20)
    leader, wrong = world.leader(), world.follower()
    for number in range(10):
        world.propose(leader, number, b"k=%d" % number)
        world.settle()
    world.pass_time(100)
    world.machines[wrong].values[b"k"] = b"flipped"
    for number in range(30):
        world.propose(leader, number, b"other=%d" % number)
        world.settle()
    world.pass_time(200)
    assert {member for member, _ in world.divergences} == {wrong}
    (_, divergence), *_ = world.divergences
    assert divergence.own != divergence.leaders


def test_members_that_agree_report_nothing_even_across_restores_and_leaders() -> None:
    world = World(snapshot_entries=15, keep_entries=3)
    for round_ in range(8):
        leader = world.leader()
        away = world.follower()
        if round_ % 2:
            world.isolate(away)
        for number in range(25):
            world.propose(leader, (round_, number), b"k%d=%d" % (number % 4, number))
            world.settle()
        world.cut.clear()
        world.pass_time(500)
        world.replicas[world.leader()].transfer()
        world.pass_time(500)
    assert not world.divergences
    assert len({each.fingerprint() for each in world.replicated.values()}) == 1
    assert all(each.marked[0] for each in world.replicated.values())


def test_leadership_is_handed_to_nobody_when_nobody_lives() -> None:
    world = World()
    leader = world.leader()
    with pytest.raises(NotLeader):
        world.replicas[world.follower()].transfer()
    with pytest.raises(Refused, match="no vote"):
        world.replicas[leader].transfer(9)
    lone = World(1)
    with pytest.raises(Unavailable, match="no other voter"):
        lone.replicas[lone.leader()].transfer()


def test_proposals_while_the_leadership_is_handed_over_can_be_made_again() -> None:
    world = World()
    leader, follower = world.leader(), world.follower()
    world.pass_time(200)
    world.isolate(follower)
    world.propose(leader, "before", b"k=1")
    world.settle()
    world.replicas[leader].transfer(follower)
    world.propose(leader, "during", b"k=2")
    world.settle()
    failed(world.answer("during"), Unavailable)


def test_much_to_apply_is_applied_in_several_steps() -> None:
    world = World(1, max_apply_entries=10)
    leader = world.leader()
    for number in range(25):
        world.replicas[leader].propose(number, encode_proposal(Plain(b"k=%d" % number)))
    world.settle()
    assert all(isinstance(world.answer(number), bytes) for number in range(25))


def test_status_shows_how_far_everybody_is() -> None:
    world = World()
    leader = world.leader()
    world.propose(leader, 1, b"k=1")
    world.pass_time(200)
    status = world.replicas[leader].status
    assert (status.role, status.leader, status.waiting) == (Role.LEADER, leader, 0)
    assert set(status.peers) == {1, 2, 3} - {leader}
    assert all(each.match == status.last_index and each.is_live for each in status.peers.values())
    assert not world.replicas[world.follower()].status.peers
