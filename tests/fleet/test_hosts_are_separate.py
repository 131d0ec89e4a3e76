"""A host is a machine of its own, and is reached the way a machine is."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from tests.fleet.hosts import FleetError, FleetHosts

_SSH_PORT = 22
FleetOf = Callable[[int], FleetHosts]


def ssh(
    fleet: FleetHosts, name: str, command: str, *options: str
) -> subprocess.CompletedProcess[str]:
    config = str(fleet.place.state / "ssh_config")
    argv = ["ssh", "-F", config, *options, name, command]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)


def test_hosts_answer_ssh_by_name_with_a_hostname_each(fleet: FleetHosts) -> None:
    said = {name: ssh(fleet, name, "hostname").stdout.strip() for name in fleet.addresses}

    assert said == {"host1": "host1", "host2": "host2", "host3": "host3"}


async def test_hosts_answer_asyncssh_in_the_tests_own_process(fleet: FleetHosts) -> None:
    async with asyncssh.connect(
        fleet.addresses["host2"],
        username="root",
        client_keys=[str(fleet.place.key)],
        known_hosts=str(fleet.place.state / "known_hosts"),
        config=None,
    ) as connection:
        result = await connection.run("cat /proc/sys/kernel/hostname", check=True)

    assert result.stdout == "host2\n"


def test_hosts_refuse_a_key_they_do_not_know(fleet: FleetHosts, tmp_path: Path) -> None:
    stranger = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger], check=True)
    config = (fleet.place.state / "ssh_config").read_text()
    changed = tmp_path / "ssh_config"
    changed.write_text(config.replace(str(fleet.place.key), str(stranger)))

    result = ssh(fleet, "host1", "true", "-F", str(changed))

    assert result.returncode == 255
    assert "Permission denied (publickey)" in result.stderr


def test_a_host_with_another_hosts_key_is_not_trusted(fleet: FleetHosts) -> None:
    known = fleet.place.state / "known_hosts"
    lines = known.read_text().splitlines()
    keys = [line.split(" ", 1)[1] for line in lines]
    swapped = known.with_name("swapped")
    names = [line.split(" ", 1)[0] for line in lines]
    swapped.write_text(
        "".join(f"{name} {key}\n" for name, key in zip(names, reversed(keys), strict=True))
    )
    try:
        result = ssh(fleet, "host1", "true", "-o", f"UserKnownHostsFile={swapped}")
    finally:
        swapped.unlink()

    assert result.returncode == 255
    assert "Host key verification failed" in result.stderr


def test_sshd_has_the_usual_limits(fleet: FleetHosts) -> None:
    settings = fleet.exec("host1", ["/usr/sbin/sshd", "-T"]).splitlines()

    assert {"maxsessions 10", "passwordauthentication no", "maxstartups 10:30:100"} <= set(settings)


def test_hosts_share_neither_processes_nor_files_nor_identity(fleet: FleetHosts) -> None:
    fleet.exec("host1", ["sh", "-c", "echo mine >/etc/mine; echo mine >/var/lib/warren/mine"])
    seen = {
        name: fleet.exec(
            name, ["sh", "-c", "cat /etc/machine-id /proc/1/comm; ls /etc/mine || true"]
        )
        for name in ("host1", "host2")
    }

    assert seen["host1"].splitlines()[1:] == ["tini-static", "/etc/mine"]
    assert seen["host2"].splitlines()[1:] == ["tini-static"]
    assert seen["host1"].split()[0] != seen["host2"].split()[0]
    assert fleet.exec("host2", ["ls", "/var/lib/warren"]) == ""
    assert not Path("/etc/mine").exists()


def test_a_host_sees_nothing_of_the_machines_keys_and_homes(fleet: FleetHosts) -> None:
    assert fleet.exec("host1", ["ls", "-A", "/root"]) == ""
    keys = fleet.exec("host1", ["sh", "-c", "echo /etc/ssh/ssh_host_*_key"]).split()
    assert keys == ["/etc/ssh/ssh_host_ed25519_key"]
    with pytest.raises(FleetError, match="No such file"):
        fleet.exec("host1", ["ls", str(fleet.place.state)])


def test_hosts_reach_each_other_by_name_and_no_farther(fleet: FleetHosts) -> None:
    connect = "exec 3<>/dev/tcp/{}/22; read -r line <&3; echo $line"

    said = fleet.exec("host1", ["bash", "-c", connect.format("host3")])

    assert said.startswith("SSH-2.0-")
    with pytest.raises(FleetError, match="host1"):
        fleet.exec("host1", ["timeout", "2", "bash", "-c", connect.format("192.0.2.1")])


def test_python_is_found_by_a_session_that_is_no_login(fleet: FleetHosts) -> None:
    result = ssh(fleet, "host1", "python3 -c 'print(6 * 7)'")

    assert result.stdout == "42\n"


def test_a_host_without_python_has_none_on_its_path(able_machine: None, tmp_path: Path) -> None:
    fleet = FleetHosts(tmp_path / "fleet", prefix="bare", owned=True)
    try:
        fleet.up(2, without_python=["bare2"])
        with fleet.enter():
            first = ssh(fleet, "bare1", "command -v python3")
            second = ssh(fleet, "bare2", "command -v python3 python; hostname")
        assert first.stdout.endswith("/python3\n")
        assert second.stdout == "bare2\n"
    finally:
        fleet.down()


def test_the_caller_is_back_in_its_own_network_after_the_block(fleet: FleetHosts) -> None:
    def links() -> set[str]:
        return {name for _, name in socket.if_nameindex()}

    hub = links()
    with socket.create_connection((fleet.addresses["host1"], _SSH_PORT), timeout=5):
        pass
    with fleet.enter():
        assert links() == hub
    assert {"hub", "lo", "port1"} <= hub


def test_hosts_come_up_in_seconds_and_a_second_up_changes_nothing(
    fleet_of: FleetOf,
) -> None:
    before = {name: _booted(fleet_of(3), name) for name in fleet_of(3).addresses}
    start = time.monotonic()
    fleet = fleet_of(8)
    took_seconds = time.monotonic() - start

    assert took_seconds < 10
    assert len(fleet.addresses) == 8
    fleet.grow(2)
    after = {name: _booted(fleet, name) for name in fleet.addresses}
    assert {name: after[name] for name in before} == before
    assert len(after) == 8


def _booted(fleet: FleetHosts, name: str) -> str:
    return fleet.exec(name, ["stat", "-c", "%Z", "/proc/1"]).strip() + fleet.exec(
        name, ["cut", "-d ", "-f22", "/proc/1/stat"]
    )


async def test_a_connection_opened_in_the_hub_reaches_every_host(fleet: FleetHosts) -> None:
    for address in fleet.addresses.values():
        reader, writer = await asyncio.open_connection(address, _SSH_PORT)
        assert (await reader.readline()).startswith(b"SSH-2.0-")
        writer.close()
        await writer.wait_closed()
