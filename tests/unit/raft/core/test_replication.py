import pytest

from tests.unit.raft.core.cluster import Cluster, Member, Storage, is_role
from warren.raft.core.entry import Configuration, Entry, HardState, SnapshotMeta
from warren.raft.core.messages import (
    Message,
    MsgApp,
    MsgAppResp,
    MsgHeartbeat,
    MsgHeartbeatResp,
    MsgSnap,
    MsgStorageAppend,
    MsgStorageApply,
)
from warren.raft.core.progress import ProgressState
from warren.raft.core.raft import Raft
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import NotLeader, Overloaded, Refused

FIRST = SnapshotMeta(1, 1, Configuration((1, 2, 3)))


def follower(entries: list[Entry], term: int, commit: int = 0) -> Member:
    member = Member(Settings(member=1), Storage(FIRST, HardState(term, 0, commit), entries))
    member.run()
    return member


def appends(messages: list[Message], to: int) -> list[MsgApp]:
    return [m for m in messages if isinstance(m, MsgApp) and m.to == to]


def test_proposals_reach_everybody() -> None:
    cluster = Cluster()
    leader = cluster.elect(2)
    assert leader.propose([b"a", b"b"]) == range(3, 5)
    cluster.settle()
    assert cluster.members[2].data == [b"a", b"b"]
    cluster.tick()
    assert [cluster.members[member].data for member in (1, 3)] == [[b"a", b"b"]] * 2


def test_many_proposals_and_answers_cost_one_message_to_each_member() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    for number in range(10):
        leader.propose([b"%d" % number])
    sent = cluster.members[1].run()
    assert [len(message.entries) for message in appends(sent, 2)] == [10]
    assert len(sent) == 2


def test_leader_sends_before_its_own_write_and_counts_itself_after_it() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.stop_writing(1, 3)
    leader.propose([b"x"])
    cluster.settle()
    assert cluster.members[2].storage.entries[-1].data == b"x"
    assert leader.commit == 2
    cluster.write(1)
    assert leader.commit == 3


def test_follower_acknowledges_only_what_is_durable() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.stop_writing(2, 3)
    leader.propose([b"x"])
    cluster.settle()
    assert leader.commit == 2
    cluster.write(2)
    assert leader.commit == 3


def test_leader_and_one_follower_commit_without_the_other() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(3)
    leader.propose([b"x"])
    cluster.settle()
    assert cluster.members[1].data == [b"x"]
    cluster.heal()
    cluster.tick(2)
    assert cluster.members[3].data == [b"x"]


def test_eager_commit_is_told_without_waiting() -> None:
    cluster = Cluster(configure=lambda member: Settings(member=member, eager_commit=True))
    leader = cluster.elect(1)
    leader.propose([b"x"])
    cluster.settle()
    assert [member.data for member in cluster.members.values()] == [[b"x"]] * 3


def figure_8() -> Cluster:
    """Member 1 has an entry of term 2 that nobody else has, and member 5 another of term 3."""
    old, new = Entry(2, 2, b"old"), Entry(2, 3, b"new")
    cluster = Cluster(
        [1, 2, 3, 4, 5], configure=lambda member: Settings(member=member, max_message_bytes=1)
    )
    for member, entries in {1: [old], 2: [], 3: [], 4: [], 5: [new]}.items():
        storage = cluster.members[member].storage
        storage.entries = entries
        storage.hard_state = HardState(3)
        cluster.crash(member)
    return cluster


def test_old_entry_on_a_majority_is_lost_without_one_of_the_own_term() -> None:
    """Ongaro 2014, figure 3.7 d1."""
    cluster = figure_8()
    cluster.drops = lambda message: (
        isinstance(message, MsgApp)
        and (message.to == 4 or (cluster[message.to].last_index == message.index == 2))
    )
    cluster.isolate(5)
    cluster.elect(1)
    assert cluster[1].term == 4
    cluster.tick(3)
    assert [cluster.members[member].storage.entries for member in (2, 3)] == [
        [Entry(2, 2, b"old")]
    ] * 2
    assert cluster[1].commit == 1
    cluster.heal()
    cluster.isolate(1)
    for member in (2, 3, 4):
        cluster[member].forget_leader()
    cluster[5].campaign()
    cluster.settle()
    cluster.elect(5)
    cluster.heal()
    cluster.tick(10)
    assert [member.data for member in cluster.members.values()] == [[b"new"]] * 5


def test_old_entry_is_committed_together_with_one_of_the_own_term() -> None:
    """Ongaro 2014, figure 3.7 d2."""
    cluster = figure_8()
    cluster.isolate(5, 4)
    cluster.elect(1)
    cluster.tick(3)
    assert cluster.members[1].data == [b"old"]
    cluster.heal()
    cluster.tick(40)
    assert [member.data for member in cluster.members.values()] == [[b"old"]] * 5


@pytest.mark.parametrize(
    "terms",
    [
        [1, 1, 1, 4, 4, 5, 5, 6, 6],
        [1, 1, 1, 4],
        [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        [1, 1, 1, 4, 4, 4, 4],
        [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ],
    ids="abcdef",
)
def test_leader_repairs_every_log_of_figure_7(terms: list[int]) -> None:
    leading = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
    cluster = Cluster()
    for member, log in {1: leading, 2: terms, 3: leading}.items():
        storage = cluster.members[member].storage
        storage.entries = [Entry(i, t, b"%d.%d" % (i, t)) for i, t in enumerate(log, 2)]
        storage.hard_state = HardState(7)
        cluster.crash(member)
    cluster.isolate(2)
    cluster.elect(1)
    cluster.heal()
    cluster.tick(4)
    assert cluster.members[2].storage.entries == cluster.members[1].storage.entries
    assert cluster.members[2].data == cluster.members[1].data
    assert len(cluster.members[1].data) == len(leading)
    # Each rejection skips a whole term.
    rejected = [m for m in cluster.members[2].sent if isinstance(m, MsgAppResp) and m.reject]
    assert len(rejected) <= 3


def test_old_message_does_not_shorten_the_log() -> None:
    member = follower([Entry(2, 1), Entry(3, 1), Entry(4, 1)], term=1)
    member.raft.step(MsgApp(1, 2, 1, 1, 1, 1, (Entry(2, 1),)))
    assert member.run() == [MsgAppResp(2, 1, 1, 2)]
    assert member.raft.last_index == 4
    assert len(member.storage.entries) == 3


def test_follower_commits_no_further_than_the_last_entry_it_was_sent() -> None:
    member = follower([Entry(2, 1), Entry(3, 1)], term=2)
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 3, (Entry(2, 1),)))
    member.run()
    assert member.raft.commit == 2


def test_heartbeat_never_commits_what_the_follower_is_not_known_to_hold() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(3)
    leader.propose([b"x"])
    cluster.settle()
    leader.tick()
    beats = [m for m in cluster.members[1].run() if isinstance(m, MsgHeartbeat)]
    assert {beat.to: beat.commit for beat in beats} == {2: 3, 3: 2}


def test_acknowledgements_of_an_earlier_term_count_for_nothing() -> None:
    cluster = Cluster()
    cluster.elect(1)
    cluster.isolate(1)
    cluster[1].propose([b"x"])
    cluster.settle()
    cluster[1].step_down()
    cluster.cut_wires.clear()
    cluster.drops = lambda message: isinstance(message, MsgApp)
    cluster[2].forget_leader()
    leader = cluster.elect(1)
    leader.step(MsgAppResp(1, 2, 2, 3))
    leader.step(MsgAppResp(1, 9, 3, 3))
    assert leader.progress[2].match == 0
    assert leader.commit == 2


def test_old_entries_behind_the_commit_are_acknowledged_up_to_it() -> None:
    member = follower([Entry(2, 1), Entry(3, 1)], term=2, commit=3)
    member.raft.step(MsgApp(1, 2, 2, 2, 1, 3, (Entry(3, 1),)))
    assert member.run() == [MsgAppResp(2, 1, 2, 3)]


def test_acknowledgements_of_one_turn_become_one() -> None:
    member = follower([], term=2)
    member.slow = True
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 1, (Entry(2, 2),)))
    member.raft.step(MsgApp(1, 2, 2, 2, 2, 1, (Entry(3, 2),)))
    member.run()
    member.raft.step(MsgApp(1, 2, 2, 3, 2, 1))
    member.run()
    assert [append.responses for append in member.unwritten] == [
        (MsgAppResp(2, 1, 2, 3),),
        (MsgAppResp(2, 1, 2, 3),),
    ]
    assert not member.unwritten[1].must_sync


def test_commit_alone_waits_for_a_tick_and_is_not_synced() -> None:
    member = follower([Entry(2, 1)], term=2)
    member.slow = True
    member.raft.step(MsgHeartbeat(1, 2, 2, 2))
    assert member.run() == [MsgHeartbeatResp(2, 1, 2)]
    assert not member.unwritten
    member.raft.tick()
    member.run()
    [append] = member.unwritten
    assert append.hard_state == HardState(2, 0, 2)
    assert not append.must_sync


def test_restart_applies_what_was_committed() -> None:
    member = follower([Entry(2, 1, b"x"), Entry(3, 1, b"y")], term=1, commit=2)
    assert member.data == [b"x"]
    assert (member.raft.applied, member.raft.commit) == (2, 2)


def test_lost_entries_are_sent_again_after_a_heartbeat() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.drops = lambda message: isinstance(message, MsgApp) and message.to == 2
    leader.propose([b"x"])
    cluster.settle()
    cluster.heal()
    cluster.tick()
    assert cluster.members[2].storage.entries[-1].data == b"x"


def test_unreachable_member_is_probed() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.report_unreachable(9)
    leader.report_unreachable(2)
    assert leader.progress[2].state is ProgressState.PROBE
    leader.report_unreachable(2)
    probed = leader.progress[2]
    leader.propose([b"x"])
    leader.propose([b"y"])
    sent = cluster.members[1].run()
    assert len(appends(sent, 2)) == 1
    leader.propose([b"z"])
    assert appends(cluster.members[1].run(), 2) == []
    for message in sent:
        cluster.deliver(message)
    cluster.settle()
    assert probed.state == int(ProgressState.REPLICATE)
    assert cluster.members[2].storage.entries[-1].data == b"z"


def test_window_limits_what_is_under_way() -> None:
    cluster = Cluster(
        configure=lambda member: Settings(
            member=member, max_inflight_messages=2, max_message_bytes=100
        )
    )
    leader = cluster.elect(1)
    leader.propose([b"x" * 60] * 5)
    sent = cluster.members[1].run()
    assert [len(message.entries) for message in appends(sent, 2)] == [1, 1]
    for message in sent:
        cluster.deliver(message)
    cluster.settle()
    assert cluster.members[2].storage.entries[-1].index == 7


def test_commands_are_refused_while_too_much_waits() -> None:
    cluster = Cluster(
        configure=lambda member: Settings(
            member=member, max_uncommitted_bytes=100, max_entry_bytes=200
        )
    )
    leader = cluster.elect(1)
    cluster.isolate(1)
    leader.propose([b"x" * 150])
    with pytest.raises(Overloaded, match="166 bytes wait"):
        leader.propose([b"x"])
    with pytest.raises(Refused, match="201 bytes"):
        leader.propose([b"x" * 201])
    assert leader.last_index == 3
    cluster.heal()
    cluster.tick()
    leader.propose([b"x"])


def test_followers_take_no_commands() -> None:
    cluster = Cluster()
    cluster.elect(1)
    with pytest.raises(NotLeader) as raised:
        cluster[2].propose([b"x"])
    assert raised.value.leader == 1


def test_member_far_behind_is_sent_a_snapshot() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(3)
    for number in range(5):
        leader.propose([b"%d" % number])
        cluster.settle()
    meta = cluster.members[1].save()
    assert leader.first_index == meta.index + 1
    cluster.heal()
    cluster.tick(2)
    assert cluster[3].snapshot == meta
    assert cluster.members[3].storage.snapshot == meta
    assert (cluster[3].applied, cluster[3].commit) == (7, 7)
    assert leader.progress[3].state is ProgressState.REPLICATE
    leader.propose([b"behind"])
    cluster.settle()
    cluster.tick()
    assert cluster.members[3].data == [b"behind"]


def test_lost_snapshot_is_sent_again() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(3)
    leader.propose([b"x"])
    cluster.settle()
    cluster.members[1].save()
    cluster.heal()
    cluster.drops = lambda message: isinstance(message, MsgSnap)
    cluster.tick(2)
    assert [m for m in cluster.members[1].sent if isinstance(m, MsgSnap)]
    assert cluster[3].commit == 2
    cluster.heal()
    cluster.tick(2)
    assert cluster[3].commit == 3


def test_no_snapshot_is_sent_to_a_silent_member() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(3)
    leader.propose([b"x"])
    cluster.tick(6)
    cluster.members[1].save()
    leader.report_unreachable(3)
    leader.propose([b"y"])
    cluster.settle()
    assert not [m for m in cluster.members[1].sent if isinstance(m, MsgSnap)]


def test_reports_on_snapshots_that_are_not_under_way_do_nothing() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.report_snapshot(2, ok=True)
    leader.report_snapshot(9, ok=False)
    assert leader.progress[2].state is ProgressState.REPLICATE


def test_snapshot_older_than_the_commit_is_ignored() -> None:
    member = follower([Entry(2, 1), Entry(3, 1)], term=2, commit=3)
    member.raft.step(MsgSnap(1, 2, 2, SnapshotMeta(2, 1, FIRST.configuration)))
    assert member.run() == [MsgAppResp(2, 1, 2, 3)]
    assert member.raft.snapshot == FIRST


def test_snapshot_of_what_the_log_holds_keeps_the_rest_of_it() -> None:
    member = follower([Entry(2, 1), Entry(3, 1), Entry(4, 1)], term=2)
    member.raft.step(MsgSnap(1, 2, 2, SnapshotMeta(3, 1, FIRST.configuration)))
    assert member.run() == [MsgAppResp(2, 1, 2, 3)]
    assert (member.raft.commit, member.raft.last_index) == (3, 4)
    assert member.raft.snapshot == FIRST


def test_snapshot_replaces_a_log_that_disagrees_and_nothing_is_applied_meanwhile() -> None:
    member = follower([Entry(2, 1), Entry(3, 1)], term=3)
    member.slow = True
    meta = SnapshotMeta(9, 3, Configuration((1, 2), learners=(4,)))
    member.raft.step(MsgSnap(1, 2, 3, meta))
    member.raft.step(MsgApp(1, 2, 3, 9, 3, 10, (Entry(10, 3, b"x"),)))
    member.run()
    assert member.raft.configuration == meta.configuration
    assert member.raft.applied == 1
    member.raft.campaign()
    assert is_role(member.raft, Role.FOLLOWER)
    assert member.write() == (MsgAppResp(2, 1, 3, 10),)
    member.run()
    assert member.data == [b"x"]
    assert member.raft.applied == 10


def test_snapshot_that_ends_late_does_not_take_back_what_was_applied() -> None:
    raft = Raft(
        Settings(member=1),
        hard_state=HardState(1, 0, 1),
        snapshot=FIRST,
        entries=[],
        draw=lambda _bound: 0,
    )
    raft.step(MsgApp(1, 2, 1, 1, 1, 2, (Entry(2, 1, b"x"),)))
    raft.advance(written(raft))
    apply = raft.ready().apply
    raft.step(MsgSnap(1, 2, 1, SnapshotMeta(9, 1, FIRST.configuration)))
    raft.advance(written(raft))
    assert apply is not None
    raft.advance(apply)
    assert (raft.applied, raft.commit) == (9, 9)


def written(raft: Raft) -> MsgStorageAppend:
    append = raft.ready().append
    assert append is not None
    return append


def test_writes_and_applies_end_in_the_order_they_were_asked_for() -> None:
    member = follower([], term=2)
    member.slow = True
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 1, (Entry(2, 2),)))
    member.run()
    member.raft.step(MsgApp(1, 2, 2, 2, 2, 1, (Entry(3, 2),)))
    member.run()
    with pytest.raises(ValueError, match="the oldest"):
        member.raft.advance(member.unwritten[1])
    with pytest.raises(ValueError, match="the oldest"):
        member.raft.advance(MsgStorageApply((Entry(2, 2),)))


def test_log_is_compacted_only_up_to_a_snapshot() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.propose([b"x"])
    cluster.settle()
    with pytest.raises(ValueError, match="cannot be compacted to 3"):
        leader.compact(3)
    meta = SnapshotMeta(3, 2, leader.configuration)
    leader.snapshot_saved(meta)
    leader.snapshot_saved(FIRST)
    assert leader.snapshot == meta
    leader.compact(2)
    assert leader.first_index == 3
    leader.compact(1)
    assert leader.first_index == 3


def test_new_cluster_begins_with_index_one() -> None:
    with pytest.raises(ValueError, match="index 1 and term 1"):
        Raft(
            Settings(member=1),
            hard_state=HardState(),
            snapshot=SnapshotMeta(configuration=FIRST.configuration),
            entries=[],
            draw=lambda _bound: 0,
        )


def test_large_applies_are_handed_out_in_parts() -> None:
    cluster = Cluster([1], configure=lambda member: Settings(member=member, max_apply_bytes=100))
    cluster.tick()
    cluster.members[1].slow = True
    cluster[1].propose([b"x" * 60] * 3)
    cluster.members[1].run()
    cluster.members[1].write()
    sizes = []
    while cluster[1].has_ready():
        apply = cluster[1].ready().apply
        assert apply is not None
        sizes.append(len(apply.entries))
        cluster[1].advance(apply)
    assert sizes == [1, 1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"member": 0},
        {"election_ticks": 1},
        {"heartbeat_ticks": 0},
        {"max_read_rounds": 0},
        {"max_message_bytes": 0},
    ],
)
def test_settings_that_could_not_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**{"member": 1, **wrong})  # type: ignore[arg-type]


def test_member_that_answers_before_its_snapshot_is_reported_goes_on() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    cluster.isolate(3)
    for number in range(3):
        leader.propose([b"%d" % number])
        cluster.settle()
    cluster.members[1].save()
    leader.report_unreachable(3)
    leader.propose([b"more"])
    cluster.members[1].run()
    third = leader.progress[3]
    assert third.state == int(ProgressState.SNAPSHOT)
    leader.step(MsgAppResp(1, 3, 2, 3))
    assert third.state == int(ProgressState.SNAPSHOT)
    leader.step(MsgAppResp(1, 3, 2, 5))
    assert third.state == int(ProgressState.REPLICATE)


def test_heartbeats_come_as_often_as_is_set() -> None:
    cluster = Cluster(configure=lambda member: Settings(member=member, heartbeat_ticks=3))
    leader = cluster.elect(1)
    sent = []
    for _ in range(3):
        leader.tick()
        sent.append(sum(isinstance(m, MsgHeartbeat) for m in cluster.members[1].run()))
    assert sent == [0, 0, 2]


def test_lower_acknowledgement_does_not_replace_a_higher_one() -> None:
    member = follower([], term=2)
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 1, (Entry(2, 2), Entry(3, 2))))
    member.raft.step(MsgApp(1, 2, 2, 1, 1, 1, (Entry(2, 2),)))
    assert MsgAppResp(2, 1, 2, 3) in member.run()


def test_snapshot_older_than_the_log_is_ignored() -> None:
    cluster = Cluster()
    leader = cluster.elect(1)
    leader.propose([b"x"])
    cluster.settle()
    cluster.tick()
    cluster.members[2].save()
    cluster[2].step(MsgSnap(2, 1, 2, FIRST))
    assert cluster.members[2].run() == [MsgAppResp(1, 2, 2, 3)]
    assert (cluster[2].commit, cluster[2].last_index, cluster[2].snapshot.index) == (3, 3, 3)
