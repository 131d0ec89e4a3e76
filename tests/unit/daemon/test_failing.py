"""A state directory whose disk fails or is full while it is opened, used or closed."""

import asyncio
import errno
import gc
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.daemon.samples import SEGMENT_BYTES, Directory, opened
from tests.unit.store.samples import node, service
from warren.aio.clock import SystemClock
from warren.aio.disk import RealFile
from warren.daemon import opening
from warren.daemon.opening import Opened, open_store
from warren.model.errors import Conflict, PermanentError, TransientError
from warren.store.machine import StoreMachine

KEPT_BYTES = 512
"""In each file of the log, for a mark."""


async def begun() -> Directory:
    directory = Directory()
    async with opened(directory) as found:
        await found.store.write(puts=[service()])
    return directory


class Failing:
    """Fails one operation of a kind, as asked by a simulated disk."""

    def __init__(self, operation: str, number: int) -> None:
        self._operation = operation
        self._left = number
        self.happened = False

    def __call__(self, operation: str, _name: str) -> int | None:
        self._left -= operation == self._operation
        if self._left or self.happened:
            return None
        self.happened = True
        return errno.EIO


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("operation", ["write", "sync", "zero", "rename", "create"])
async def test_disk_that_fails_while_opening_is_named_as_the_reason(
    operation: str, number: int
) -> None:
    directory = await begun()
    directory.consensus.fail = failing = Failing(operation, number)
    said: str | None = None
    try:
        async with opened(directory) as found:
            await found.store.write(puts=[node()])
    except PermanentError as error:
        said = error.message
    assert (said is not None) == failing.happened
    assert said is None or said.count("the disk failed") == 1
    gc.collect()  # a reason that nobody has heard would now be complained of


async def test_disk_too_full_to_lead_is_named_as_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "_FULL_SECONDS", 0.05)
    directory = Directory()
    disk = directory.consensus
    async with opened(directory) as found:

        async def room_after(id_length: int) -> int:
            with pytest.raises(Conflict):  # it has its entry all the same
                await found.store.write(deletes=[node(id="n" * id_length)])
            return SEGMENT_BYTES - len(disk.read(directory.log()).rstrip(b"\0"))

        room = await room_after(100)
        size = room - await room_after(100)
        while room > KEPT_BYTES + 2 * size:
            room = await room_after(100)
        room = await room_after(100 + room - KEPT_BYTES - size - 12)
        assert KEPT_BYTES <= room <= KEPT_BYTES + 20
    for name in disk.names():
        if name != directory.log() and name.startswith("log-"):
            disk.remove(name)
    disk.sync_directory()
    disk.capacity_bytes = disk.used_bytes
    with pytest.raises(TransientError, match="the disk is full"):
        async with opened(directory):
            pass


async def test_opening_that_is_refused_leaves_no_thread_behind(tmp_path: Path) -> None:
    async with open_store(tmp_path, clock=SystemClock()) as found:
        await found.store.write(puts=[service()])
    before = set(threading.enumerate())
    (tmp_path / "format").write_text("{")
    with pytest.raises(PermanentError):
        async with open_store(tmp_path, clock=SystemClock()):
            pass
    assert set(threading.enumerate()) <= before


def descriptors(directory: Path) -> set[str]:
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(descriptor.readlink()))
    return {name for name in found if name.startswith(str(directory))}


async def test_files_are_closed_however_the_work_ended(tmp_path: Path) -> None:
    async def fail() -> None:
        async with open_store(tmp_path, clock=SystemClock()) as found:
            await found.store.write(puts=[service()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert descriptors(tmp_path) == set()

    async def be_cancelled() -> None:
        async with open_store(tmp_path, clock=SystemClock()):
            await asyncio.sleep(60)

    task = asyncio.ensure_future(be_cancelled())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert descriptors(tmp_path) == set()


def break_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_file: RealFile) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(RealFile, "sync", fail)


async def test_work_that_writes_nothing_more_ends_when_the_disk_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(found: Opened) -> None:
        await found.store.write(puts=[service()])
        break_disk(monkeypatch)
        found.node.serve(1, b"", lambda _answer: None)
        writing = asyncio.ensure_future(found.store.write(puts=[node()]))
        try:
            await asyncio.sleep(60)  # as one does who waits for hosts
        finally:
            with pytest.raises(PermanentError):
                await writing

    with pytest.raises(PermanentError, match="the disk failed"):
        async with asyncio.timeout(10), open_store(tmp_path, clock=SystemClock()) as found:
            await work(found)


async def test_cancelled_work_is_cancelled_even_if_the_disk_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with open_store(tmp_path, clock=SystemClock()) as found:
            await found.store.write(puts=[service()])
            break_disk(monkeypatch)
            task.cancel()
            await found.store.write(puts=[node()])

    task = asyncio.ensure_future(work())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_defect_in_applying_is_not_to_be_tried_again_and_tells_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_machine: StoreMachine, _index: int, _data: bytes) -> bytes:
        raise KeyError("the value of a secret")

    async with opened(Directory()) as found:
        monkeypatch.setattr(StoreMachine, "apply", fail)
        for _ in range(2):
            with pytest.raises(PermanentError, match="cannot go on: KeyError\n"):
                await found.store.write(puts=[node()])
    assert "secret" not in caplog.text
    assert "KeyError at test_failing.py:" in caplog.text


async def test_opening_that_is_cancelled_leaves_nothing_open(tmp_path: Path) -> None:
    async def open_it() -> None:
        async with open_store(tmp_path, clock=SystemClock()):
            await asyncio.sleep(60)

    before = set(threading.enumerate())
    for turns in range(1, 40):
        task = asyncio.ensure_future(open_it())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert set(threading.enumerate()) <= before
    assert descriptors(tmp_path) == set()


async def test_failure_that_nobody_asked_about_is_not_complained_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with opened(Directory()) as found:
        found.node.failed.set_exception(KeyError("it was something else"))
        del found
    gc.collect()
    assert "never retrieved" not in caplog.text
