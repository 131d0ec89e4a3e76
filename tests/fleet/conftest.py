"""Real hosts for tests: fresh ones for every test, and what they can tell when it fails.

A test that asks for `fleet` gets three hosts as new (`fleet_of(n)`: at least n) and runs inside the
hub, so it reaches them by address, from asyncio code and from processes alike. `docker_host` has a
running dockerd that is emptied between tests. Nothing is left when the session ends.
"""

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fleet.hosts import (
    FleetHosts,
    diagnose,
    lacking,
    leftovers,
    start_docker,
    tidy,
)
from tests.fleet.hosts.roster import ROOT

_SIZE = 3
TIME_LIMIT_SECONDS = 240
"""For one test: real hosts start real programs, and other tests run beside it."""
_in_use: list[FleetHosts] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIME_LIMIT_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for fleet in _in_use:
            report.sections += [(name, diagnose(fleet, name)) for name in fleet.addresses]
    return report


@pytest.fixture(scope="session")
def able_machine() -> None:
    """Skip where hosts cannot be made, naming what is missing; on CI that is a failure."""
    if missing := lacking():
        message = f"no real hosts here: this machine lacks {'; '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def _session_fleet(purpose: str, prefix: str = "host") -> Iterator[FleetHosts]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    state = ROOT / f"{purpose}-{worker}-{os.getpid()}"
    fleet = FleetHosts(state, prefix=prefix, owned=True)
    try:
        yield fleet
    finally:
        fleet.down()
        assert leftovers(state) == []


@dataclass
class Grounds:
    """The fleet that tests of a session use in turn, and whether one has used it since its reset."""

    fleet: FleetHosts
    used: bool = field(default=False)

    def prepare(self) -> None:
        """Have `_SIZE` hosts as new."""
        self.fleet.up(_SIZE)
        if self.used:
            self.fleet.reset()
        self.used = True


@pytest.fixture(scope="session")
def grounds(able_machine: None) -> Iterator[Grounds]:
    """The session's fleet, not prepared for anything."""
    for fleet in _session_fleet("pytest"):
        yield Grounds(fleet)


@pytest.fixture
def fleet_of(grounds: Grounds) -> Iterator[Callable[[int], FleetHosts]]:
    """Return a function that gives a fleet of at least so many hosts, all as new."""
    grounds.prepare()

    def grow(count: int) -> FleetHosts:
        grounds.fleet.grow(count)
        return grounds.fleet

    _in_use.append(grounds.fleet)
    with grounds.fleet.enter():
        yield grow
    _in_use.remove(grounds.fleet)


@pytest.fixture
def fleet(fleet_of: Callable[[int], FleetHosts]) -> FleetHosts:
    """Three hosts as new, the test being inside their hub."""
    return fleet_of(_SIZE)


@pytest.fixture(scope="session")
def docker_grounds(able_machine: None) -> Iterator[FleetHosts]:
    """A fleet of one host with a running dockerd."""
    for fleet in _session_fleet("docker", prefix="docker"):
        fleet.up(1)
        start_docker(fleet, "docker1")
        yield fleet


@pytest.fixture
def docker_host(docker_grounds: FleetHosts) -> Iterator[FleetHosts]:
    """The fleet of `docker1`, empty but for its images, the test being inside its hub."""
    tidy(docker_grounds)
    start_docker(docker_grounds, "docker1")
    _in_use.append(docker_grounds)
    with docker_grounds.enter():
        yield docker_grounds
    _in_use.remove(docker_grounds)
