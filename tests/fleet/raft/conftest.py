"""Clusters of members, each a process in a network namespace of its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.raft.grounds import Grounds
from tests.fleet.raft.journeys import Journey
from tests.fleet.raft.members import Members

DISK_MIB = 32


@pytest.fixture
def journey(
    request: pytest.FixtureRequest, tmp_path: Path, able_machine: None
) -> Iterator[Journey]:
    """Three members, or as many as the parameter says."""
    size = getattr(request, "param", 3)
    with Grounds(size + 2) as grounds:
        members = Members(
            tmp_path, size, grounds=grounds, snapshot_entries=1_000, segment_bytes=1 << 20
        )
        members.start()
        try:
            yield Journey(members, grounds)
        finally:
            members.stop()
            print(members.diagnosis())  # noqa: T201 - pytest shows it if the test failed


@pytest.fixture
def cramped(tmp_path: Path, able_machine: None) -> Iterator[Journey]:
    """Three members on small disks of their own."""
    with Grounds(3) as grounds:
        members = Members(
            tmp_path,
            grounds=grounds,
            snapshot_entries=100_000,
            segment_bytes=1 << 20,
            reserve_bytes=4 << 20,
        )
        disks = [members.disk(member) for member in members.addresses]
        mounted: list[Path] = []
        try:
            for disk in disks:
                disk.mkdir()
                options = f"size={DISK_MIB}m"
                subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
                mounted.append(disk)
            members.start()
            yield Journey(members, grounds)
        finally:
            members.stop()
            print(members.diagnosis())  # noqa: T201
            for disk in mounted:
                subprocess.run(["umount", disk], check=True)
