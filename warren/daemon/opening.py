"""A state directory, opened: locked, checked, recovered, and let go again."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from warren.aio.clock import Clock
from warren.aio.disk import Disk, RealDisk
from warren.aio.lifeline import resting_on
from warren.aio.offload import Thread
from warren.daemon.consensus import LogProposer, Machine, failure_of, translate
from warren.daemon.directory import (
    DIRECTORY_FORMAT,
    LONE_MEMBER,
    SEGMENT_BYTES,
    begin,
    place_of,
    read_format,
)
from warren.model.errors import CorruptState, Denied, NotFound, PermanentError, TransientError
from warren.model.ids import new_id
from warren.raft.core.settings import Settings
from warren.raft.errors import DiskFull, NotLeader, RaftError
from warren.raft.inspection import replay
from warren.raft.node.node import Node
from warren.raft.node.running import run_node
from warren.raft.node.writing import Threads
from warren.raft.replica.settings import ReplicaSettings
from warren.store.format1.takeover import take_over
from warren.store.lock import hold
from warren.store.machine import StoreMachine
from warren.store.outcome import Outcome
from warren.store.state import State
from warren.store.store import Store

READ_ATTEMPTS = 10
SETTINGS = ReplicaSettings(core=Settings(member=LONE_MEMBER))
_READ_PAUSE_SECONDS = 0.05
_LEAD_SECONDS = 30.0
_FULL_SECONDS = 2.0
_LEAD_PAUSE_SECONDS = 0.001
_CONSENSUS_DIRECTORY = "raft"


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that can be written.

    Attributes:
        store: see there.
        epoch: of whoever writes it: the term in which this member leads. Hosts refuse a lower one.
        node: the member itself.
    """

    store: Store
    epoch: int
    node: Node


@asynccontextmanager
async def open_store(
    directory: Path,
    *,
    clock: Clock,
    command: str = "warren",
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> AsyncIterator[Opened]:
    """Open the store that lives in ``directory`` as its only manager; it is made if there is none.

    When the disk fails, the block is ended: nothing that it does could be recorded any more.

    Args:
        directory: made with mode 0700.
        clock: for the lock's note and a new cluster's id.
        command: what others are told who find it locked; must hold no secret.
        random_bytes: for a new cluster's id, and for elections.

    Raises:
        Busy: another process holds it; the message says which.
        CorruptState: something acknowledged is damaged; says where.
        PermanentError: the directory cannot be used, or a newer Warren wrote it.
        TransientError: the disk is full.
    """
    make_id = partial(
        new_id, "cluster", now_ms=int(clock.now().timestamp() * 1000), random_bytes=random_bytes
    )
    async with AsyncExitStack() as stack:
        try:
            make_directory(directory)
            stack.enter_context(hold(directory, now=clock.now(), command=command))
            make_directory(directory / _CONSENSUS_DIRECTORY)
        except OSError as error:
            raise unusable(directory, error) from error
        threads = Threads(log=Thread("log"), files=Thread("files"), snapshots=Thread("snapshots"))
        stack.callback(threads.close)  # what fails before there is a member leaves them
        opening = open_on_disk(
            RealDisk(directory),
            RealDisk(directory / _CONSENSUS_DIRECTORY),
            make_id,
            clock=clock,
            threads=threads,
            called=str(directory),
            draw=partial(draw_below, random_bytes),
        )
        opened = await stack.enter_async_context(opening)
        try:
            async with resting_on(opened.node.failed):
                yield opened
        except RaftError as error:
            raise translate(error) from error


@asynccontextmanager
async def open_on_disk(
    disk: Disk,
    consensus: Disk,
    make_id: Callable[[], str],
    *,
    clock: Clock,
    threads: Threads,
    called: str,
    draw: Callable[[int], int],
    segment_bytes: int = SEGMENT_BYTES,
    settings: ReplicaSettings = SETTINGS,
) -> AsyncIterator[Opened]:
    """Open the store on disks that nobody else writes.

    Args:
        disk: the state directory, real or simulated.
        consensus: the directory of the log in it.
        make_id: makes the id of a new cluster.
        clock: for the log.
        threads: where what blocks runs.
        called: what messages call the directory.
        draw: ``draw(n)`` is a random number of [0, n).
        segment_bytes: size of the log's files.
        settings: of the lone member.
    """
    try:
        cluster_id = begin(disk, consensus, make_id, segment_bytes=segment_bytes)
    except OSError as error:
        raise unusable(Path(called), error) from error
    except RaftError as error:
        raise translate(error) from error
    machine = StoreMachine(State(), cluster_id)
    running = run_node(
        place_of(cluster_id, consensus, segment_bytes=segment_bytes),
        Machine(machine),
        settings,
        clock=clock,
        draw=draw,
        threads=threads,
    )
    async with AsyncExitStack() as stack:
        try:
            node = await stack.enter_async_context(running)
        except RaftError as error:
            raise translate(error) from error
        stack.callback(_hear, node.failed)
        try:
            await _lead(node, clock)
        except RaftError as error:
            raise failure_of(node.failed, error) from error
        store = Store(machine, LogProposer(node, machine))
        stack.callback(store.close)
        yield Opened(store, node.status.term, node)


def _hear(failed: "asyncio.Future[None]") -> None:
    """Every write has said so already; asyncio wants somebody to have heard."""
    if failed.done():
        failed.exception()


async def _lead(node: Node, clock: Clock) -> None:
    """Return when this member leads, and all that was ever acknowledged is applied.

    Raises:
        RaftError: it does not come to that.
    """
    full_deadline = clock.monotonic() + _FULL_SECONDS
    deadline = clock.monotonic() + _LEAD_SECONDS
    while True:
        try:
            await node.read(b"")
        except NotLeader:  # its own vote has to be on the disk first
            if node.failed.done():
                await node.failed
            if node.status.is_disk_full and clock.monotonic() > full_deadline:
                raise DiskFull(
                    "the disk is full: not even the vote of this manager for itself can be written",
                    retry_after_seconds=1.0,
                ) from None
            if clock.monotonic() > deadline:
                raise
            await clock.sleep(_LEAD_PAUSE_SECONDS)
        else:
            return


@asynccontextmanager
async def read_store(directory: Path, *, clock: Clock) -> AsyncIterator[Store]:
    """Read the store that lives in ``directory``, even while somebody else holds it.

    No lock is taken and nothing is written; what is recorded up to now is shown.

    Raises:
        NotFound: there is none.
        CorruptState: something acknowledged is damaged; says where.
        PermanentError: the directory cannot be used, or a newer Warren wrote it.
    """
    machine = await _read(directory, clock)
    store = Store(machine, _ReadOnly(directory))
    try:
        yield store
    finally:
        store.close()


class _ReadOnly:
    """Refuses every write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def propose(self, entry: bytes) -> Outcome:
        raise Denied(
            f"state directory {self._directory} was opened to be read ({len(entry)} bytes)"
        )


async def _read(directory: Path, clock: Clock) -> StoreMachine:
    for attempt in range(1, READ_ATTEMPTS + 1):
        try:
            return _read_once(directory)
        except (FileNotFoundError, CorruptState) as error:
            if not directory.is_dir():  # noqa: ASYNC240 - one call, as quick as the reading itself
                raise _missing(directory) from error
            # The holder may just be replacing files, or writing: look again.
            if attempt == READ_ATTEMPTS:
                if isinstance(error, CorruptState):
                    raise
                raise unusable(directory, error) from error
        except OSError as error:
            raise unusable(directory, error) from error
        except RaftError as error:
            raise translate(error) from error
        await clock.sleep(_READ_PAUSE_SECONDS)
    raise AssertionError("the last attempt returns or raises")


def _read_once(directory: Path) -> StoreMachine:
    disk = RealDisk(directory)
    found = read_format(disk)
    if found is None:
        raise _missing(directory)
    if found.version < DIRECTORY_FORMAT:
        return StoreMachine(take_over(disk, found.cluster_id)[0], found.cluster_id)
    machine = StoreMachine(State(), found.cluster_id)
    if found.is_begun:
        place = place_of(found.cluster_id, RealDisk(directory / _CONSENSUS_DIRECTORY))
        try:
            replay(place, Machine(machine))
        except RaftError as error:
            raise translate(error) from error
    return machine


def draw_below(random_bytes: Callable[[int], bytes], limit: int) -> int:
    """A random number of [0, ``limit``)."""
    return int.from_bytes(random_bytes(16), "big") % limit


def _missing(directory: Path) -> NotFound:
    return NotFound(
        f"there is no state in {directory}", hint="run a playbook first, or name its directory"
    )


def make_directory(directory: Path) -> None:
    """Make a directory that only its owner may enter, durably, with its parents.

    Raises:
        OSError: it cannot be made, or not be used.
    """
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:  # a synced file is lost all the same if its directory's name is
        RealDisk(each.parent).sync_directory()
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", str(directory))


def unusable(directory: Path, error: OSError) -> PermanentError | TransientError:
    """What the disk says of a directory or of a file in it, as callers of Warren know errors."""
    what = f"state directory {directory}: {error.strerror or error}"
    if error.errno in {28, 122}:  # ENOSPC, EDQUOT
        return TransientError(what, hint="free some space and try again", retry_after_seconds=5.0)
    return PermanentError(
        what, hint="name a directory that this user may write, or have its permissions changed"
    )
