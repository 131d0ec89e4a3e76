"""Hosts over SSH: who is let in, what a dead or hung host costs, what a broken connection leaves."""

import asyncio
import re
import secrets
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fleet.hosts import FleetHosts
from warren.aio.clock import SystemClock
from warren.fleet.command import Become, Command, Fence
from warren.fleet.host import Host
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import (
    CommandTimedOut,
    Denied,
    HostRefused,
    HostUnreachable,
    TransientError,
    Unsupported,
    WarrenError,
)

SLACK_SECONDS = 3.0
"""What a host that hangs may cost beyond the timeout, on a loaded machine."""


def sh(text: str, timeout_seconds: float = 20.0) -> Command:
    return Command(argv=("sh", "-c", text), timeout_seconds=timeout_seconds)


def settings_of(fleet: FleetHosts, name: str = "host1") -> ConnectionSettings:
    return ConnectionSettings(
        name=name,
        address=fleet.addresses[name],
        user="root",
        private_key_files=(fleet.place.key,),
        identities_only=True,
        known_hosts_files=(fleet.place.state / "known_hosts",),
        config_file=Path("/dev/null"),
        connect_timeout_seconds=4.0,
    )


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with Pool(
        clock=SystemClock(), random=lambda: 0.5, nonce=lambda: secrets.token_hex(16)
    ) as pool:
        yield pool


async def output(host: Host, text: str, *, become: Become | None = None) -> str:
    (result,) = await host.run([sh(text)], become=become)
    return result.stdout.decode().strip()


def new_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


class TestIdentity:
    async def test_an_unknown_host_key_is_refused_with_a_hint(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path
    ) -> None:
        empty = tmp_path / "known_hosts"
        empty.touch()
        host = pool.host(replace(settings_of(fleet), known_hosts_files=(empty,)))
        with pytest.raises(HostRefused, match=r"host1.*host key") as caught:
            await output(host, "touch /tmp/ran")
        assert "known_hosts" in caught.value.hint
        assert empty.read_text() == ""
        assert "ran" not in fleet.exec("host1", ["ls", "/tmp"])

    @pytest.mark.parametrize("policy", ["strict", "accept-new"])
    async def test_a_changed_host_key_is_refused(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path, policy: str
    ) -> None:
        key = new_key(tmp_path / "other").with_suffix(".pub").read_text()
        known = tmp_path / "known_hosts"
        known.write_text(f"{fleet.addresses['host1']} {key}")
        settings = replace(settings_of(fleet), known_hosts_files=(known,), host_key_policy=policy)  # type: ignore[arg-type]
        with pytest.raises(HostRefused, match=r"host1.*host key"):
            await output(pool.host(settings), ":")

    async def test_accept_new_learns_a_key_and_then_is_strict_about_it(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path
    ) -> None:
        known = tmp_path / "new" / "known_hosts"
        settings = replace(settings_of(fleet), known_hosts_files=(known,))
        learning = pool.host(replace(settings, host_key_policy="accept-new"))
        assert await output(learning, "hostname") == "host1"
        assert fleet.addresses["host1"] in known.read_text()
        assert await output(pool.host(settings), "hostname") == "host1"

    async def test_a_wrong_client_key_is_refused_with_a_hint(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path
    ) -> None:
        settings = replace(settings_of(fleet), private_key_files=(new_key(tmp_path / "mine"),))
        with pytest.raises(HostRefused, match="accept") as caught:
            await output(pool.host(settings), ":")
        assert "ansible_ssh_private_key_file" in caught.value.hint

    async def test_a_key_file_that_is_missing_is_refused_with_its_name(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path
    ) -> None:
        settings = replace(settings_of(fleet), private_key_files=(tmp_path / "nokey",))
        with pytest.raises(WarrenError, match="nokey"):
            await output(pool.host(settings), ":")

    async def test_ssh_config_gives_address_port_user_key_and_jump(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path
    ) -> None:
        config = tmp_path / "config"
        config.write_text(
            f"Host bastion\n HostName {fleet.addresses['host2']}\n"
            f"Host inner\n HostName {fleet.addresses['host1']}\n Port 22\n ProxyJump bastion\n"
            f"Host *\n User root\n IdentityFile {fleet.place.key}\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {fleet.place.state}/known_hosts\n"
        )
        host = pool.host(ConnectionSettings(name="inner", address="inner", config_file=config))
        told = await output(host, 'hostname; echo "$SSH_CONNECTION"')
        assert told.split()[0] == "host1"
        assert told.split()[1] == fleet.addresses["host2"]

    async def test_a_jump_host_is_gone_through(self, fleet: FleetHosts, pool: Pool) -> None:
        jump = f"root@{fleet.addresses['host3']}:22"
        host = pool.host(replace(settings_of(fleet), jump_hosts=(jump,)))
        told = await output(host, 'hostname; echo "$SSH_CONNECTION"')
        assert told.split()[:2] == ["host1", fleet.addresses["host3"]]

    async def test_the_key_of_a_jump_host_is_verified_too(
        self, fleet: FleetHosts, pool: Pool, tmp_path: Path
    ) -> None:
        lines = (fleet.place.state / "known_hosts").read_text().splitlines()
        known = tmp_path / "known_hosts"
        known.write_text("".join(f"{line}\n" for line in lines if not line.startswith("host3")))
        settings = replace(settings_of(fleet), known_hosts_files=(known,))
        host = pool.host(replace(settings, jump_hosts=(f"root@{fleet.addresses['host3']}",)))
        with pytest.raises(HostRefused, match="host key"):
            await output(host, ":")


class TestTrouble:
    async def test_a_host_without_power_is_unreachable_and_remembered(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        fleet.faults.power_off("host1")
        host = pool.host(settings_of(fleet))
        started = time.monotonic()
        answers = await asyncio.gather(
            *(host.run([sh(":")]) for _ in range(3)), return_exceptions=True
        )
        assert time.monotonic() - started < 4.0 + SLACK_SECONDS
        assert {type(answer) for answer in answers} == {HostUnreachable}
        started = time.monotonic()
        with pytest.raises(HostUnreachable, match="host1"):
            await host.run([sh(":")])
        assert time.monotonic() - started < 0.2

    async def test_a_frozen_host_costs_its_command_timeout(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        await host.run([sh(":")])
        fleet.faults.freeze("host1")
        started = time.monotonic()
        with pytest.raises(TransientError, match="host1"):
            await host.run([sh("echo ran", timeout_seconds=1.0)])
        assert time.monotonic() - started < 1.0 + SLACK_SECONDS
        fleet.faults.thaw("host1")

    async def test_a_frozen_host_costs_its_connect_timeout(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        fleet.faults.freeze("host1")
        started = time.monotonic()
        with pytest.raises(HostUnreachable, match="host1"):
            await pool.host(settings_of(fleet)).run([sh(":")])
        assert time.monotonic() - started < 4.0 + SLACK_SECONDS
        fleet.faults.thaw("host1")

    async def test_a_host_that_thaws_is_used_again(self, fleet: FleetHosts, pool: Pool) -> None:
        host = pool.host(settings_of(fleet))
        await host.run([sh(":")])
        fleet.faults.freeze("host1")
        with pytest.raises(TransientError):
            await host.run([sh(":", timeout_seconds=0.5)])
        fleet.faults.thaw("host1")
        assert await eventually(host, "hostname", seconds=10) == "host1"

    async def test_a_cut_cable_is_noticed_by_keep_alive(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        settings = replace(
            settings_of(fleet), keepalive_interval_seconds=0.5, keepalive_count_max=2
        )
        host = pool.host(settings)
        await host.run([sh(":")])
        fleet.faults.cut("host1")
        started = time.monotonic()
        with pytest.raises(HostUnreachable, match="host1"):
            await host.run([sh("sleep 30", timeout_seconds=60)])
        assert time.monotonic() - started < 2.0 + SLACK_SECONDS
        fleet.faults.heal("host1")
        assert await eventually(host, "hostname", seconds=10) == "host1"

    async def test_a_rebooted_host_is_connected_to_again(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        await host.run([sh("echo before >/tmp/mark")])
        await host.call("stat.run", {"path": "/"})
        fleet.faults.power_off("host1")
        fleet.faults.boot("host1")
        assert await eventually(host, "cat /tmp/mark || echo gone", seconds=30) == "gone"
        assert (await host.call("stat.run", {"path": "/"}))["stat"]["isdir"]

    async def test_power_lost_in_mid_batch_is_unreachable_and_frees_the_fence(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        settings = replace(
            settings_of(fleet), keepalive_interval_seconds=0.5, keepalive_count_max=2
        )
        host = pool.host(settings)
        fence = Fence(cluster="c", epoch=1)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(collect(host, [sh("sleep 30")], fence))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(fleet.faults.power_off, "host1")
            await asyncio.to_thread(fleet.faults.boot, "host1")
            error = await running
        assert isinstance(error, HostUnreachable)
        assert await eventually(host, "echo free", seconds=30, fence=fence) == "free"

    async def test_a_connection_lost_in_mid_batch_ends_the_batch_and_frees_the_fence(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        fence = Fence(cluster="c", epoch=1)
        batch = [sh("echo $$ >/tmp/pid; sleep 60 & sleep 60"), sh("touch /tmp/next")]
        async with asyncio.TaskGroup() as group:
            running = group.create_task(collect(host, batch, fence))
            await asyncio.sleep(0.8)
            # sshd's process of this connection, as a crash of it would
            kill = (
                "kill -KILL $(ps -o pid=,args= -A | sed -n 's/^ *\\([0-9]*\\) sshd: root@.*/\\1/p')"
            )
            await asyncio.to_thread(fleet.exec, "host1", ["sh", "-c", kill])
            error = await running
        assert isinstance(error, HostUnreachable)
        started = time.monotonic()
        assert await eventually(host, "cat /tmp/pid", seconds=10, fence=fence)
        assert time.monotonic() - started < 5
        assert await gone(host, "/tmp/pid")
        assert await output(host, "ls /tmp/next 2>/dev/null || echo none") == "none"

    async def test_a_cancelled_batch_ends_on_the_host(self, fleet: FleetHosts, pool: Pool) -> None:
        host = pool.host(settings_of(fleet))
        running = asyncio.ensure_future(
            host.run(
                [sh("echo $$ >/tmp/pid; sleep 60 & sleep 60"), sh("touch /tmp/next")],
                fence=Fence(cluster="c", epoch=1),
            )
        )
        await asyncio.sleep(0.5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await gone(host, "/tmp/pid")
        (result,) = await host.run(
            [sh("ls /tmp/next 2>/dev/null || echo none")], fence=Fence(cluster="c", epoch=1)
        )
        assert result.stdout == b"none\n"


class TestSessions:
    async def test_many_users_of_a_host_never_exceed_its_sessions(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        become = Become(user="nobody", method="su", flags=("-s", "/bin/sh"))

        async def follow(number: int) -> str:
            async with host.stream(sh(f"sleep 0.2; echo {number}")) as chunks:
                return b"".join([chunk async for chunk in chunks]).decode().strip()

        async with asyncio.TaskGroup() as group:
            runs = [group.create_task(output(host, f"sleep 0.2; echo {n}")) for n in range(12)]
            others = [
                group.create_task(output(host, "sleep 0.1; id -un", become=become))
                for _ in range(6)
            ]
            streams = [group.create_task(follow(n)) for n in range(12)]
            calls = [group.create_task(host.call("stat.run", {"path": "/"})) for _ in range(4)]
        assert [task.result() for task in runs] == [str(n) for n in range(12)]
        assert {task.result() for task in others} == {"nobody"}
        assert [task.result() for task in streams] == [str(n) for n in range(12)]
        assert all(task.result()["stat"]["isdir"] for task in calls)

    async def test_a_stream_that_is_left_ends_on_the_host(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        for _ in range(12):
            async with host.stream(sh("echo $$ >/tmp/pid; echo on; sleep 60")) as chunks:
                assert await anext(chunks) == b"on\n"
        assert await gone(host, "/tmp/pid")

    async def test_a_late_command_is_killed_with_all_it_started(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        text = "echo $$ >/tmp/pid; sleep 60 & echo $! >>/tmp/pid; sleep 60"
        for become in (None, Become(user="nobody", method="su", flags=("-s", "/bin/sh"))):
            with pytest.raises(CommandTimedOut, match=r"0\.5 s"):
                await host.run([sh(text, timeout_seconds=0.5), sh(":")], become=become)
            assert await gone(host, "/tmp/pid")
            await output(host, "rm /tmp/pid")

    async def test_another_user_is_become_by_su_and_a_wrong_one_denied(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        nobody = Become(user="nobody", method="su", flags=("-s", "/bin/sh"))
        assert await output(host, "id -un", become=nobody) == "nobody"
        assert await output(host, "id -un") == "root"
        answer = await host.call("stat.run", {"path": "/"}, become=nobody)
        assert answer["stat"]["isdir"]
        with pytest.raises(Denied, match="nonesuch"):
            await output(host, ":", become=Become(user="nonesuch", method="su"))

    async def test_bytes_go_both_ways_unharmed(self, fleet: FleetHosts, pool: Pool) -> None:
        host = pool.host(settings_of(fleet))
        data = bytes(range(256)) * 4096
        (result,) = await host.run([Command(argv=("cat",), stdin=data)])
        assert result.stdout == data

    async def test_a_tunnel_reaches_what_the_host_reaches(
        self, fleet: FleetHosts, pool: Pool
    ) -> None:
        host = pool.host(settings_of(fleet))
        stream = await host.connect("127.0.0.1", 22)
        assert (await stream.read(8)).startswith(b"SSH-2.0")
        await stream.close()
        with pytest.raises(TransientError, match=re.escape("127.0.0.1:1")):
            await host.connect("127.0.0.1", 1)


async def test_a_host_without_python_runs_commands_but_no_calls(
    fleet: FleetHosts, pool: Pool
) -> None:
    hide = "for p in /usr/bin/python3* /usr/local/bin/python3*; do rm -f $p; done"
    fleet.exec("host1", ["sh", "-c", hide])
    host = pool.host(settings_of(fleet))
    with pytest.raises(Unsupported, match="no usable Python 3"):
        await host.call("stat.run", {"path": "/"})
    assert await output(host, "hostname") == "host1"


async def collect(host: Host, batch: list[Command], fence: Fence) -> WarrenError | None:
    try:
        await host.run(batch, fence=fence)
    except WarrenError as error:
        return error
    return None


async def eventually(host: Host, text: str, *, seconds: float, fence: Fence | None = None) -> str:
    """What a command says once the host is back."""
    end = time.monotonic() + seconds
    while True:
        try:
            (result,) = await host.run([sh(text)], fence=fence)
            return result.stdout.decode().strip()
        except TransientError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)


async def gone(host: Host, path: str) -> bool:
    """Whether the processes whose pids are in a file end soon."""
    text = f"for p in $(cat {path}); do kill -0 $p 2>/dev/null && echo $p; done; :"
    for _ in range(60):
        if await output(host, text) == "":
            return True
        await asyncio.sleep(0.05)
    return False
