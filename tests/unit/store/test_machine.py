"""The store as the state machine of a replicated log."""

import pytest
from tinydb import where

from tests.unit.store.samples import node, service
from warren.model.errors import AlreadyExists, Conflict, CorruptState, PermanentError
from warren.model.resource import Resource
from warren.store.entry import Delete, Put, encode_entry
from warren.store.machine import StoreMachine
from warren.store.outcome import decode_outcome
from warren.store.proposer import InMemoryProposer
from warren.store.state import State
from warren.store.store import Store
from warren.store.watch import WatchLost


def machine(cluster_id: str = "clu_1") -> StoreMachine:
    return StoreMachine(State(), cluster_id)


def put(thing: Resource, table: str = "nodes", expected: int = 0) -> bytes:
    return encode_entry([Put(table, expected, thing.model_dump(mode="json"))])


def filled(count: int = 600) -> StoreMachine:
    full = machine()
    for number in range(count):
        full.apply(number * 3 + 5, put(node(f"n{number}")))
    full.apply(count * 3 + 5, put(service(), "services"))
    return full


def test_entries_may_leave_out_indexes_that_the_log_used_itself() -> None:
    one = machine()
    assert decode_outcome(one.apply(4, put(node("a")))).index == 4
    outcome = decode_outcome(one.apply(9, encode_entry([Delete("nodes", "nod_a", 1)])))
    assert (outcome.index, outcome.refusal, one.state.index) == (9, None, 9)


def test_refusal_travels_as_bytes_with_its_kind_message_and_hint() -> None:
    one = machine()
    one.apply(1, put(node("a")))
    stale = decode_outcome(one.apply(2, put(node("a", version=3), expected=2)))
    assert isinstance(stale.refusal, Conflict)
    assert "version 1 is recorded, version 2 was expected" in stale.refusal.message
    assert stale.refusal.hint == "read it again and decide anew"
    taken = decode_outcome(one.apply(3, put(node("a", id="nod_b"))))
    assert isinstance(taken.refusal, AlreadyExists)


def test_pieces_rebuild_the_same_state_and_later_entries_do_not_show_in_them() -> None:
    full = filled()
    pieces, fingerprint = full.freeze(), full.fingerprint()
    full.apply(10_000, encode_entry([Delete("nodes", "nod_n7", 1)]))
    assert full.fingerprint() != fingerprint
    other = machine()
    other.apply(1, put(node("gone")))
    restoring = other.restore()
    for piece in pieces:
        assert len(piece) < 1 << 20
        restoring.add(piece)
    assert other.state.index == 1, "nothing is replaced before the end"
    restoring.finish()
    assert other.fingerprint() == fingerprint
    assert (other.state.index, other.state.sequence) == (1805, 601)
    assert other.state.tables["nodes"].id("id", "nod_gone") is None


@pytest.mark.parametrize("missing", [0, 1, 3])
def test_state_with_a_piece_missing_is_refused_and_replaces_nothing(missing: int) -> None:
    pieces = list(filled().freeze())
    other = machine()
    restoring = other.restore()
    with pytest.raises(CorruptState):  # noqa: PT012 - whichever piece shows it first
        for piece in pieces[:missing] + pieces[missing + 1 :]:
            restoring.add(piece)
        restoring.finish()
    assert other.state.index == 0


def test_state_of_another_cluster_is_refused() -> None:
    restoring = machine("clu_2").restore()
    with pytest.raises(PermanentError, match="that of cluster clu_1; this is cluster clu_2"):
        restoring.add(next(filled(1).freeze()))


async def test_watch_is_told_when_a_snapshot_replaced_what_it_missed() -> None:
    pieces = list(filled(3).freeze())
    late = machine()
    store = Store(late, InMemoryProposer(late))
    watch = store.watch()
    restoring = late.restore()
    for piece in pieces:
        restoring.add(piece)
    restoring.finish()
    with pytest.raises(WatchLost) as lost:
        await watch.take()
    assert lost.value.sequence == store.sequence == 4
    assert [each.name for each in store.nodes] == ["n0", "n1", "n2"]
    await store.write(puts=[node("later")])
    fresh = store.watch(4)
    assert [change.table for change in await fresh.take()] == ["nodes"]


async def test_restored_state_is_what_queries_and_iterations_see() -> None:
    source, follower = machine(), machine()
    store = Store(follower, InMemoryProposer(follower))
    await store.write(puts=[node("old"), node("older")])
    table, named = follower.state.tables["nodes"], where("name") == "old"
    assert len(table.search(named)) == 1
    iterating = iter(store.nodes)
    assert next(iterating).name == "old"
    ahead = Store(source, InMemoryProposer(source))
    for version in range(1, 4):
        await ahead.write(puts=[node("new", version=version)])
    restoring = follower.restore()
    for piece in source.freeze():
        restoring.add(piece)
    restoring.finish()
    assert table.search(named) == []
    assert list(iterating) == []
    assert [each.name for each in store.nodes] == ["new"]


async def test_state_is_reached_by_an_entry_or_by_a_snapshot_that_goes_beyond_it() -> None:
    source, follower = filled(3), machine()
    near, far, given_up = follower.reach(5), follower.reach(6), follower.reach(7)
    given_up.cancel()
    follower.apply(5, put(node("n0")))
    assert near.done()
    assert not far.done()
    restoring = follower.restore()
    for piece in source.freeze():
        restoring.add(piece)
    restoring.finish()
    assert far.done()
    assert follower.reach(source.state.index).done()
