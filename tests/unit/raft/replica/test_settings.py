"""What a replica cannot be set to."""

import pytest

from warren.raft.core.progress import Progress, ProgressState
from warren.raft.core.settings import Settings
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.replica.snapshots import Snapshots


@pytest.mark.parametrize(
    "wrong",
    [
        {"tick_ms": 0},
        {"snapshot_entries": 0},
        {"max_waiting": 0},
        {"max_apply_entries": -1},
        {"hasty_ms_min": 70},
        {"hasty_ms_min": -1},
        {"keep_entries": -1},
        {"caught_up_entries": -1},
    ],
)
def test_setting_out_of_its_range_is_named(wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        ReplicaSettings(core=Settings(member=1), **wrong)


def test_log_is_kept_for_a_member_that_receives_a_snapshot_but_not_for_ever() -> None:
    settings = ReplicaSettings(core=Settings(member=1), snapshot_entries=100, keep_entries=50)
    snapshots = Snapshots(settings, 1)
    receiving = Progress(state=ProgressState.SNAPSHOT, pending_snapshot=400)
    other = Progress(state=ProgressState.REPLICATE, match=10)
    assert snapshots.compact_to(1000, [other]) == 950
    assert snapshots.compact_to(1000, [other, receiving]) == 400
    assert snapshots.compact_to(1400, [receiving]) == 1350
