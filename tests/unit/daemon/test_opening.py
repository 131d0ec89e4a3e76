"""The state directory: who may use it, what it says of itself, what is refused."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.daemon.samples import Directory, opened
from tests.unit.store.samples import NOW, instance, node, service
from warren.aio.clock import SystemClock
from warren.daemon.opening import SETTINGS, open_store, read_store
from warren.model.errors import Busy, CorruptState, Denied, InvalidInput, NotFound, PermanentError
from warren.store.lock import read_holder
from warren.store.store import Store

HOLD = """
import asyncio, pathlib, sys
from warren.aio.clock import SystemClock
from warren.daemon.opening import open_store
async def main():
    async with open_store(pathlib.Path(sys.argv[1]), clock=SystemClock(), command="the first run"):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "lock"
    }


async def write_nodes(store: Store, *, version: int) -> None:
    async with asyncio.TaskGroup() as group:
        for name in range(50):
            group.create_task(store.write(puts=[node(f"n{name}", version=version)]))


async def test_everything_written_is_read_back_equal_after_opening_again(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    web = service(labels={"tier": "front"}, message="ü \U0001f600")
    async with open_store(directory, clock=SystemClock()) as found:
        store = found.store
        await store.write(puts=[web, node(), instance("a", node="alpha")])
        fingerprint, cluster_id, epoch = store.fingerprint, store.cluster_id, found.epoch
    async with open_store(directory, clock=SystemClock()) as found:
        store = found.store
        assert store.services.get(web.id) == web
        assert store.services.named("web") == web
        assert store.nodes.list() == (node(),)
        assert store.instances.by_index("node", "alpha") == (instance("a", node="alpha"),)
        assert (store.fingerprint, store.cluster_id) == (fingerprint, cluster_id)
        assert store.sequence == 3
        assert found.epoch > epoch, "hosts refuse what an earlier run is still sending"


async def test_reader_reads_beside_the_holder_and_refuses_writes(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no state in"):
        async with read_store(tmp_path / "none", clock=SystemClock()):
            pass
    async with open_store(tmp_path / "state", clock=SystemClock()) as found:
        await found.store.write(puts=[service()])
        async with read_store(tmp_path / "state", clock=SystemClock()) as reader:
            assert reader.services.list() == (service(),)
            with pytest.raises(Denied, match="to be read"):
                await reader.write(puts=[node()])
        await found.store.write(puts=[node()])
    assert not (tmp_path / "none").exists()
    assert service().created_at == NOW


async def test_names_of_new_directories_are_synced_in_their_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    directory = tmp_path / "one" / "two"
    async with open_store(directory, clock=SystemClock()) as found:
        await found.store.write(puts=[node()])
    assert {str(tmp_path), str(tmp_path / "one"), str(directory), str(directory / "raft")} <= synced


async def test_directory_is_made_private_with_its_parents(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "state"
    async with open_store(directory, clock=SystemClock()) as found:
        await found.store.write(puts=[service()])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {
        stat.S_IMODE(path.stat().st_mode) for path in directory.rglob("*") if path.is_file()
    } == {0o600}


async def test_second_opener_is_told_who_holds_it_and_a_killed_holder_holds_nothing(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with start(command) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(Busy, match=rf"in use by the first run \(process {holder.pid} of"):
                async with open_store(tmp_path, clock=SystemClock()):
                    pass
        finally:
            holder.send_signal(signal.SIGKILL)
            await asyncio.to_thread(holder.wait)
    async with open_store(tmp_path, clock=SystemClock(), command="the second run") as found:
        await found.store.write(puts=[service()])
        held = read_holder(tmp_path)
        assert held is not None
        assert (held.pid, held.command) == (os.getpid(), "the second run")


async def test_same_process_cannot_open_twice_either(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()):
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            async with open_store(tmp_path, clock=SystemClock()):
                pass
    async with open_store(tmp_path, clock=SystemClock()) as found:
        assert len(found.store.nodes) == 0


async def test_directory_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for directory in (tmp_path / "file", tmp_path / "file" / "state", Path("/proc/nothing/here")):
        with pytest.raises(PermanentError, match=str(directory)):
            async with open_store(directory, clock=SystemClock()):
                pass


async def test_state_of_a_newer_warren_is_refused_untouched(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as found:
        await found.store.write(puts=[service()])
    file = tmp_path / "format"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 3}))
    before = contents(tmp_path)
    for open_it in (open_store, read_store):
        with pytest.raises(PermanentError, match="has format 3; this Warren knows 2"):
            async with open_it(tmp_path, clock=SystemClock()):
                pass
    assert contents(tmp_path) == before
    file.write_text("{")
    with pytest.raises(CorruptState, match="format of the state directory is damaged"):
        async with open_store(tmp_path, clock=SystemClock()):
            pass


async def test_reader_tolerates_a_torn_tail_and_leaves_it(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as found:
        await found.store.write(puts=[service()])
        begun = (tmp_path / "raft" / "log-00000000000000000001").read_bytes()
        await found.store.write(puts=[node()])
    log = tmp_path / "raft" / "log-00000000000000000001"
    whole = log.read_bytes()
    end = len(whole.rstrip(b"\0"))
    log.write_bytes(whole[: end - 3] + bytes(len(whole) - end + 3))
    before = contents(tmp_path)
    async with read_store(tmp_path, clock=SystemClock()) as reader:
        assert (len(reader.services), len(reader.nodes)) == (1, 0)
    assert contents(tmp_path) == before
    assert begun != whole


async def test_reader_sees_all_while_the_holder_writes(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as found:
        for number in range(30):
            await found.store.write(puts=[node(f"n{number}", message="x" * 60_000)])
            async with asyncio.TaskGroup() as group:
                group.create_task(found.store.write(puts=[service(version=number + 1)]))
                async with read_store(tmp_path, clock=SystemClock()) as reader:
                    assert len(reader.nodes) == number + 1
    assert sum(name.startswith("raft/log-") for name in contents(tmp_path)) > 2


async def test_state_of_another_cluster_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        async with open_store(tmp_path / name, clock=SystemClock()) as found:
            await found.store.write(puts=[service()])
    (tmp_path / "a" / "format").replace(tmp_path / "b" / "format")
    with pytest.raises(InvalidInput, match="another"):
        async with open_store(tmp_path / "b", clock=SystemClock()):
            pass


async def test_log_is_cut_short_by_snapshots_and_both_lead_to_the_same_state() -> None:
    directory, settings = Directory(), replace(SETTINGS, snapshot_entries=100, keep_entries=10)
    async with opened(directory, settings) as found:
        for version in range(1, 12):
            await write_nodes(found.store, version=version)
            await asyncio.sleep(0.05)
        fingerprint, taken = found.store.fingerprint, found.node.status.snapshot_index
    assert taken > 300
    (name,) = (name for name in directory.consensus.names() if name.startswith("snapshot"))
    assert int(name.split("-")[1]) == taken
    async with opened(directory, settings) as found:
        assert found.store.fingerprint == fingerprint
