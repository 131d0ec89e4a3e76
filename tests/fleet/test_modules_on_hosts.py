"""Modules over SSH on real hosts: what needs root, a kernel, a disk or accounts to be shown."""

import os
import random
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.hosts import FleetHosts
from warren.aio.clock import SystemClock
from warren.fleet.command import Become
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings
from warren.playbook.modules.contract import Call
from warren.playbook.modules.registry import Registry

Perform = Callable[..., Any]


@pytest.fixture
async def perform(fleet: FleetHosts) -> AsyncIterator[Perform]:
    registry = Registry()
    pool = Pool(clock=SystemClock(), random=random.random, nonce=lambda: os.urandom(16).hex())

    def settings(name: str) -> ConnectionSettings:
        return ConnectionSettings(
            name=name,
            address=fleet.addresses[name],
            user="root",
            private_key_files=(fleet.place.key,),
            identities_only=True,
            known_hosts_files=(fleet.place.state / "known_hosts",),
        )

    async def run(name: str, arguments: Mapping[str, Any], on: str = "host1", **call: Any) -> Any:
        module = registry.find(name)
        assert module is not None
        return await module.run(
            Call(
                arguments=arguments,
                host=pool.host(settings(on)),
                host_name=on,
                variables={},
                template=str,
                evaluate=str,
                find_file=lambda wanted, _kind: Path(wanted),
                **call,
            )
        )

    async with pool:
        yield run


async def test_user_and_group_are_made_changed_and_removed(perform: Perform) -> None:
    assert (await perform("group", {"name": "crew", "gid": 4000}))["changed"]
    wanted = {
        "name": "mate", "uid": 4001, "group": "crew", "groups": ["daemon"], "shell": "/bin/sh",
        "comment": "First Mate", "password": "$6$salt$hash",
    }  # fmt: skip
    first = await perform("user", wanted)
    assert first.get("failed") is None, first
    assert (first["changed"], first["uid"], first["group"]) == (True, 4001, 4000)
    assert (await perform("user", wanted))["changed"] is False
    home = await perform("stat", {"path": "/home/mate"})
    assert home["stat"]["pw_name"] == "mate"
    shadow = await perform("shell", {"cmd": "grep ^mate: /etc/shadow"})
    assert shadow["stdout"].split(":")[1] == "$6$salt$hash"
    more = await perform("user", {"name": "mate", "groups": "bin", "append": True})
    assert (more["changed"], more["groups"]) == (True, "bin,daemon")
    fewer = await perform("user", {"name": "mate", "groups": "bin"})
    assert (fewer["changed"], fewer["groups"]) == (True, "bin")
    gone = {"name": "mate", "state": "absent", "remove": True}
    assert (await perform("user", gone))["changed"]
    assert (await perform("user", gone))["changed"] is False
    assert (await perform("stat", {"path": "/home/mate"}))["stat"]["exists"] is False
    assert (await perform("group", {"name": "crew", "state": "absent"}))["changed"]


async def test_user_under_check_is_not_made(perform: Perform) -> None:
    assert (await perform("user", {"name": "mate"}, check=True))["changed"]
    assert (await perform("command", {"cmd": "getent passwd mate"}))["rc"] == 2


async def test_sysctl_is_set_now_and_for_the_next_boot(perform: Perform) -> None:
    path = "/etc/sysctl.d/90-warren.conf"
    wanted = {
        "name": "net.ipv4.ip_default_ttl",
        "value": 77,
        "sysctl_set": True,
        "sysctl_file": path,
    }
    planned = await perform("sysctl", wanted, check=True)
    read = {"cmd": "cat /proc/sys/net/ipv4/ip_default_ttl"}
    assert planned["changed"]
    assert (await perform("command", read))["stdout"] != "77"
    assert (await perform("sysctl", wanted))["changed"]
    assert (await perform("command", read))["stdout"] == "77"
    assert (await perform("sysctl", wanted))["changed"] is False
    await perform("shell", {"cmd": "echo 70 > /proc/sys/net/ipv4/ip_default_ttl"})
    assert (await perform("sysctl", wanted))["changed"], "the kernel had another value"


async def test_full_disk_fails_a_copy_and_keeps_the_old_file(
    perform: Perform, fleet: FleetHosts
) -> None:
    directory = "/var/lib/warren"
    old = {"content": "old\n", "dest": f"{directory}/settings"}
    assert (await perform("copy", old))["changed"]
    fleet.faults.fill_disk("host1")
    result = await perform("copy", {**old, "content": "new " * 100_000})
    assert result["failed"]
    assert "No space left on device" in result["msg"]
    fleet.faults.free_disk("host1")
    kept = await perform(
        "shell", {"cmd": f"cat {directory}/settings; ls -A {directory} | grep warren"}
    )
    assert kept["stdout"] == "old"


async def test_service_on_a_host_without_a_manager_says_so(perform: Perform) -> None:
    result = await perform("service", {"name": "ssh", "state": "started"})
    assert "runs no service manager" in result["msg"]


async def test_file_longer_than_one_piece_arrives_whole_and_once(
    perform: Perform, tmp_path: Path
) -> None:
    data = os.urandom(9 << 20)
    (tmp_path / "long").write_bytes(data)
    wanted = {"src": str(tmp_path / "long"), "dest": "/root/", "mode": "0600"}
    assert (await perform("copy", wanted))["changed"]
    assert (await perform("copy", wanted))["changed"] is False
    fetched = {"src": "/root/long", "dest": f"{tmp_path}/back/", "flat": True}
    assert (await perform("fetch", fetched))["changed"]
    assert (tmp_path / "back" / "long").read_bytes() == data


async def test_another_user_writes_what_that_user_may(perform: Perform) -> None:
    await perform("user", {"name": "mate"})
    become = Become(user="mate", method="su")
    mine = await perform("copy", {"content": "x", "dest": "/home/mate/f"}, become=become)
    assert mine["owner"] == "mate"
    refused = await perform("copy", {"content": "x", "dest": "/etc/f"}, become=become)
    assert "Permission denied" in refused["msg"]


async def test_setup_describes_each_host_by_its_own_name_and_address(
    perform: Perform, fleet: FleetHosts
) -> None:
    for name in ("host1", "host2"):
        facts = (await perform("setup", {}, on=name))["ansible_facts"]
        assert facts["ansible_hostname"] == name
        assert fleet.addresses[name] in facts["ansible_all_ipv4_addresses"]
        assert facts["ansible_default_ipv4"]["address"] == fleet.addresses[name]
