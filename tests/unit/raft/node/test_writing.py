"""The log's thread on a disk that is full, gets space, and is full again."""

import asyncio
import errno
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from warren.aio.clock import SystemClock
from warren.aio.companions import Companions
from warren.aio.offload import attempt
from warren.raft.core.entry import Configuration, Entry, HardState, SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.errors import DiskFull
from warren.raft.node import exchange, writing
from warren.raft.node.statistics import Durations
from warren.raft.node.writing import Listeners, Threads, Writing
from warren.raft.replica.outbox import SaveSnapshot
from warren.raft.snapshots.files import snapshot_name
from warren.raft.storage import Place, Storage, bootstrap
from warren.testing.disk import SimulatedDisk

T = TypeVar("T")
RETRY_SECONDS = 0.02


class Slow:
    """A thread whose calls take a time, on the loop, so that the order of things is known."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: asyncio.Future[Any] | None = None

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def then(result: T | None, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # what the call returned

        self.call(call, then)
        return future

    def call(
        self, call: Callable[[], T], then: Callable[[T | None, BaseException | None], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._seconds, lambda: loop.call_soon(then, *attempt(call)))

    def close(self) -> None:
        """Nothing is waited for."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", RETRY_SECONDS)


def append(index: int, size_bytes: int = 100) -> MsgStorageAppend:
    return MsgStorageAppend(
        entries=(Entry(index, 1, bytes(size_bytes)),),
        hard_state=HardState(1, 1, index - 1),
        snapshot=None,
        must_sync=True,
        responses=(),
        last_index=index,
        last_term=1,
        term=1,
    )


class Member:
    """Storage on a simulated disk, and who is told."""

    def __init__(self, companions: Companions) -> None:
        self.disk = SimulatedDisk()
        self.place = Place(
            disk=self.disk, cluster=bytes(32), member=1, segment_bytes=8192, reserve_bytes=2048
        )
        bootstrap(self.place, {1: ""}, iter(()))
        self.storage = Storage(self.place)
        self.threads = Threads(log=Slow(0.005), files=Slow(0.05), snapshots=Slow(0.005))
        self.written: list[MsgStorageAppend] = []
        self.full: list[bool] = []
        self.failed: list[BaseException] = []

        def start(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
            companions.start(self._guard(work))

        def on_written(batches: Sequence[MsgStorageAppend]) -> None:
            self.written += batches

        self.writing = Writing(
            self.storage,
            self.threads,
            Listeners(
                on_written=on_written,
                on_full=self.full.append,
                on_failed=self.failed.append,
                start=start,
            ),
            clock=SystemClock(),
            durations=Durations(),
        )

    async def _guard(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - what ends a member
            self.failed.append(error)

    @contextmanager
    def failing(self, operation: str, numbers: set[int]) -> Iterator[None]:
        """These of the operations of a kind find the disk full."""
        count = 0

        def fail(each: str, _name: str) -> int | None:
            nonlocal count
            count += each == operation
            return errno.ENOSPC if each == operation and count in numbers else None

        self.disk.fail = fail
        yield
        assert count >= max(numbers)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.002)
        assert self.failed == []


async def test_disk_that_is_full_again_while_space_is_taken_back_is_waited_for_again() -> None:
    async with Companions() as companions:
        member = Member(companions)
        # The first batch, then the second one when the first is written; zeros undo what was cut short.
        with member.failing("write", {1, 4}):
            member.writing.add([append(2)])
            await member.until(lambda: member.full == [True])
            member.writing.add([append(3)])
            await member.until(lambda: len(member.written) == 2)
            await member.until(lambda: member.full == [True, False])
        member.writing.add([append(4)])
        await member.until(lambda: len(member.written) == 3)
        assert [batch.entries[0].index for batch in member.written] == [2, 3, 4]


async def test_disk_too_full_even_to_give_back_what_was_kept_is_waited_for() -> None:
    async with Companions() as companions:
        member = Member(companions)
        member.writing.begin()
        await member.until(lambda: "reserve" in member.disk.names())

        def fail(operation: str, _name: str) -> int | None:
            return errno.ENOSPC if operation in {"write", "remove"} else None

        member.disk.fail = fail
        member.writing.tell_full(DiskFull("it is full"))
        await asyncio.sleep(0.1)
        assert member.failed == []
        member.disk.fail = lambda _operation, _name: None
        await member.until(lambda: member.full == [True, False])
        assert "reserve" in member.disk.names()


async def test_snapshot_that_cannot_be_marked_does_not_stay_on_the_full_disk() -> None:
    async with Companions() as companions:
        member = Member(companions)
        member.writing.add([append(2)])
        await member.until(lambda: len(member.written) == 1)
        meta = SnapshotMeta(2, 1, Configuration(voters=(1,)))
        before = member.disk.names()
        with member.failing("write", {2}):  # the one behind the snapshot's
            saved = await exchange.save(
                SaveSnapshot(meta, iter([b"piece"])),
                member.storage,
                member.threads,
                member.writing,
                clock=SystemClock(),
                durations=Durations(),
            )
        assert not saved
        assert member.full == [True]
        assert snapshot_name(meta) not in member.disk.names()
        assert member.disk.crash(lambda _number: False).names() == before
