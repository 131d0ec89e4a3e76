"""The contract of a disk, on the real and on the simulated one; and what only the latter can show."""

import errno
from pathlib import Path

import pytest

from warren.aio.disk import Disk, RealDisk, publish, write_temporary
from warren.testing.disk import SECTOR_BYTES, SimulatedDisk


@pytest.fixture(params=["real", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return RealDisk(tmp_path) if request.param == "real" else SimulatedDisk()


def test_file_holds_what_was_written_where_it_was_written(disk: Disk) -> None:
    file = disk.create("a")
    file.write(0, b"hello")
    file.write(1200, b"world" * 300)
    file.write(2, b"LL")
    file.sync()
    file.close()
    assert disk.read("a") == b"heLLo" + bytes(1195) + b"world" * 300
    file = disk.open("a")
    file.truncate(3)
    file.write(3, b"p")
    file.close()
    assert disk.read("a") == b"heLp"


def test_file_is_read_in_parts_and_filled_with_zeros(disk: Disk) -> None:
    file = disk.create("a")
    file.write(0, b"abcdef")
    assert (file.read(2, 3), file.read(4, 10), file.read(9, 1)) == (b"cde", b"ef", b"")
    file.zero(4, (1 << 20) + 7)
    assert file.size() == (1 << 20) + 11
    file.sync()
    file.close()
    assert disk.read("a") == b"abcd" + bytes((1 << 20) + 7)


def test_names_follow_create_rename_and_remove(disk: Disk) -> None:
    for name in ("b", "a"):
        disk.create(name).close()
    file = disk.open("a")
    file.write(0, b"1")
    file.close()
    disk.rename("a", "b")
    assert (disk.names(), disk.read("b")) == (("b",), b"1")
    disk.remove("b")
    disk.remove("b")
    disk.sync_directory()
    assert disk.names() == ()


def test_creating_empties_and_opening_or_reading_a_missing_file_fails(disk: Disk) -> None:
    file = disk.create("a")
    file.write(0, b"old")
    file.close()
    disk.create("a").close()
    assert disk.read("a") == b""
    for missing in (disk.open, disk.read):
        with pytest.raises(FileNotFoundError):
            missing("none")


def test_published_file_is_whole(disk: Disk) -> None:
    write_temporary(disk, "a", b"x" * 2000)
    assert disk.names() == ("a.new",)
    publish(disk, "a")
    assert (disk.names(), disk.read("a")) == (("a",), b"x" * 2000)


def test_crash_keeps_what_was_synced_and_any_subset_of_the_rest() -> None:
    disk = SimulatedDisk()
    file = disk.create("a")
    file.write(0, b"s")
    file.sync()
    disk.sync_directory()
    file.write(1, b"x" * (SECTOR_BYTES - 1))
    file.write(SECTOR_BYTES, b"y")
    found = {after.read("a") for after in disk.crashes()}
    x, y = b"x" * (SECTOR_BYTES - 1), b"y"
    assert found == {b"s", b"s" + x, b"s" + bytes(SECTOR_BYTES - 1) + y, b"s" + x + y}


def test_crash_may_lose_names_that_were_not_synced() -> None:
    disk = SimulatedDisk()
    disk.create("a").close()
    disk.rename("a", "b")
    assert {after.names() for after in disk.crashes()} == {(), ("a",), ("b",)}


def test_full_disk_takes_what_fits_and_says_so() -> None:
    disk = SimulatedDisk()
    disk.capacity_bytes = 10
    file = disk.create("a")
    with pytest.raises(OSError, match="No space") as full:
        file.write(0, b"x" * 11)
    assert full.value.errno == errno.ENOSPC
    assert disk.read("a") == b"x" * 10
    with pytest.raises(OSError, match="No space"):
        file.zero(8, 3)
    assert disk.read("a") == b"x" * 8 + bytes(2)
    file.write(3, b"inside")


def test_failed_sync_loses_what_programs_still_see() -> None:
    disk = SimulatedDisk()
    file = disk.create("a")
    file.write(0, b"lost")
    disk.sync_directory()
    disk.fail = lambda operation, _name: errno.EIO if operation == "sync" else None
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    disk.fail = lambda _operation, _name: None
    file.sync()
    assert disk.read("a") == b"lost"
    assert disk.crash(lambda _: True).read("a") == b""
