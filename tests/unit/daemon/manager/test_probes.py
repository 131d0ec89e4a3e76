"""What probes are told, and the figures as Prometheus reads them."""

import json
import re
from http import HTTPStatus

import pytest

from warren.daemon.manager.metrics import CONTENT_TYPE, Metric, write
from warren.daemon.manager.probes import Check, page

GOOD = (Check(name="leader", is_ok=True), Check(name="disk", is_ok=True))
BAD = (Check(name="leader", is_ok=False, message="too few managers"), GOOD[1])
FIGURES = [
    Metric(name="warren_raft_term", kind="gauge", text="The term.", value=7.0),
    Metric(name="warren_raft_write_seconds_total", kind="counter", text="Time.", value=0.125),
    Metric(name="warren_nodes", kind="gauge", text="Nodes.", by_state={"ready": 2, "down": 0}),
]


@pytest.mark.parametrize(
    ("path", "checks", "status", "said"),
    [
        ("/live", BAD, 200, {"live": True}),
        ("/ready", GOOD, 200, {"ready": True}),
        ("/ready?x=1", BAD, 503, {"ready": False}),
        ("/health", GOOD, 200, {"status": "healthy"}),
        ("/health", BAD, 200, {"status": "unhealthy"}),
        ("/", GOOD, 404, {}),
        ("/metrics/", GOOD, 404, {}),
        ("/../etc/passwd", GOOD, 404, {}),
    ],
)
def test_probe_is_told_how_the_manager_is_and_nothing_else(
    path: str, checks: tuple[Check, ...], status: int, said: dict[str, object]
) -> None:
    answer = page(path, lambda: checks, lambda: FIGURES)
    assert answer.status == status
    assert said.items() <= json.loads(answer.body).items()


def test_probe_that_fails_names_the_check_and_why() -> None:
    answer = page("/ready", lambda: BAD, lambda: FIGURES)
    assert json.loads(answer.body)["checks"] == {
        "leader": {"ok": False, "message": "too few managers"},
        "disk": {"ok": True, "message": ""},
    }


def test_figures_are_written_as_prometheus_reads_them() -> None:
    answer = page("/metrics", lambda: GOOD, lambda: FIGURES)
    assert (answer.status, answer.kind) == (HTTPStatus.OK, CONTENT_TYPE)
    assert answer.body.decode() == write(FIGURES)
    assert write(FIGURES).splitlines() == [
        "# HELP warren_raft_term The term.",
        "# TYPE warren_raft_term gauge",
        "warren_raft_term 7",
        "# HELP warren_raft_write_seconds_total Time.",
        "# TYPE warren_raft_write_seconds_total counter",
        "warren_raft_write_seconds_total 0.125",
        "# HELP warren_nodes Nodes.",
        "# TYPE warren_nodes gauge",
        'warren_nodes{state="ready"} 2',
        'warren_nodes{state="down"} 0',
    ]
    assert re.fullmatch(r"(#.*\n|[a-z_]+(\{state=\"[a-z]+\"\})? [0-9.e-]+\n)+", write(FIGURES))
