"""Hosts whose sshd allows few sessions: one is begun when another's place is free, and not before."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fleet.hosts import FleetHosts
from tests.fleet.runs import until
from warren.aio.clock import SystemClock
from warren.fleet.command import Become, Command
from warren.fleet.host import Host
from warren.fleet.machine import KEPT_MAX
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import HostUnreachable

USERS = ("root", "nobody", "daemon", "bin", "sys", "games", "man")


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with Pool(
        clock=SystemClock(), random=lambda: 0.5, nonce=lambda: secrets.token_hex(16)
    ) as pool:
        yield pool


def host_with(fleet: FleetHosts, pool: Pool, *, sessions: int) -> Host:
    """A host whose sshd allows so many sessions on a connection."""
    listened = fleet.boot_log("host1").count("Server listening on 0.0.0.0")
    edit = f"s/^MaxSessions .*/MaxSessions {sessions}/"
    fleet.exec("host1", ["sed", "-i", edit, "/etc/ssh/sshd_config"])
    fleet.exec("host1", ["sh", "-c", "kill -HUP $(cat /run/sshd.pid)"])
    until(lambda: fleet.boot_log("host1").count("Server listening on 0.0.0.0") > listened)
    return pool.host(
        ConnectionSettings(
            name="host1",
            address=fleet.addresses["host1"],
            user="root",
            private_key_files=(fleet.place.key,),
            identities_only=True,
            known_hosts_files=(fleet.place.state / "known_hosts",),
            config_file=Path("/dev/null"),
            connect_timeout_seconds=10.0,
        )
    )


async def whoami(host: Host, user: str, text: str = "id -un") -> str:
    become = Become(user=user, method="su", flags=("-s", "/bin/sh"))
    (result,) = await host.run([Command(argv=("sh", "-c", text))], become=become)
    return result.stdout.decode().strip()


async def follow(host: Host, text: str) -> str:
    async with host.stream(Command(argv=("sh", "-c", text))) as chunks:
        return b"".join([chunk async for chunk in chunks]).decode().strip()


async def test_a_session_that_gives_way_is_gone_before_the_next_begins(
    fleet: FleetHosts, pool: Pool
) -> None:
    host = host_with(fleet, pool, sessions=KEPT_MAX)
    for _ in range(3):
        assert [await whoami(host, user) for user in USERS] == list(USERS)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(whoami(host, user)) for user in USERS * 3]
    assert [task.result() for task in tasks] == list(USERS) * 3
    assert "no more sessions" not in fleet.boot_log("host1")


async def test_two_sessions_are_enough_for_every_use(fleet: FleetHosts, pool: Pool) -> None:
    host = host_with(fleet, pool, sessions=2)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(whoami(host, user, "sleep 0.1; id -un")) for user in USERS * 2]
        calls = [group.create_task(host.call("stat.run", {"path": "/"})) for _ in range(3)]
    assert [task.result() for task in tasks] == list(USERS) * 2
    assert all(task.result()["stat"]["isdir"] for task in calls)
    for number in range(6):
        assert await follow(host, f"echo {number}") == str(number)
        assert await whoami(host, USERS[number]) == USERS[number]
    async with host.stream(Command(argv=("sh", "-c", "echo on; sleep 60"))) as chunks:
        assert await anext(chunks) == b"on\n"
        assert [await whoami(host, user) for user in USERS] == list(USERS)


async def test_too_few_sessions_are_told_with_what_to_change(fleet: FleetHosts, pool: Pool) -> None:
    host = host_with(fleet, pool, sessions=0)
    with pytest.raises(HostUnreachable, match=r"host1.*no further session") as caught:
        await whoami(host, "root")
    assert "MaxSessions" in caught.value.hint
