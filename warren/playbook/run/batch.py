"""A batch of a play's hosts, and what the play says about how to fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from warren.playbook.run.plan import Step
from warren.playbook.run.results import Result
from warren.playbook.run.roll import Roll
from warren.playbook.variables.levels import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a host left a section."""

    step: Step
    result: Result


Failures = dict[str, Failure]


@dataclass(slots=True, kw_only=True)
class Batch:
    """A batch of a play's hosts and what the play says about how to fail.

    Attributes:
        hosts: the names, in order.
        layers_of: the play's variables for a host.
        directory: where the play's playbook is.
        percentage_max: above this share of failed hosts, all fail; ``None`` for no limit.
        over: no more steps for anybody in this batch.
        play_over: set by ``end_play``: no more batches either.
        broken: an error was fatal for all hosts; the playbook ends after this play.
        gave_up: too large a share of the hosts failed.
        lost: hosts whose failure no rescue takes back.
        used_roles: uses of roles and hosts that went through them.
        left_roles: roles and hosts that left them by ``end_role``.
    """

    hosts: list[str]
    layers_of: Callable[[str], tuple[Layer, ...]]
    directory: Path
    percentage_max: float | None = None
    over: bool = False
    play_over: bool = False
    broken: bool = False
    gave_up: bool = False
    lost: set[str] = field(default_factory=set)
    used_roles: set[tuple[str, str]] = field(default_factory=set)
    left_roles: set[tuple[int, str]] = field(default_factory=set)


def too_many(batch: Batch, roll: Roll, failures: Failures) -> bool:
    """Whether more hosts of the batch are lost than the play allows."""
    limit = batch.percentage_max
    if limit is None or not failures:
        return False
    gone = batch.lost | (roll.unreachable & set(batch.hosts)) | set(failures)
    return 100.0 * len(gone) / len(batch.hosts) > limit
