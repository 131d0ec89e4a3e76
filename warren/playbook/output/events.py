"""The events of a run, in the order in which they happen.

Results in events are already censored (``no_log``), so no renderer can show what must stay unseen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from warren.model.errors import Place


class Status(Enum):
    """How a task, or one item of its loop, ended on one host."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookStarted:
    """A playbook begins."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStarted:
    """A play, or a batch of one, begins."""

    name: str
    hosts: tuple[str, ...]
    check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayWithoutHosts:
    """A play's pattern matches no host."""

    pattern: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted:
    """A task or handler begins for a batch.

    Attributes:
        kind: ``task``, ``handler`` or ``facts``.
        name: with its role's name before it.
    """

    kind: str
    name: str
    action: str
    place: Place
    hosts: tuple[str, ...]
    check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEnded:
    """One item of a loop ended on a host."""

    host: str
    status: Status
    label: str
    result: Mapping[str, Any]
    action: str
    delegate: str = ""
    ignored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded:
    """A task ended on a host.

    Attributes:
        ignored: it failed, and that is ignored.
        rescued: it failed inside a block that has a rescue.
        looped: its items were reported before.
        seconds: how long it took on this host.
        place: where the task was written.
    """

    host: str
    status: Status
    result: Mapping[str, Any]
    action: str
    task: str
    place: Place
    delegate: str = ""
    ignored: bool = False
    rescued: bool = False
    looped: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """A task that waits for ``until`` tries again."""

    host: str
    task: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """Hosts go on with a file or role that a task includes."""

    what: str
    hosts: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A line about what a task is waiting for."""

    host: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHostsLeft:
    """No host of the batch takes part any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something works but should be different."""

    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often what happened on one host, as the recap shows it."""

    ok: int = 0
    changed: int = 0
    unreachable: int = 0
    failed: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """The run is over."""

    hosts: Mapping[str, Counts]
    seconds: float = 0.0
    timings: tuple[tuple[str, float], ...] = field(default=())


Event = (
    PlaybookStarted
    | PlayStarted
    | PlayWithoutHosts
    | TaskStarted
    | ItemEnded
    | TaskEnded
    | Retrying
    | Included
    | Progress
    | NoHostsLeft
    | Warned
    | Recap
)

Emit = Callable[[Event], None]
