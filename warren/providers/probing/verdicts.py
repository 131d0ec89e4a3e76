"""What a series of probes means.

A container is healthy with its first success, and unhealthy after as many failures in a row as the
check allows. Failures during the start period do not count unless it was healthy before. While a
container has no verdict it is asked often, so that it is ready when it is; but failures count only
once an interval, or a slow start would look like an illness.
"""

from dataclasses import dataclass, replace

from warren.model.container import ExecCheck, GrpcCheck, HttpCheck, TcpCheck

Check = HttpCheck | TcpCheck | ExecCheck | GrpcCheck

EAGER_SECONDS = 0.5
"""Between probes of a container that has no verdict yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One answer: whether it was good, and what it was."""

    good: bool
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the probes of one start of a container went so far; times are of a monotonic clock.

    Attributes:
        began_at: when the container was first seen running.
        healthy: the verdict; ``None`` before the first.
        failures: counted ones in a row.
        asked_at: when it was probed last.
        counted_at: when a failure was counted last.
        message: what the last probe said.
    """

    began_at: float
    healthy: bool | None = None
    failures: int = 0
    asked_at: float | None = None
    counted_at: float | None = None
    message: str = ""


def due_at(course: Course, check: Check) -> float:
    """When the next probe is due."""
    if course.asked_at is None:
        return course.began_at
    pause = check.interval_seconds
    return course.asked_at + (min(EAGER_SECONDS, pause) if course.healthy is None else pause)


def judge(course: Course, check: Check, probe: Probe, *, now: float) -> Course:
    """The course after one more probe."""
    if probe.good:
        return replace(
            course, healthy=True, failures=0, asked_at=now, counted_at=None, message=probe.message
        )
    after = replace(course, asked_at=now, message=probe.message)
    if course.healthy is None:
        if now - course.began_at < check.start_period_seconds:
            return after
        since = course.counted_at
        if since is not None and now - since < check.interval_seconds:
            return after
    failures = course.failures + 1
    healthy = False if failures >= check.retries else course.healthy
    return replace(after, failures=failures, counted_at=now, healthy=healthy)
