"""What a seed stands for: how many members, what they are set to, and what will go wrong.

Each seed takes part of the faults only, and has its own idea of how bad each is: if everything went
wrong at once all the time, nothing would ever be committed, and little could be lost.
"""

from dataclasses import dataclass
from random import Random

from tests.simulation.raft.cluster import Sizes
from warren.raft.core.settings import Settings
from warren.testing.network import Weather

TICK_US = 50_000

FAULTS = (
    "power",
    "kill",
    "stop",
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
        tick_us: by member number modulo its length: clocks differ.
        faults: those that happen.
        fault_every_us: on average.
        fault_lasts_us: at most.
        disk_us: what a write takes at most.
        clients: how many there are.
        keys: how many registers they use.
        think_us: between an answer and the next request, on average.
        lasts_us: how long things go wrong.
    """

    members: int
    sizes: Sizes
    weather: Weather
    tick_us: tuple[int, ...]
    faults: tuple[str, ...]
    fault_every_us: int
    fault_lasts_us: int
    disk_us: int
    clients: int
    keys: int
    think_us: int
    lasts_us: int


def draw_plan(chance: Random) -> Plan:
    """The plan of a seed."""
    lease_reads = chance.random() < 0.15
    skew = 0 if lease_reads else chance.choice((0, 2_000, 15_000))
    return Plan(
        members=chance.choice((3, 3, 3, 5, 5, 5, 1, 2, 4)),
        sizes=_draw_sizes(chance, lease_reads=lease_reads),
        weather=Weather(
            loss=chance.choice((0.0, 0.0, 0.01, 0.1)),
            duplication=chance.choice((0.0, 0.02, 0.2)),
            delay_us_max=chance.choice((300, 2_000, 20_000)),
            held_up=chance.choice((0.0, 0.0, 0.02, 0.1)),
            held_up_us_max=chance.choice((200_000, 1_500_000)),
            is_ordered=chance.random() < 0.3,
        ),
        tick_us=tuple(TICK_US + chance.randint(-skew, skew) for _ in range(7)),
        faults=tuple(fault for fault in FAULTS if chance.random() < 0.45),
        fault_every_us=chance.choice((100_000, 250_000, 600_000)),
        fault_lasts_us=chance.choice((300_000, 1_000_000, 2_000_000)),
        disk_us=chance.choice((300, 300, 5_000, 30_000)),
        clients=chance.randint(2, 5),
        keys=chance.randint(1, 3),
        think_us=chance.choice((2_000, 20_000, 60_000)),
        lasts_us=chance.choice((2_000_000, 4_000_000, 6_000_000)),
    )


def _draw_sizes(chance: Random, *, lease_reads: bool) -> Sizes:
    snapshot_every = chance.choice((5, 20, 100))
    return Sizes(
        raft=Settings(
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
        ),
        segment_bytes=chance.choice((2 << 10, 8 << 10)),
        snapshot_every=snapshot_every,
        keep_entries=chance.choice((0, snapshot_every // 2, 2 * snapshot_every)),
    )
