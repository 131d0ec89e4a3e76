"""What the case files cannot say: containers on their way between two states."""

import json
from typing import Any

import pytest

from warren.providers.engine import listing

ENDED = "2026-01-01T00:00:10Z"
ENDED_SECONDS = 1_767_225_610


def shown(*, policy: str, most: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": "abc", "restarts": 0, "memory": 0, "nano_cpus": 0, "quota": 0, "period": 0,
        "restart": {"Name": policy, "MaximumRetryCount": most}, "networks": {}, "ports": {},
        "instance": "ins_1", "service": "web", "slot": "1", "release": "1", "spec_hash": "h",
        "name": "main", "ports_named": "", "health_check": "",
        "state": {
            "Status": "exited", "ExitCode": 1, "Error": "", "FinishedAt": ENDED,
            "StartedAt": "2026-01-01T00:00:00Z",
        },
        **fields,
    }  # fmt: skip


def state_of(container: dict[str, Any], *, seconds_ago: float | None) -> str:
    text = json.dumps(container) + "\n"
    if seconds_ago is not None:
        text += f"#now {ENDED_SECONDS + seconds_ago}\n"
    (seen,) = listing.read(text.encode(), address="10.0.0.1")
    return seen.containers[0].state


@pytest.mark.parametrize(
    ("policy", "most", "restarts", "seconds_ago", "state"),
    [
        ("always", 0, 9, 0, "restarting"),
        ("always", 0, 9, 2, "restarting"),
        ("always", 0, 9, 4, "exited"),
        ("always", 0, 9, None, "exited"),
        ("no", 0, 0, 0, "exited"),
        ("on-failure", 0, 9, 0, "restarting"),
        ("on-failure", 3, 2, 0, "restarting"),
        ("on-failure", 3, 3, 0, "exited"),
    ],
)
def test_container_that_just_ended_is_restarting_if_the_engine_will(
    policy: str, most: int, restarts: int, seconds_ago: float | None, state: str
) -> None:
    container = shown(policy=policy, most=most, restarts=restarts)
    assert state_of(container, seconds_ago=seconds_ago) == state


def test_success_is_no_failure_to_restart_after() -> None:
    container = shown(policy="on-failure")
    container["state"]["ExitCode"] = 0
    assert state_of(container, seconds_ago=0) == "exited"


def test_container_that_was_never_started_is_not_restarting() -> None:
    container = shown(policy="always")
    container["state"] |= {"Status": "created", "FinishedAt": "0001-01-01T00:00:00Z"}
    assert state_of(container, seconds_ago=0) == "created"


def test_container_without_an_instance_label_is_not_shown() -> None:
    text = json.dumps(shown(policy="no", instance=""))
    assert listing.read(text.encode(), address="10.0.0.1") == ()


@pytest.mark.parametrize(
    ("words", "limits"),
    [
        ("50000 100000 67108864", (0.5, 67108864)),
        ("max 100000 max", (None, None)),
        ("-1 100000 9223372036854771712", (None, None)),
        ("819200000 100000 1152921504606846976", (None, None)),
        ("- - -", (None, None)),
    ],
)
def test_limits_are_the_kernels_where_it_is_asked(
    words: str, limits: tuple[float | None, int | None]
) -> None:
    container = shown(policy="no", quota=1000, period=100000, memory=4096)
    container["state"] |= {"Status": "running", "FinishedAt": "0001-01-01T00:00:00Z"}
    text = f"{json.dumps(container)}\n#cgroup abc /x\n#limits abc {words}\n"
    (seen,) = listing.read(text.encode(), address="10.0.0.1")
    (one,) = seen.containers
    assert (one.cpu_limit, one.memory_limit_bytes) == limits
