"""The thread of the log: one batch at a time, all that came meanwhile in the next one.

A full disk stops nothing but this: the batch that did not fit is tried again until it does. What was
kept back is released first, so that a snapshot can be written and old files can go.
"""

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from warren.aio.clock import Clock
from warren.aio.offload import Offload, attempt
from warren.raft.core.entry import SnapshotMeta
from warren.raft.core.messages import MsgStorageAppend
from warren.raft.errors import DiskFull
from warren.raft.node.statistics import Durations
from warren.raft.storage import Storage

RETRY_SECONDS = 0.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Where what blocks runs, so that the quick never waits for the slow.

    Attributes:
        log: writing the log.
        files: making files of the log ready.
        snapshots: writing and reading snapshots.
    """

    log: Offload
    files: Offload
    snapshots: Offload

    def close(self) -> None:
        """Wait for what is running."""
        for each in (self.log, self.files, self.snapshots):
            each.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Who is told. None of these may wait.

    Attributes:
        on_written: these batches are durable.
        on_full: the disk is full, or has space again.
        on_failed: the process must stop.
        start: runs work beside the node.
    """

    on_written: Callable[[Sequence[MsgStorageAppend]], None]
    on_full: Callable[[bool], None]
    on_failed: Callable[[BaseException], None]
    start: Callable[[Callable[[], Coroutine[Any, Any, None]]], object]


class Writing:
    """Makes batches durable in order.

    Args:
        storage: where.
        threads: see there.
        listeners: see there.
        clock: for waiting and measuring.
        durations: of the writes.
    """

    def __init__(
        self,
        storage: Storage,
        threads: Threads,
        listeners: Listeners,
        *,
        clock: Clock,
        durations: Durations,
    ) -> None:
        self._storage = storage
        self._threads = threads
        self._listeners = listeners
        self._clock = clock
        self._durations = durations
        self._waiting: list[MsgStorageAppend] = []
        self._blocked: tuple[MsgStorageAppend, ...] = ()
        self._running = 0
        self._is_preparing = False
        self._is_full = False
        self._is_over = False

    def add(self, batches: Sequence[MsgStorageAppend]) -> None:
        """Make these durable behind the others."""
        self._waiting += batches
        self._go_on()

    def begin(self) -> None:
        """Make a file ready, and keep space back for the day the disk is full."""
        self._prepare()
        self._threads.files.call(self._storage.hold_space, self._judge)

    async def mark(self, meta: SnapshotMeta) -> None:
        """Let the log begin behind a saved snapshot.

        Raises:
            DiskFull: it goes on as it is.
            Broken: the disk failed.
        """
        self._running += 1
        try:
            await self._threads.log.run(partial(self._storage.mark, meta))
        finally:
            self._running -= 1
            self._go_on()

    def end(self) -> None:
        """Begin nothing more; what is being written may become durable."""
        self._is_over = True

    def tell_full(self, error: DiskFull) -> None:
        """Something could not be written for want of space."""
        if not self._is_full:
            _log.error("%s", error)
            self._is_full = True
            self._listeners.on_full(True)  # noqa: FBT003 - a state
            self._listeners.start(self._regain)

    def _go_on(self) -> None:
        if self._running or self._blocked or self._is_over or not self._waiting:
            return
        batches, self._waiting = tuple(self._waiting), []
        if not any(batch.must_sync for batch in batches):
            # Nothing goes to the disk for these, and the thread is idle.
            _, error = attempt(partial(self._storage.write, batches))
            self._running += 1
            self._wrote(batches, None, error)
            return
        self._running += 1
        self._threads.log.call(partial(self._write, batches), partial(self._wrote, batches))

    def _write(self, batches: Sequence[MsgStorageAppend]) -> None:
        start = self._clock.monotonic()
        self._storage.write(batches)
        self._durations.add(self._clock.monotonic() - start)

    def _wrote(
        self, batches: tuple[MsgStorageAppend, ...], _result: None, error: BaseException | None
    ) -> None:
        self._running -= 1
        if self._is_over:
            return
        if error is None:
            self._listeners.on_written(batches)
            self._go_on()
            self._prepare()
        elif isinstance(error, DiskFull):
            self._blocked = batches
            self.tell_full(error)
        else:
            self._listeners.on_failed(error)

    def _prepare(self) -> None:
        if self._is_preparing or not self._storage.wants_preparation:
            return
        self._is_preparing = True
        self._threads.files.call(self._storage.prepare, self._prepared)

    def _prepared(self, result: None, error: BaseException | None) -> None:
        self._is_preparing = False
        self._judge(result, error)

    def _judge(self, _result: None, error: BaseException | None) -> None:
        if self._is_over:
            return
        if isinstance(error, DiskFull):
            self.tell_full(error)
        elif error is not None:
            self._listeners.on_failed(error)

    async def _regain(self) -> None:
        while self._is_full:
            try:
                await self._try_again()
            except DiskFull:
                await self._clock.sleep(RETRY_SECONDS)
        _log.warning("there is space on the disk again")
        self._listeners.on_full(False)  # noqa: FBT003 - a state

    async def _try_again(self) -> None:
        await self._threads.files.run(self._storage.give_space)
        if self._blocked:
            await self._threads.log.run(partial(self._write, self._blocked))
            written, self._blocked = self._blocked, ()
            self._listeners.on_written(written)
            self._go_on()
        if self._storage.wants_preparation:
            await self._threads.files.run(self._storage.prepare)
        await self._threads.files.run(self._storage.hold_space)
        self._is_full = bool(self._blocked)  # the next batch may have found it full again meanwhile
