"""What a seed stands for: how many members, what they are set to, and what will go wrong.

Each seed takes part of the faults only, and has its own idea of how bad each is: if everything went
wrong at once all the time, nothing would ever be committed, and little could be lost.
"""

from dataclasses import dataclass
from random import Random

from tests.simulation.raft.clients import Habits
from tests.simulation.raft.cluster import Sizes
from tests.simulation.raft.dialects import Dialect
from warren.raft.core.settings import Settings
from warren.raft.replica.settings import ReplicaSettings
from warren.testing.network import Weather

TICK_MS = 50

FAULTS = (
    "power",
    "kill",
    "stop",
    "clock_jump",
    "partition",
    "one_way",
    "isolate_leader",
    "storm",
    "transfer",
    "membership",
    "slow_disk",
    "full_disk",
    "failing_disk",
    "damage",
    "blackout",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is decided before the run.

    Attributes:
        members: how many voters there are at first.
        sizes: what all are set to.
        weather: of the network while nothing special happens.
        clock_rates: by member number modulo its length.
        faults: those that happen.
        fault_every_us: on average.
        fault_lasts_us: at most.
        disk_us: what a write takes at most.
        turn_us: how long inputs are gathered at most before anything follows from them.
        clients: what they do.
        lasts_us: how long things go wrong.
    """

    members: int
    sizes: Sizes
    weather: Weather
    clock_rates: tuple[float, ...]
    faults: tuple[str, ...]
    fault_every_us: int
    fault_lasts_us: int
    disk_us: int
    turn_us: int
    clients: tuple[Habits, ...]
    lasts_us: int


def draw_plan(chance: Random, *, is_plain: bool, dialect: Dialect) -> Plan:
    """The plan of a seed."""
    lease_reads = chance.random() < 0.25
    skew = 0.0 if lease_reads else chance.choice((0.0, 0.05, 0.3))
    return Plan(
        members=chance.choice((3, 3, 3, 5, 5, 5, 1, 2, 4)),
        sizes=_draw_sizes(chance, is_plain=is_plain, dialect=dialect, lease_reads=lease_reads),
        weather=Weather(
            loss=chance.choice((0.0, 0.0, 0.01, 0.1)),
            duplication=chance.choice((0.0, 0.02, 0.2)),
            delay_us_max=chance.choice((300, 2_000, 20_000)),
            held_up=chance.choice((0.0, 0.0, 0.02, 0.1)),
            held_up_us_max=chance.choice((200_000, 1_500_000)),
            is_ordered=chance.random() < 0.3,
        ),
        clock_rates=tuple(1.0 + chance.uniform(-skew, skew) for _ in range(7)),
        faults=_draw_faults(chance),
        fault_every_us=chance.choice((100_000, 250_000, 600_000)),
        fault_lasts_us=chance.choice((300_000, 1_000_000, 2_000_000)),
        disk_us=chance.choice((300, 300, 5_000, 30_000)),
        turn_us=chance.choice((0, 0, 1_000, 5_000)),
        clients=_draw_clients(chance, is_plain=is_plain, dialect=dialect),
        lasts_us=chance.choice((1_000_000, 2_500_000, 4_000_000)),
    )


def _draw_faults(chance: Random) -> tuple[str, ...]:
    faults = {fault for fault in FAULTS if chance.random() < 0.45}
    # With both, a majority of those that remain might lose their disks.
    faults.discard(chance.choice(("damage", "damage", "membership")))
    return tuple(fault for fault in FAULTS if fault in faults)


def _draw_clients(chance: Random, *, is_plain: bool, dialect: Dialect) -> tuple[Habits, ...]:
    keys, think_us = chance.randint(1, 3), chance.choice((2_000, 20_000, 60_000))
    return tuple(
        Habits(
            dialect=dialect,
            wraps=not is_plain,
            has_session=not is_plain and chance.random() < 0.7,
            lanes=chance.choice((1, 1, 3)),
            think_us=think_us,
            keys=keys,
        )
        for _ in range(chance.randint(2, 4))
    )


def _draw_sizes(chance: Random, *, is_plain: bool, dialect: Dialect, lease_reads: bool) -> Sizes:
    snapshot_entries = chance.choice((5, 20, 100))
    core = Settings(
        member=1,
        election_ticks=6,
        max_message_bytes=chance.choice((1, 200, 1 << 20)),
        max_inflight_messages=chance.choice((1, 4, 256)),
        max_inflight_bytes=chance.choice((300, 4 << 20)),
        max_uncommitted_bytes=chance.choice((2_000, 64 << 20)),
        max_apply_bytes=chance.choice((1, 200, 4 << 20)),
        max_read_rounds=chance.choice((1, 2, 8)),
        lease_reads=lease_reads,
        eager_commit=chance.random() < 0.5,
    )
    replica = ReplicaSettings(
        core=core,
        tick_ms=TICK_MS,
        snapshot_entries=snapshot_entries,
        keep_entries=chance.choice((0, snapshot_entries // 2, 2 * snapshot_entries)),
        max_waiting=chance.choice((3, 1_000)),
        max_apply_entries=chance.choice((1, 10, 1_024)),
        caught_up_entries=chance.choice((5, 1_000)),
    )
    return Sizes(
        dialect=dialect,
        is_plain=is_plain,
        replica=replica,
        segment_bytes=chance.choice((2 << 10, 8 << 10)),
    )
