"""The replicated state: what its snapshots hold, and what it does not take for one."""

import msgspec
import pytest

from tests.unit.raft.replica.world import Registers
from warren.raft.core.entry import ChangeKind, Configuration, ConfigurationChange, MemberChange
from warren.raft.errors import Broken, Damaged, SessionExpired
from warren.raft.replica.replicated import (
    FORMAT,
    Compare,
    Head,
    Mark,
    Replicated,
    encode_check,
    initial_pieces,
    stamp,
)
from warren.raft.session import Command, OpenSession, Plain, encode_proposal


def entry(proposal: OpenSession | Plain | Command, time_ms: int = 0) -> bytes:
    return stamp(time_ms) + encode_proposal(proposal)


def used() -> Replicated:
    """A state with members, sessions, a mark and values."""
    replicated = Replicated(Registers())
    change = ConfigurationChange((MemberChange(ChangeKind.ADD_LEARNER, 3, "c:1"),))
    replicated.apply_change(change, Configuration(voters=(1,), learners=(3,)))
    for index in range(2, 600):
        replicated.apply(index, entry(OpenSession(), index))
    replicated.apply(600, entry(Command(2, 1, 1, b"k=1"), 600))
    replicated.apply(601, stamp(601) + encode_check(Mark()))
    return replicated


def restored(pieces: list[bytes]) -> Replicated:
    replicated = Replicated(Registers())
    restoring = replicated.restore()
    for piece in pieces:
        restoring.add(piece)
    restoring.finish()
    return replicated


def test_snapshot_holds_all_that_decides_what_later_entries_do() -> None:
    before = used()
    again = restored(list(before.freeze()))
    assert again.fingerprint() == before.fingerprint()
    assert (again.members, again.next_member, again.time_ms) == ({3: "c:1"}, 4, 601)
    assert again.sessions.freeze() == before.sessions.freeze()
    assert again.marked == (before.marked[0], b"")
    for each in (before, again):
        assert each.apply(602, entry(Command(2, 1, 1, b"k=2"), 602)) == b""
        assert isinstance(each.apply(603, entry(Command(1, 1, 1, b"k=2"))), SessionExpired)
        assert each.apply(604, entry(Command(2, 2, 2, b"k=3"), 604)) == b"1"
    assert again.fingerprint() == before.fingerprint()


def test_snapshot_is_of_the_moment_at_which_it_was_asked_for() -> None:
    replicated = used()
    before = replicated.fingerprint()
    pieces = replicated.freeze()
    replicated.apply(700, entry(OpenSession(), 700))
    replicated.apply(701, entry(Plain(b"k=later"), 701))
    assert restored(list(pieces)).fingerprint() == before


def test_restoring_changes_nothing_until_it_is_finished() -> None:
    replicated = used()
    before = replicated.fingerprint()
    restoring = replicated.restore()
    for piece in initial_pieces({1: "a:1"}, iter(())):
        restoring.add(piece)
    assert replicated.fingerprint() == before
    restoring.finish()
    assert replicated.members == {1: "a:1"}
    assert replicated.next_member == 2


def test_fingerprint_tells_results_apart_that_led_to_the_same_state() -> None:
    one, two = Replicated(Registers()), Replicated(Registers())
    one.apply(1, entry(Plain(b"k=1")))
    one.apply(2, entry(Plain(b"k=2")))
    two.apply(1, entry(Plain(b"k=2")))
    two.apply(2, entry(Plain(b"k=2")))
    assert one.machine.fingerprint() == two.machine.fingerprint()
    assert one.fingerprint() != two.fingerprint()


def test_only_a_mark_of_ones_own_is_compared() -> None:
    replicated = used()
    index, own = replicated.marked
    for other in (Compare(index, own), Compare(index - 1, b"x")):
        replicated.apply(602, stamp(0) + encode_check(other))
    assert not replicated.divergences
    replicated.apply(603, stamp(0) + encode_check(Compare(index, b"x")))
    (divergence,) = replicated.divergences
    assert (divergence.index, divergence.own, divergence.leaders) == (index, own, b"x")


@pytest.mark.parametrize("data", [b"", stamp(0), stamp(0) + b"\x91\x63", stamp(0) + b"garbage"])
def test_entry_of_a_newer_program_ends_this_one(data: bytes) -> None:
    with pytest.raises(Broken, match="newer program"):
        Replicated(Registers()).apply(1, data)


def test_snapshot_of_a_newer_program_is_refused() -> None:
    head = Head(FORMAT + 1, 0, 0, 0, 1, {}, 0)
    with pytest.raises(Broken, match="a newer one wrote it"):
        Replicated(Registers()).restore().add(msgspec.msgpack.encode(head))


def test_snapshot_that_cannot_be_understood_is_damaged() -> None:
    with pytest.raises(Damaged, match="cannot be understood"):
        Replicated(Registers()).restore().add(b"\xc1")


def test_snapshot_that_ends_early_is_damaged() -> None:
    pieces = list(used().freeze())
    restoring = Replicated(Registers()).restore()
    with pytest.raises(Damaged, match="ends before"):
        restoring.finish()
    restoring.add(pieces[0])
    restoring.add(pieces[1])
    with pytest.raises(Damaged, match="ends before"):
        restoring.finish()
