"""What can be set about a replica."""

from dataclasses import dataclass

from warren.raft.core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSettings:
    """Times are in milliseconds.

    Attributes:
        core: of the algorithm; ``max_apply_bytes`` there bounds how long one step of applying takes.
        tick_ms: length of a tick.
        hasty_ms_min: how soon at the earliest a member stands for election whose connection to the
            leader broke.
        hasty_ms_max: how soon at the latest.
        snapshot_entries: a snapshot is taken when so many entries were applied since the last one.
        keep_entries: how many entries before a snapshot stay in memory for slow followers.
        max_waiting: proposals and reads, each, that may wait for the next step.
        max_apply_entries: how many entries are applied by one ``collect``, about.
        caught_up_entries: a learner that lacks more is not made a voter.
    """

    core: Settings
    tick_ms: int = 50
    hasty_ms_min: int = 10
    hasty_ms_max: int = 60
    snapshot_entries: int = 10_000
    keep_entries: int = 5_000
    max_waiting: int = 16_384
    max_apply_entries: int = 1_024
    caught_up_entries: int = 1_000

    def __post_init__(self) -> None:
        """Refuse what could not work.

        Raises:
            ValueError: a value is out of its range.
        """
        for name in ("tick_ms", "snapshot_entries", "max_waiting", "max_apply_entries"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: at least 1")
        if not 0 <= self.hasty_ms_min <= self.hasty_ms_max:
            raise ValueError(
                f"hasty_ms_min is {self.hasty_ms_min}: from 0 to hasty_ms_max, {self.hasty_ms_max}"
            )
        if self.keep_entries < 0 or self.caught_up_entries < 0:
            raise ValueError("keep_entries and caught_up_entries are not negative")
