"""A directory that an earlier Warren wrote, byte for byte (``tests/cases/store/format-1``)."""

import json
from pathlib import Path

import pytest

from warren.aio.disk import RealDisk
from warren.model.errors import CorruptState
from warren.store.format1.record import read_journal
from warren.store.format1.takeover import take_over
from warren.testing.disk import SimulatedDisk

DIRECTORY = Path("tests/cases/store/format-1")
CLUSTER_ID: str = json.loads((DIRECTORY / "format").read_bytes())["cluster_id"]
(JOURNAL,) = (each.name for each in DIRECTORY.glob("journal-*"))
(SNAPSHOT,) = (each.name for each in DIRECTORY.glob("snapshot-*"))


def copied() -> SimulatedDisk:
    disk = SimulatedDisk()
    for path in sorted(DIRECTORY.iterdir()):
        file = disk.create(path.name)
        file.write(0, path.read_bytes())
        file.sync()
    disk.sync_directory()
    return disk


def test_snapshot_and_journal_are_read_and_the_epoch_comes_with_them() -> None:
    state, epoch = take_over(RealDisk(DIRECTORY), CLUSTER_ID)
    assert (state.index, state.sequence, epoch) == (9, 10, 7)
    tables = {
        name: [document["name"] for document in rows.values()]
        for name, rows in state.rows().items()
        if rows
    }
    assert tables == {
        "cluster": ["cluster"],
        "nodes": ["alpha", "beta"],
        "services": ["web", "db"],
        "instances": ["web-1", "web-3", "web-4"],
    }
    (cluster,) = state.rows()["cluster"].values()
    assert "epoch" not in cluster


def test_torn_last_record_is_forgiven_for_nobody_was_told_of_it() -> None:
    disk = copied()
    size = len(disk.read(JOURNAL))
    for cut in range(1, 40):
        disk.open(JOURNAL).truncate(size - cut)
        state, _epoch = take_over(disk, CLUSTER_ID)
        assert state.index == 8


def test_any_damage_before_the_last_record_is_refused_and_located() -> None:
    whole = copied().read(JOURNAL)
    last = read_journal(JOURNAL, whole).records[-2].end
    for offset in range(0, last, 3):
        disk = copied()
        disk.damage(JOURNAL, offset)
        with pytest.raises(CorruptState, match=JOURNAL):
            take_over(disk, CLUSTER_ID)


def test_any_damage_to_the_snapshot_is_refused() -> None:
    for offset in range(0, len(copied().read(SNAPSHOT)), 7):
        disk = copied()
        disk.damage(SNAPSHOT, offset)
        with pytest.raises(Exception, match=SNAPSHOT):
            take_over(disk, CLUSTER_ID)


@pytest.mark.parametrize("name", [JOURNAL, SNAPSHOT])
def test_missing_file_is_noticed(name: str) -> None:
    disk = copied()
    disk.remove(name)
    with pytest.raises(CorruptState, match="missing"):
        take_over(disk, CLUSTER_ID)


def test_files_of_another_cluster_are_refused() -> None:
    with pytest.raises(CorruptState):
        take_over(copied(), "clu_other")
