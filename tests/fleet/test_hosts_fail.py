"""Faults are real: what a machine would lose is lost, what it would keep is kept, and each can be undone."""

import socket
import subprocess

import pytest

from tests.fleet.hosts import FleetError, FleetHosts, diagnose, tidy

_SSH_PORT = 22


def greeting(connection: socket.socket) -> bytes:
    return connection.recv(256)


def answers(fleet: FleetHosts, name: str) -> bool:
    try:
        with socket.create_connection((fleet.addresses[name], _SSH_PORT), timeout=1) as connection:
            return greeting(connection).startswith(b"SSH-2.0-")
    except OSError:
        return False


def test_power_loss_keeps_the_disk_and_nothing_else(fleet: FleetHosts) -> None:
    mark = "for d in /var/lib/warren /var/lib/docker /tmp /run /etc; do echo kept >$d/mark; done"
    fleet.exec("host1", ["sh", "-c", mark])
    fleet.exec("host1", ["podman", "volume", "create", "data"])

    fleet.faults.power_off("host1")

    assert fleet.faults.condition("host1") == "off"
    assert not answers(fleet, "host1")
    assert answers(fleet, "host2")
    fleet.faults.boot("host1")
    assert answers(fleet, "host1")
    marks = ["sh", "-c", "ls -d /var/lib/*/mark /tmp/mark /run/mark /etc/mark 2>/dev/null || true"]
    assert fleet.exec("host1", marks).split() == ["/var/lib/docker/mark", "/var/lib/warren/mark"]
    assert fleet.exec("host1", ["podman", "volume", "ls", "-q"]).split() == ["data"]


def test_containers_are_down_after_a_reboot_and_start_again(fleet: FleetHosts) -> None:
    run = ["podman", "run", "-d", "--name=web", "-p", "9000:8080", "localhost/web:1"]
    fleet.exec("host1", run)
    running = ["podman", "ps", "--format={{.Names}}"]
    assert fleet.exec("host1", running).split() == ["web"]

    fleet.faults.power_off("host1")
    fleet.faults.boot("host1")

    assert fleet.exec("host1", running).split() == []
    fleet.exec("host1", ["podman", "start", "web"])
    assert fleet.exec("host1", running).split() == ["web"]


def test_a_rebooted_host_keeps_its_identity(fleet: FleetHosts) -> None:
    known = (fleet.place.state / "known_hosts").read_text()
    identity = fleet.exec("host1", ["cat", "/etc/machine-id"])

    fleet.faults.power_off("host1")
    fleet.faults.boot("host1")

    assert fleet.exec("host1", ["cat", "/etc/machine-id"]) == identity
    config = str(fleet.place.state / "ssh_config")
    subprocess.run(["ssh", "-F", config, "host1", "true"], check=True, timeout=30)
    assert (fleet.place.state / "known_hosts").read_text() == known


def test_a_frozen_host_accepts_connections_but_says_nothing_until_it_thaws(
    fleet: FleetHosts,
) -> None:
    fleet.faults.freeze("host1")
    assert fleet.faults.condition("host1") == "frozen"
    with socket.create_connection((fleet.addresses["host1"], _SSH_PORT), timeout=1) as connection:
        with pytest.raises(TimeoutError):
            greeting(connection)
        fleet.faults.thaw("host1")
        connection.settimeout(5)
        assert greeting(connection).startswith(b"SSH-2.0-")
    assert fleet.faults.condition("host1") == "up"


def test_the_containers_of_a_frozen_host_stand_still(fleet: FleetHosts) -> None:
    writer = ["podman", "run", "-d", "-v=/var/lib/warren:/data", "localhost/writer:1"]
    fleet.exec("host1", writer)

    def lines() -> int:
        return len(fleet.exec("host1", ["cat", "/var/lib/warren/log"], joining=False).splitlines())

    fleet.exec("host1", ["sh", "-c", "until test -s /var/lib/warren/log; do sleep 0.05; done"])
    fleet.faults.freeze("host1")
    before = lines()
    fleet.exec("host2", ["sleep", "1"])
    assert lines() == before

    fleet.faults.thaw("host1")
    fleet.exec("host1", ["sleep", "1"])
    assert lines() > before


def test_a_frozen_host_loses_power_like_any_other(fleet: FleetHosts) -> None:
    fleet.faults.freeze("host1")
    fleet.faults.power_off("host1")
    fleet.faults.boot("host1")

    assert answers(fleet, "host1")


def test_a_cut_host_runs_on_unreachable_and_keeps_its_connections(fleet: FleetHosts) -> None:
    with socket.create_connection((fleet.addresses["host1"], _SSH_PORT), timeout=5) as connection:
        greeting(connection)
        fleet.faults.cut("host1")
        assert fleet.faults.condition("host1") == "cut"
        assert not answers(fleet, "host1")
        assert answers(fleet, "host2")
        assert fleet.exec("host1", ["hostname"]).strip() == "host1"
        connection.sendall(b"SSH-2.0-Test\r\n")
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.recv(1)

        fleet.faults.heal("host1")

        connection.settimeout(20)
        assert connection.recv(1)
    assert answers(fleet, "host1")


def test_a_full_disk_refuses_every_write_until_it_is_freed(fleet: FleetHosts) -> None:
    write = ["dd", "if=/dev/zero", "of=/var/lib/warren/state", "bs=4k", "count=4"]
    run = ["podman", "run", "--rm", "localhost/oneshot:1"]
    fleet.faults.fill_disk("host1")
    fleet.faults.fill_disk("host1")

    for command in (write, run):
        with pytest.raises(FleetError, match=r"(?i)no space left on device"):
            fleet.exec("host1", command)
    fleet.exec("host2", write)

    fleet.faults.free_disk("host1")
    fleet.exec("host1", write)
    fleet.exec("host1", run)


def test_a_fault_of_an_unknown_or_dead_host_says_so(fleet: FleetHosts) -> None:
    with pytest.raises(
        FleetError, match=r"no host 'host9' in this fleet; it has host1, host2, host3"
    ):
        fleet.faults.freeze("host9")
    fleet.faults.power_off("host1")
    fleet.faults.power_off("host1")
    for fault in (fleet.faults.freeze, fleet.faults.cut, fleet.faults.fill_disk):
        with pytest.raises(FleetError, match="host1 is off: boot it first"):
            fault("host1")


def test_a_disk_that_is_no_disk_keeps_a_host_from_booting_and_the_log_says_why(
    fleet: FleetHosts,
) -> None:
    fleet.faults.power_off("host1")
    fleet.place.disk("host1").write_bytes(b"\0" * (1 << 20))

    with pytest.raises(FleetError, match=r"host1 did not boot[\s\S]*mount: "):
        fleet.faults.boot("host1")

    fleet.reset("host1")
    assert answers(fleet, "host1")


def test_a_new_test_finds_hosts_as_new_whatever_was_done_to_them(fleet: FleetHosts) -> None:
    fleet.exec("host1", ["podman", "run", "-d", "--net=host", "localhost/web:1"])
    fleet.faults.freeze("host1")
    fleet.faults.cut("host2")
    fleet.exec("host2", ["sh", "-c", "echo changed >/etc/hosts; echo x >/var/lib/warren/x"])
    fleet.faults.power_off("host3")

    fleet.reset()

    for name in fleet.addresses:
        assert answers(fleet, name)
        assert fleet.exec(name, ["podman", "ps", "-aq"]) == ""
        assert fleet.exec(name, ["ls", "/var/lib/warren"]) == ""
        assert name in fleet.exec(name, ["cat", "/etc/hosts"])


def test_tidying_empties_hosts_without_a_reboot(fleet: FleetHosts) -> None:
    fleet.exec("host1", ["podman", "run", "-d", "-v=data:/data", "localhost/stubborn:1"])
    fleet.exec("host1", ["podman", "network", "create", "net"])
    fleet.exec("host1", ["sh", "-c", "mkdir -p /run/warren; touch /var/lib/warren/x /etc/kept"])
    fleet.faults.freeze("host1")
    fleet.faults.cut("host2")
    fleet.faults.power_off("host3")

    tidy(fleet)

    assert [fleet.faults.condition(name) for name in fleet.addresses] == ["up", "up", "up"]
    for what in (["ps", "-aq"], ["volume", "ls", "-q"]):
        assert fleet.exec("host1", ["podman", *what]) == ""
    assert fleet.exec("host1", ["podman", "network", "ls", "-q"]).split() == ["podman"]
    listed = fleet.exec(
        "host1", ["sh", "-c", "ls -d /run/warren /var/lib/warren/* /etc/kept || true"]
    )
    assert listed.split() == ["/etc/kept"]


def test_a_failure_is_explained_by_journal_containers_and_their_logs(fleet: FleetHosts) -> None:
    fleet.exec("host1", ["podman", "run", "--name=once", "localhost/oneshot:1"])
    fleet.faults.freeze("host1")
    fleet.faults.power_off("host2")

    frozen, off = diagnose(fleet, "host1"), diagnose(fleet, "host2")

    for expected in ("is frozen", "Server listening on", "once", "exits with 0"):
        assert expected in frozen
    for expected in ("host2 is off", "host2 boots", "nothing can run there"):
        assert expected in off
