"""A cluster that has just been founded, and its record in memory."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warren.daemon.consensus import Machine
from warren.daemon.manager.credentials import Credentials
from warren.daemon.manager.founding import Founded, found
from warren.daemon.manager.seat import Addresses, Quarters, Seat
from warren.daemon.opening import make_directory
from warren.raft.inspection import replay
from warren.store.machine import StoreMachine
from warren.store.proposer import InMemoryProposer
from warren.store.state import State
from warren.store.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody waits {seconds} s here")


@dataclass(frozen=True)
class Cluster:
    """What lies on the disk, and the record that was read from there."""

    quarters: Quarters
    founded: Founded
    store: Store

    @property
    def seat(self) -> Seat:
        return self.quarters.read()

    def credentials(self) -> Credentials:
        return Credentials(self.quarters, self.seat, is_removed=lambda _member: False)


async def founded(directory: Path, *, tokens: int = 1) -> Cluster:
    make_directory(directory)
    quarters = Quarters(directory)
    made = await found(
        quarters,
        "m1",
        Addresses(host="10.0.0.1"),
        tokens=tokens,
        clock=Stopped(),
        random_bytes=secrets.token_bytes,
    )
    machine = StoreMachine(State(), made.seat.cluster_id)
    replay(quarters.place(made.seat), Machine(machine))
    return Cluster(quarters, made, Store(machine, InMemoryProposer(machine)))
