"""The leader makes true what is recorded, on real hosts; so does whoever leads after it."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.hosts import FleetHosts
from tests.fleet.managers.calls import call, certified
from tests.fleet.managers.managers import Loopback, Managers
from tests.fleet.raft.members import wait_for
from tests.fleet.runs import Site

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(280)]


@pytest.fixture
def site(fleet: FleetHosts, tmp_path: Path) -> Site:
    return Site(fleet, tmp_path)


@pytest.fixture
def managers(site: Site, tmp_path: Path) -> Iterator[Managers]:
    """Room for managers beside the hosts."""
    cluster = Managers(tmp_path, Loopback(), inventory=tmp_path / "hosts.ini")
    try:
        yield cluster
    finally:
        cluster.stop()
        print(cluster.diagnosis())  # noqa: T201 - pytest shows it if the test failed


def web(replicas: int) -> dict[str, Any]:
    main = {"name": "web", "image": "localhost/web:1"}
    return {"spec": {"name": "web", "replicas": replicas, "containers": [main]}}


def wait_for_containers(site: Site, count: int) -> list[str]:
    def look() -> list[str] | None:
        found = site.of("web")
        return found if len(found) == count else None

    return wait_for(look, f"{count} containers", 90)


def test_what_is_recorded_runs_and_the_next_leader_goes_on(
    site: Site, managers: Managers, tmp_path: Path
) -> None:
    managers.form(3)
    admin = certified(managers, tmp_path, "admin")
    for host in site.hosts:
        registered = call(managers, 1, admin, "RegisterNode", {"spec": {"name": host}})
        assert "error" not in registered, registered
    made = call(managers, 2, admin, "CreateService", web(3))
    assert "error" not in made, made
    first = wait_for_containers(site, 3)
    leader = managers.leader(at=1)
    other = 1 if leader != 1 else 2
    managers.end(leader, signal.SIGKILL)
    managers.wait_for_leader(other, other_than=leader)
    gone = first[0]
    holder = next(host for host, ids in site.containers().items() if gone in ids)
    site.fleet.exec(holder, ["podman", "rm", "-f", "-t", "0", gone])
    second = wait_for_containers(site, 3)
    assert set(first) - {gone} < set(second), "what ran goes on running"
    assert "control begins in term" in managers.log(managers.leader(at=other))
