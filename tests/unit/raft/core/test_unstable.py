"""What is durable, and what is on its way to the disk."""

from warren.raft.core.entry import SnapshotMeta
from warren.raft.core.unstable import Unstable


def marks(unstable: Unstable) -> tuple[int, int]:
    return unstable.offset, unstable.offset_in_progress


def test_entries_are_handed_out_before_they_are_durable() -> None:
    unstable = Unstable(5)
    unstable.accept_in_progress(8)
    assert marks(unstable) == (5, 9)
    unstable.stable_to(6)
    assert marks(unstable) == (7, 9)


def test_stale_news_moves_nothing_back() -> None:
    unstable = Unstable(5)
    unstable.accept_in_progress(8)
    unstable.stable_to(8)
    unstable.stable_to(3)
    unstable.accept_in_progress(6)
    assert marks(unstable) == (9, 9)


def test_durable_entries_count_as_handed_out_even_if_others_did_it() -> None:
    unstable = Unstable(5)
    unstable.stable_to(7)
    assert marks(unstable) == (8, 8)


def test_replaced_entries_are_neither_durable_nor_handed_out() -> None:
    unstable = Unstable(9)
    unstable.accept_in_progress(12)
    unstable.replaced_from(11)
    assert marks(unstable) == (9, 11)
    unstable.replaced_from(6)
    assert marks(unstable) == (6, 6)


def test_snapshot_is_handed_out_once() -> None:
    unstable = Unstable(5)
    snapshot = SnapshotMeta(20, 3)
    assert unstable.next_snapshot is None
    unstable.restore(snapshot)
    assert marks(unstable) == (21, 21)
    assert unstable.next_snapshot is snapshot
    unstable.accept_in_progress(20)
    assert unstable.next_snapshot is None
    assert unstable.snapshot is snapshot
    unstable.stable_snapshot_to(20)
    assert unstable.snapshot is None


def test_snapshot_that_is_overtaken_stays_pending() -> None:
    unstable = Unstable(5)
    unstable.restore(SnapshotMeta(20, 3))
    unstable.accept_in_progress(20)
    newer = SnapshotMeta(30, 3)
    unstable.restore(newer)
    unstable.stable_snapshot_to(20)
    assert unstable.next_snapshot is newer
    unstable.accept_in_progress(30)
    unstable.stable_snapshot_to(30)
    unstable.stable_snapshot_to(30)
    assert unstable.snapshot is None
