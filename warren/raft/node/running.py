"""Making a node, and ending it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.aio.offload import Thread
from warren.raft.machine import StateMachine
from warren.raft.node.node import Node
from warren.raft.node.writing import Threads
from warren.raft.replica.replica import Replica
from warren.raft.replica.replicated import Replicated
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.storage import Place, Storage
from warren.raft.transport.guests import Receivers
from warren.raft.transport.transport import Transport


@asynccontextmanager
async def run_node(
    place: Place,
    machine: StateMachine,
    settings: ReplicaSettings,
    *,
    clock: Clock,
    draw: Callable[[int], int],
    connect: Callable[[Receivers], Transport] | None = None,
    listen: tuple[str, int] | None = None,
    members: Mapping[int, str] | None = None,
    threads: Threads | None = None,
) -> AsyncIterator[Node]:
    """Open what a member keeps, load its state, and let it take part until the block ends.

    ``Node.failed`` must be waited for beside whatever the block does.

    Args:
        place: where it keeps its things; begun by ``storage.bootstrap`` or ``storage.join``.
        machine: empty; it is loaded from the newest snapshot, the log follows.
        settings: its member is that of ``place``.
        clock: see there.
        draw: ``draw(n)`` is a random number of [0, n).
        connect: makes its connections; by default it has none and must be the only voter.
        listen: host and port.
        members: where others are, for a member that joins.
        threads: where what blocks runs; by default threads of its own.

    Raises:
        Damaged: something acknowledged is altered or missing; says what to do.
        DiskFull: what a crash left cannot be repaired for want of space.
        Unavailable: it cannot listen there.
        Broken: the disk failed.
    """
    assert settings.core.member == place.member, "one member"
    if threads is None:
        threads = Threads(log=Thread("log"), files=Thread("files"), snapshots=Thread("snapshots"))
    opened: list[Storage] = []

    def open_storage() -> Storage:
        opened.append(Storage(place))
        return opened[0]

    try:
        storage = await threads.snapshots.run(open_storage)
        replicated = Replicated(machine)
        await threads.snapshots.run(partial(storage.load, replicated))
        recovered = storage.recovered
        replica = Replica(
            settings,
            replicated,
            hard_state=recovered.hard_state,
            snapshot=recovered.snapshot,
            entries=recovered.entries,
            draw=draw,
            now_ms=int(clock.monotonic() * 1000),
        )
        async with Companions() as companions:
            node = Node(replica, replicated, storage, threads, clock=clock, companions=companions)
            try:
                async with _connected(node, connect, listen, members or replicated.members):
                    yield node
            finally:
                node.end()
    finally:
        # Without waiting here: whoever is cancelled may be cancelled again.
        if opened:
            threads.log.call(opened.pop().close, _ignore)
        threads.close()
        if opened:  # it was still being opened
            opened.pop().close()


@asynccontextmanager
async def _connected(
    node: Node,
    connect: Callable[[Receivers], Transport] | None,
    listen: tuple[str, int] | None,
    members: Mapping[int, str],
) -> AsyncIterator[None]:
    if connect is None:
        node.begin(None, members)
        yield
        return
    async with connect(node.receivers) as transport:
        if listen is not None:
            node.address = await transport.listen(*listen)
        node.begin(transport, members)
        yield


def _ignore(_result: None, _error: BaseException | None) -> None:
    """What was written is durable already."""
