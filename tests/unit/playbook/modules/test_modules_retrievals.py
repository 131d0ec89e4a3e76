import asyncio
import base64
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warren.model.errors import HostUnreachable
from warren.playbook.modules import retrievals

Perform = Callable[..., Any]


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def test_slurp_answers_content_in_base64(tmp_path: Path, perform: Perform) -> None:
    (tmp_path / "f").write_bytes(b"\0\xff")
    result = await perform("slurp", {"path": str(tmp_path / "f")})
    assert base64.b64decode(result["content"]) == b"\0\xff"
    missing = await perform("slurp", {"src": str(tmp_path / "g")})
    assert "does not exist" in missing["msg"]


async def test_fetch_brings_a_file_below_the_name_of_its_host(
    tmp_path: Path, perform: Perform, here: Any
) -> None:
    (tmp_path / "f").write_text("content")
    wanted = {"src": str(tmp_path / "f"), "dest": str(tmp_path / "out")}
    first = await perform("fetch", wanted)
    target = tmp_path / "out" / "here" / str(tmp_path / "f").lstrip("/")
    assert (first["changed"], first["dest"]) == (True, str(target))
    assert target.read_text() == "content"
    trips = here.trips
    assert (await perform("fetch", wanted))["changed"] is False
    assert here.trips == trips + 1


async def test_fetch_brings_a_long_file_in_pieces(
    tmp_path: Path, perform: Perform, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrievals, "piece_bytes", 1000)
    data = os.urandom(3000)
    (tmp_path / "f").write_bytes(data)
    wanted = {"src": str(tmp_path / "f"), "dest": f"{tmp_path}/out/", "flat": True}
    assert (await perform("fetch", wanted))["changed"]
    assert (tmp_path / "out" / "f").read_bytes() == data
    assert here.trips == 4


async def test_fetch_of_nothing_fails_unless_told_otherwise(
    tmp_path: Path, perform: Perform
) -> None:
    wanted = {"src": str(tmp_path / "none"), "dest": str(tmp_path / "out")}
    assert (await perform("fetch", wanted))["failed"]
    result = await perform("fetch", {**wanted, "fail_on_missing": "no"})
    assert "failed" not in result
    assert not (tmp_path / "out").exists()


async def test_fetch_under_check_brings_nothing(tmp_path: Path, perform: Perform) -> None:
    (tmp_path / "f").write_text("content")
    wanted = {"src": str(tmp_path / "f"), "dest": str(tmp_path / "out")}
    assert (await perform("fetch", wanted, check=True))["changed"]
    assert not (tmp_path / "out").exists()


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    for name, size in (("a.log", 10), ("b.log", 5000), (".hidden.log", 1), ("c.txt", 20)):
        (tmp_path / name).write_bytes(b"x" * size)
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "d.log").write_text("needle in here\n")
    (tmp_path / "sub" / "deep" / "e.log").write_text("y")
    (tmp_path / "l").symlink_to("a.log")
    old = time.time() - 10 * 86400
    os.utime(tmp_path / "c.txt", (old, old))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, ["a.log", "b.log", "c.txt"]),
        ({"patterns": "*.log"}, ["a.log", "b.log"]),
        ({"patterns": "*.log", "hidden": True}, [".hidden.log", "a.log", "b.log"]),
        ({"patterns": "*.log", "recurse": True}, ["a.log", "b.log", "sub/d.log", "sub/deep/e.log"]),
        ({"patterns": "*.log", "recurse": True, "depth": 2}, ["a.log", "b.log", "sub/d.log"]),
        ({"patterns": "*.log", "excludes": "b*"}, ["a.log"]),
        ({"patterns": "^[ab]\\.log$", "use_regex": True}, ["a.log", "b.log"]),
        ({"file_type": "directory", "recurse": True}, ["sub", "sub/deep"]),
        ({"file_type": "link"}, ["l"]),
        ({"size": "1k"}, ["b.log"]),
        ({"size": "-15"}, ["a.log"]),
        ({"age": "1w"}, ["c.txt"]),
        ({"age": "-1d"}, ["a.log", "b.log"]),
        ({"contains": "needle", "recurse": True}, ["sub/d.log"]),
    ],
)
async def test_find_finds_what_fits(
    garden: Path, perform: Perform, arguments: dict[str, Any], names: list[str]
) -> None:
    result = await perform("find", {"paths": str(garden), **arguments})
    assert sorted(str(Path(one["path"]).relative_to(garden)) for one in result["files"]) == names
    assert result["matched"] == len(names)


async def test_find_tells_which_paths_it_could_not_examine(
    tmp_path: Path, perform: Perform
) -> None:
    result = await perform("find", {"paths": [str(tmp_path / "none")]})
    assert result["skipped_paths"] == {str(tmp_path / "none"): "is not a directory"}
    assert "failed" not in result
    assert (await perform("find", {"paths": str(tmp_path), "age": "soon"}))["failed"]


async def test_tempfile_makes_something_new_each_time(tmp_path: Path, perform: Perform) -> None:
    wanted = {"path": str(tmp_path), "prefix": "w.", "suffix": ".d", "state": "directory"}
    first, second = [await perform("tempfile", wanted) for _ in range(2)]
    assert first["path"] != second["path"]
    assert Path(first["path"]).is_dir()  # noqa: ASYNC240
    assert (first["mode"], first["path"].endswith(".d")) == ("0700", True)


async def test_wait_for_a_port_sees_it_open_and_close(perform: Perform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "failed" not in await perform("wait_for", {"port": port, "timeout": 2})
        wanted = {"port": port, "state": "stopped", "timeout": 0.2, "sleep": 0.05}
        assert "was not stopped" in (await perform("wait_for", wanted))["msg"]
    assert "failed" not in await perform("wait_for", {**wanted, "timeout": 2})


async def test_wait_for_a_text_that_a_port_says(perform: Perform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as stream:
                stream.sendall(b"SSH-2.0-x\r\n")

        speaker = threading.Thread(target=speak)
        speaker.start()
        wanted = {"port": server.getsockname()[1], "search_regex": "SSH-(.*)-", "timeout": 3}
        result = await perform("wait_for", wanted)
        await asyncio.to_thread(speaker.join)
    assert result["match_groups"] == ["2.0"]


async def test_wait_for_a_file_and_its_content(tmp_path: Path, perform: Perform) -> None:
    path = tmp_path / "log"
    wanted = {"path": str(path), "timeout": 0.1, "sleep": 0.05}
    assert "was not started within 0.1 s" in (await perform("wait_for", wanted))["msg"]
    assert (await perform("wait_for", {**wanted, "msg": "too late"}))["msg"] == "too late"
    assert "failed" not in await perform("wait_for", {**wanted, "state": "absent"})
    path.write_text("a\nready: 5\n")
    result = await perform("wait_for", {**wanted, "search_regex": "^ready: (?P<count>\\d)"})
    assert result["match_groupdict"] == {"count": "5"}


async def test_wait_for_connection_tries_until_the_host_answers(
    here: Any, perform: Perform
) -> None:
    class Away:
        name = "here"
        tries = 0

        async def run(self, *commands: Any, **more: Any) -> Any:
            self.tries += 1
            if self.tries < 4:
                raise HostUnreachable("here", "no route")
            return await here.run(*commands, **more)

    away, clock = Away(), FakeClock()
    result = await perform("wait_for_connection", {"sleep": 2}, host=away, clock=clock)
    assert (result["elapsed"], away.tries) == (6, 4)
    lost = await perform("wait_for_connection", {"timeout": 3}, host=Away(), clock=FakeClock())
    assert lost["msg"].startswith("not reachable within 3 s; last: host here: no route")


async def test_pause_lasts_as_long_as_told(perform: Perform) -> None:
    clock = FakeClock()
    result = await perform("pause", {"minutes": 2}, clock=clock)
    assert (clock.seconds, result["delta"]) == (120, 120)
    shown: list[str] = []
    await perform("pause", {"prompt": "look"}, clock=clock, progress=shown.append)
    assert (clock.seconds, shown) == (120, ["look"])
    assert (await perform("pause", {"seconds": 1, "minutes": 1}))["failed"]


def live(name: str) -> str:
    return " ".join(Path("/proc/sys", *name.split(".")).read_text().split())


async def test_sysctl_keeps_one_line_for_a_parameter(tmp_path: Path, perform: Perform) -> None:
    name = "kernel.ostype"  # read-only, so the test cannot change the machine
    path = tmp_path / "s.conf"
    path.write_text(f"# {name}=no\nvm.x = 1\n{name} = other\n{name}=again\n")
    wanted = {"name": name, "value": live(name), "sysctl_file": str(path), "sysctl_set": True}
    planned = await perform("sysctl", wanted, check=True, diff=True)
    assert planned["changed"]
    assert f"+{name}" not in path.read_text()
    assert (await perform("sysctl", wanted))["changed"]
    assert path.read_text() == f"# {name}=no\nvm.x = 1\n{name}={live(name)}\n"
    assert (await perform("sysctl", wanted))["changed"] is False
    gone = {"name": name, "state": "absent", "sysctl_file": str(path)}
    assert (await perform("sysctl", gone))["changed"]
    assert path.read_text() == f"# {name}=no\nvm.x = 1\n"


async def test_sysctl_that_the_kernel_refuses_leaves_the_file_alone(
    tmp_path: Path, perform: Perform
) -> None:
    path = tmp_path / "s.conf"
    wanted = {
        "name": "kernel.ostype",
        "value": "Plan9",
        "sysctl_file": str(path),
        "sysctl_set": True,
    }
    assert "kernel.ostype = Plan9 is refused" in (await perform("sysctl", wanted))["msg"]
    assert not path.exists()
    unknown = await perform("sysctl", {**wanted, "name": "no.such.thing"})
    assert unknown["msg"] == "this kernel has no parameter no.such.thing"
    assert (await perform("sysctl", {**wanted, "name": "no.such", "ignoreerrors": True}))["changed"]


async def test_setup_tells_the_facts_that_playbooks_ask_for(
    tmp_path: Path, perform: Perform
) -> None:
    (tmp_path / "mine.fact").write_text("[general]\ncolour = blue\n")
    (tmp_path / "bad.fact").write_text("neither")
    program = tmp_path / "run.fact"
    program.write_text("#!/bin/sh\necho '{\"a\": [1]}'\n")
    program.chmod(0o755)
    facts = (await perform("setup", {"fact_path": str(tmp_path)}))["ansible_facts"]
    assert facts["ansible_hostname"] == os.uname().nodename.split(".")[0]
    assert facts["ansible_memtotal_mb"] >= facts["ansible_memfree_mb"] > 0
    assert facts["ansible_processor_vcpus"] == os.cpu_count()
    assert facts["ansible_user_uid"] == os.geteuid()
    assert {"ansible_distribution", "ansible_os_family", "ansible_pkg_mgr", "ansible_service_mgr",
            "ansible_default_ipv4", "ansible_interfaces", "ansible_mounts", "ansible_date_time",
            "ansible_virtualization_type", "ansible_python_version", "ansible_env"} <= set(facts)  # fmt: skip
    assert facts["ansible_local"]["mine"] == {"general": {"colour": "blue"}}
    assert facts["ansible_local"]["run"] == {"a": [1]}
    assert facts["ansible_local"]["bad"].startswith("error loading fact")


async def test_setup_gathers_only_the_subsets_and_names_asked_for(perform: Perform) -> None:
    few = await perform("setup", {"gather_subset": ["!all", "hardware"], "filter": "*mb"})
    assert set(few["ansible_facts"]) == {
        "ansible_memtotal_mb", "ansible_memfree_mb", "ansible_memory_mb", "ansible_swaptotal_mb",
        "ansible_swapfree_mb",
    }  # fmt: skip
    least = await perform("setup", {"gather_subset": "min"})
    assert "ansible_interfaces" not in least["ansible_facts"]
    assert "ansible_distribution" in least["ansible_facts"]
    wrong = await perform("setup", {"gather_subset": "colours"})
    assert "'colours' is none of" in wrong["msg"]
