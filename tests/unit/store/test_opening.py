"""The state directory: who may use it, what it says of itself, what is refused."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.store.samples import node, service, store_on
from warren.aio.clock import SystemClock
from warren.model.errors import Busy, CorruptState, PermanentError
from warren.store.journal import QUEUE_ENTRIES_MAX, journal_name
from warren.store.lock import read_holder
from warren.store.opening import open_store
from warren.store.store import Store
from warren.testing.disk import SimulatedDisk

HOLD = """
import asyncio, pathlib, sys
from warren.aio.clock import SystemClock
from warren.store.opening import open_store
async def main():
    async with open_store(pathlib.Path(sys.argv[1]), clock=SystemClock(), command="the first run"):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "lock"}


async def write_nodes(store: Store, *, version: int) -> None:
    for first in range(version, version + 200, 100):
        async with asyncio.TaskGroup() as group:
            for number in range(5000):
                thing = node(f"n{number % 50}", version=number // 50 + first)
                group.create_task(store.write(puts=[thing]))


async def test_directory_is_made_private_with_its_parents(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "state"
    async with open_store(directory, clock=SystemClock()) as store:
        await store.write(puts=[service()])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


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
    async with open_store(tmp_path, clock=SystemClock(), command="the second run") as store:
        await store.write(puts=[service()])
        found = read_holder(tmp_path)
        assert found is not None
        assert (found.pid, found.command) == (os.getpid(), "the second run")


async def test_same_process_cannot_open_twice_either(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()):
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            async with open_store(tmp_path, clock=SystemClock()):
                pass
    async with open_store(tmp_path, clock=SystemClock()) as store:
        assert store.index == 0


async def test_directory_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for directory in (tmp_path / "file", tmp_path / "file" / "state", Path("/proc/nothing/here")):
        with pytest.raises(PermanentError, match=str(directory)):
            async with open_store(directory, clock=SystemClock()):
                pass


async def test_state_of_a_newer_warren_is_refused_untouched(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as store:
        await store.write(puts=[service()])
    file = tmp_path / "format"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
    before = contents(tmp_path)
    for read_only in (False, True):
        with pytest.raises(PermanentError, match="has format 2; this Warren knows 1"):
            async with open_store(tmp_path, clock=SystemClock(), read_only=read_only):
                pass
    assert contents(tmp_path) == before
    file.write_text("{")
    with pytest.raises(CorruptState, match="format of the state directory is damaged"):
        async with open_store(tmp_path, clock=SystemClock()):
            pass


async def test_reader_tolerates_a_torn_tail_and_leaves_it(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as store:
        await store.write(puts=[service()])
        await store.write(puts=[node()])
    journal = tmp_path / journal_name(1)
    torn = journal.read_bytes()[:-3]
    journal.write_bytes(torn)
    async with open_store(tmp_path, clock=SystemClock(), read_only=True) as reader:
        assert (len(reader.services), len(reader.nodes)) == (1, 0)
    assert journal.read_bytes() == torn


async def test_reader_sees_all_while_the_holder_compacts(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as store:
        for number in range(20):
            await store.write(puts=[node(f"n{number}")])
            async with asyncio.TaskGroup() as group:
                group.create_task(store.compact())
                async with open_store(tmp_path, clock=SystemClock(), read_only=True) as reader:
                    assert len(reader.nodes) == number + 1
    names = [name.split("-")[0] for name in sorted(contents(tmp_path))]
    assert names == ["format", "journal", "snapshot"]


async def test_state_of_another_cluster_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        async with open_store(tmp_path / name, clock=SystemClock()) as store:
            await store.write(puts=[service()])
    (tmp_path / "a" / "format").replace(tmp_path / "b" / "format")
    with pytest.raises(CorruptState, match="another cluster"):
        async with open_store(tmp_path / "b", clock=SystemClock()):
            pass


async def test_long_journal_is_compacted_when_opened_and_while_maintained() -> None:
    disk = SimulatedDisk()
    async with store_on(disk) as store:
        await write_nodes(store, version=1)
        assert not [name for name in disk.names() if name.startswith("snapshot")]
        fingerprint = store.fingerprint
    async with store_on(disk) as store:
        assert [name for name in disk.names() if name.startswith("snapshot")]
        assert (store.fingerprint, store.index) == (fingerprint, 10_000)
        async with asyncio.TaskGroup() as group:
            maintenance = group.create_task(store.maintain(SystemClock()))
            await write_nodes(store, version=201)
            await asyncio.sleep(0.2)
            maintenance.cancel()
        fingerprint = store.fingerprint
        (name,) = (name for name in disk.names() if name.startswith("snapshot"))
        assert int(name.split("-")[1]) == 20_000
    async with store_on(disk) as store:
        assert (store.fingerprint, store.index) == (fingerprint, 20_000)


async def test_more_writes_than_may_wait_are_refused_as_busy() -> None:
    async with store_on(SimulatedDisk()) as store:
        things = [node(f"n{number}") for number in range(QUEUE_ENTRIES_MAX + 3)]
        writes = [store.write(puts=[thing]) for thing in things]
        results = await asyncio.gather(*writes, return_exceptions=True)
        refused = [result for result in results if isinstance(result, BaseException)]
        assert [type(each) for each in refused] == [Busy] * 3
        assert len(store.nodes) == QUEUE_ENTRIES_MAX
