"""A tear-down is complete, after a crash at any moment too, and touches nothing of others."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.hosts import FleetError, FleetHosts, lacking, leftovers, requirements
from tests.fleet.hosts.processes import start_time
from tests.fleet.hosts.roster import Place

_REPOSITORY = Path(__file__).parents[2]
_UP = """
import sys
from pathlib import Path
from tests.fleet.hosts import FleetHosts
fleet = FleetHosts(Path(sys.argv[1]), owned=True)
fleet.up(int(sys.argv[2]))
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(able_machine: None, tmp_path: Path) -> Iterator[Path]:
    """A state directory whose fleet is taken down whatever the test did."""
    path = tmp_path / "fleet"
    yield path
    FleetHosts(path).down()


def controller(state: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _UP, str(state), str(count)],
        cwd=_REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_down_leaves_no_trace_of_hosts_with_running_containers(state: Path) -> None:
    fleet = FleetHosts(state)
    fleet.up(2)
    fleet.exec("host1", ["podman", "run", "-d", "-p", "9000:8080", "localhost/web:1"])
    fleet.exec("host2", ["podman", "run", "-d", "--memory=64m", "localhost/stubborn:1"])
    fleet.faults.freeze("host2")
    kinds = {line.split()[0] for line in leftovers(state)}
    assert kinds == {"process", "network", "cgroup", "mount", "loop", "file"}

    fleet.down()
    fleet.down()

    assert leftovers(state) == []
    assert not state.exists()


@pytest.mark.parametrize("after_seconds", [0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7])
def test_down_cleans_up_after_a_controller_killed_in_the_middle(
    state: Path, after_seconds: float
) -> None:
    process = controller(state, 5)
    time.sleep(after_seconds)
    kill(process)

    FleetHosts(state).down()

    assert leftovers(state) == []


def test_up_completes_what_a_killed_controller_began(state: Path) -> None:
    process = controller(state, 6)
    place = Place(state)
    while not any(place.host_group(f"host{index}").members() for index in (1, 2, 3)):
        time.sleep(0.002)
    kill(process)

    fleet = FleetHosts(state)
    fleet.up(3)

    assert [fleet.exec(name, ["hostname"]).strip() for name in fleet.addresses] == [
        "host1",
        "host2",
        "host3",
    ]


def test_the_next_up_of_any_fleet_sweeps_the_fleet_of_a_dead_process(
    state: Path, tmp_path: Path
) -> None:
    process = controller(state, 2)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    other = FleetHosts(tmp_path / "other", owned=True)
    try:
        other.up(1)
        assert FleetHosts(state).machines, "a living owner's fleet is left alone"
        kill(process)

        other.grow(2)

        assert leftovers(state) == []
        assert other.faults.condition("host1") == "up"
    finally:
        other.down()


def test_a_process_that_took_over_an_owners_number_is_not_killed(state: Path) -> None:
    FleetHosts(state).up(1)
    registration = Place(state).registration
    fields = json.loads(registration.read_text())
    with subprocess.Popen(["sleep", "60"]) as stranger:
        started = start_time(stranger.pid)
        assert started is not None
        reused = {"owner_pid": stranger.pid, "owner_started": started - 1}
        registration.write_text(json.dumps({**fields, **reused}))
        FleetHosts(state.with_name("other")).down()

        fleet = FleetHosts(state.with_name("third"), owned=True)
        try:
            fleet.up(1)
        finally:
            fleet.down()

        assert leftovers(state) == []
        assert stranger.poll() is None
        stranger.kill()


def test_fleets_coexist_under_the_same_names_and_addresses(state: Path) -> None:
    first, second = FleetHosts(state), FleetHosts(state.with_name("second"), owned=True)
    try:
        first.up(1)
        second.up(1)
        assert first.addresses == second.addresses
        first.exec("host1", ["touch", "/var/lib/warren/first"])
        assert second.exec("host1", ["ls", "/var/lib/warren"]) == ""
        first.down()
        assert second.faults.condition("host1") == "up"
    finally:
        second.down()


def test_up_with_fewer_hosts_removes_the_surplus_and_leaves_the_rest_alone(state: Path) -> None:
    fleet = FleetHosts(state)
    fleet.up(3)
    fleet.exec("host1", ["touch", "/etc/untouched"])

    fleet.up(1)

    assert list(fleet.addresses) == ["host1"]
    fleet.exec("host1", ["ls", "/etc/untouched"])
    assert "host2" not in (state / "ssh_config").read_text()
    assert not any("host2" in line for line in leftovers(state))


def test_the_command_line_brings_up_uses_and_removes_a_fleet(state: Path, tmp_path: Path) -> None:
    def fleet(verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.fleet.hosts", verb, "--state", str(state)]
        return subprocess.run(
            [*command, *arguments], cwd=_REPOSITORY, capture_output=True, text=True, check=False
        )

    inventory = tmp_path / "inventory" / "hosts.ini"
    assert fleet("up", "2", "--prefix", "node", "--inventory", str(inventory)).returncode == 0
    assert "node2 ansible_host=10.77.0.12" in inventory.read_text().splitlines()
    assert fleet("run", "ssh", "node2", "hostname").stdout == "node2\n"
    assert fleet("exec", "node1", "hostname").stdout == "node1\n"
    assert fleet("fault", "freeze", "node1").returncode == 0
    assert "node1\t10.77.0.11\tfrozen" in fleet("status").stdout
    unknown = fleet("fault", "boot", "node7")
    assert unknown.returncode == 1
    assert unknown.stderr == "fleet: no host 'node7' in this fleet; it has node1, node2\n"
    assert fleet("down").returncode == 0
    assert leftovers(state) == []
    assert "no fleet in" in fleet("status").stderr


def test_what_the_machine_lacks_is_named_with_its_package(
    able_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lacking() == []
    monkeypatch.setitem(requirements.PACKAGES, "no-such-engine", "engine-package")
    assert lacking() == ["no-such-engine (Debian package engine-package)"]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert lacking() == ["root (namespaces, mounts and cgroups need it)"]


def test_a_fleet_of_an_impossible_size_is_refused(state: Path) -> None:
    for count in (0, -1, 1001):
        with pytest.raises(FleetError, match="1 to 1000 hosts"):
            FleetHosts(state).up(count)
    with pytest.raises(FleetError, match="no host host9 among host1…host2"):
        FleetHosts(state).up(2, without_python=["host9"])
    assert leftovers(state) == []
