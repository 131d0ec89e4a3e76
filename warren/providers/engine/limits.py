"""CPU and memory: how a container gets them, how they change while it runs, how they are read back.

An update cannot lift a limit on any engine: "no limit" is either refused or silently ignored. So a
limit is lifted by one so high that it is none, and such a limit is read back as none.
"""

from collections.abc import Sequence

from warren.fleet.command import Command
from warren.model.container import Resources
from warren.providers.engine.dialect import Dialect

PERIOD_MICROSECONDS = 100_000
CORES_UNLIMITED = 8192
MEMORY_BYTES_UNLIMITED = 1 << 60
QUOTA_MICROSECONDS_MIN = 1000
"""The kernel's least: one hundredth of a core."""
SHARES_PER_CORE = 1024
SHARES_MIN = 2
SHARES_DEFAULT = 1024
RESIZE_TIMEOUT_SECONDS = 60.0


def at_creation(resources: Resources) -> tuple[str, ...]:
    """Options of ``run``: only what is limited or reserved.

    The limit covers memory and swap together, so that what exceeds it is killed and not swapped.
    """
    words: list[str] = []
    if resources.cpu_limit is not None:
        words += _quota(resources.cpu_limit)
    if resources.cpu_reservation:
        words += ["--cpu-shares", str(_shares(resources.cpu_reservation))]
    if resources.memory_limit_bytes is not None:
        words += _memory(resources.memory_limit_bytes)
    if resources.memory_reservation_bytes:
        words += ["--memory-reservation", str(resources.memory_reservation_bytes)]
    return tuple(words)


def update(dialect: Dialect, engine_id: str, resources: Resources) -> Command:
    """The command that gives a running container exactly these limits and reservations."""
    limit = resources.memory_limit_bytes
    memory = limit if limit is not None else MEMORY_BYTES_UNLIMITED
    cpus = resources.cpu_limit if resources.cpu_limit is not None else float(CORES_UNLIMITED)
    reserved = resources.cpu_reservation
    shares = _shares(reserved) if reserved else SHARES_DEFAULT
    argv = (
        dialect.name, "update",
        *_quota(cpus),
        *("--cpu-shares", str(shares)),
        *_memory(memory),
        *("--memory-reservation", str(resources.memory_reservation_bytes or memory)),
        engine_id,
    )  # fmt: skip
    return Command(argv=argv, timeout_seconds=RESIZE_TIMEOUT_SECONDS)


def cores(quota: int, period: int) -> float | None:
    """The limit in cores that a quota means; ``None`` if it is none."""
    if quota <= 0 or period <= 0:
        return None
    found = quota / period
    return None if found >= CORES_UNLIMITED else found


def memory_bytes(value: int) -> int | None:
    """The memory limit that an engine or the kernel shows; ``None`` if it is none."""
    return None if value <= 0 or value >= MEMORY_BYTES_UNLIMITED else value


def read_cgroup(words: Sequence[str]) -> tuple[float | None, int | None]:
    """Read quota, period and memory as the kernel writes them (``max`` and ``-`` are no limit)."""
    quota, period, memory = (int(word) if word.lstrip("-").isdigit() else -1 for word in words)
    return cores(quota, period), memory_bytes(memory)


def _quota(cpus: float) -> list[str]:
    quota = max(QUOTA_MICROSECONDS_MIN, round(cpus * PERIOD_MICROSECONDS))
    return ["--cpu-period", str(PERIOD_MICROSECONDS), "--cpu-quota", str(quota)]


def _memory(size_bytes: int) -> list[str]:
    return ["--memory", str(size_bytes), "--memory-swap", str(size_bytes)]


def _shares(cpus: float) -> int:
    return max(SHARES_MIN, round(cpus * SHARES_PER_CORE))
