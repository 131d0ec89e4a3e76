"""A state directory on simulated disks, and the store in it."""

import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from warren.aio.clock import SystemClock
from warren.aio.offload import Inline
from warren.daemon.opening import SETTINGS, Opened, open_on_disk
from warren.raft.node.writing import Threads
from warren.raft.replica.settings import ReplicaSettings
from warren.testing.disk import SimulatedDisk

SEGMENT_BYTES = 32 << 10
"""Small, for simulated disks are copied often."""


@dataclass
class Directory:
    """The state directory and the one of the log in it, which lose power together."""

    disk: SimulatedDisk = field(default_factory=SimulatedDisk)
    consensus: SimulatedDisk = field(default_factory=SimulatedDisk)

    def crash(self, survives: Callable[[int], bool]) -> "Directory":
        return Directory(self.disk.crash(survives), self.consensus.crash(survives))

    def crashes(self) -> Iterator["Directory"]:
        """Every pair that a crash could leave; one of the two is seldom being written."""
        ours = list(self.disk.crashes())
        for consensus in self.consensus.crashes():
            for disk in ours:
                yield Directory(disk.crash(_all), consensus.crash(_all))

    def watch(self, observe: Callable[[str, str], int | None]) -> None:
        self.disk.fail = self.consensus.fail = observe

    def log(self) -> str:
        """The name of the only file of the log that holds records."""
        return next(name for name in self.consensus.names() if name.startswith("log-"))


def _all(_number: int) -> bool:
    return True


@asynccontextmanager
async def opened(
    directory: Directory, settings: ReplicaSettings = SETTINGS
) -> AsyncIterator[Opened]:
    numbers = count(1)
    opening = open_on_disk(
        directory.disk,
        directory.consensus,
        lambda: f"clu_{next(numbers)}",
        clock=SystemClock(),
        threads=Threads(log=Inline(), files=Inline(), snapshots=Inline()),
        called="the disk",
        draw=random.Random(1).randrange,
        segment_bytes=SEGMENT_BYTES,
        settings=settings,
    )
    async with opening as found:
        yield found
