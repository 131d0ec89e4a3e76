"""A manager as it runs: its data directory held, its part in the consensus, its reception.

It ends when it is told to, when it was removed, or when its member cannot go on. Told to, a leader
first lets another one lead, so that nobody has to wait for an election.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import SystemRandom

from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.api.serving import Places, Setting, serve
from warren.daemon.consensus import LogProposer, Machine, translate
from warren.daemon.embedded import ENGINES
from warren.daemon.manager.authority import RandomBytes, Signing, issue
from warren.daemon.manager.controlling import Controller
from warren.daemon.manager.credentials import Credentials
from warren.daemon.manager.hosts import HostSurveyor, reach_by
from warren.daemon.manager.leading import promote_newcomers
from warren.daemon.manager.metrics import measure
from warren.daemon.manager.office import Office, Tools
from warren.daemon.manager.probes import Probes, look
from warren.daemon.manager.reception import Reception
from warren.daemon.manager.replica import Replica, SpecRules
from warren.daemon.manager.seat import Quarters, Seat, with_port
from warren.daemon.opening import draw_below, unusable
from warren.daemon.session import new_pool
from warren.daemon.targets import Reach
from warren.model.errors import PermanentError, WarrenError
from warren.model.ids import new_id
from warren.pki.identity import Identity
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import RaftError
from warren.raft.node.memory import settle_memory
from warren.raft.node.node import Node
from warren.raft.node.running import run_node
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.transport.guests import Receivers
from warren.raft.transport.handshake import Self
from warren.raft.transport.transport import Transport
from warren.store.machine import StoreMachine
from warren.store.state import State
from warren.store.store import Store

RENEW_SECONDS = 3600.0
"""How often the certificate is looked at."""
RENEW_SECONDS_MIN = 60.0
"""How soon again if it could not be renewed."""
WATCH_SECONDS = 0.5
HAND_OVER_SECONDS = 3.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A manager that runs.

    Attributes:
        seat: who it is.
        node: its member.
        store: the record.
        credentials: what it shows.
    """

    seat: Seat
    node: Node
    store: Store
    credentials: Credentials


@asynccontextmanager
async def open_manager(
    quarters: Quarters,
    *,
    clock: Clock,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> AsyncIterator[Running]:
    """Let the manager of a data directory, which the caller holds, take part until the block ends.

    ``Node.failed`` is to be waited for beside whatever the block does.

    Raises:
        NotFound: there is no manager.
        Denied: it was removed from its cluster.
        CorruptState: something acknowledged is damaged; says where.
        PermanentError: an address or the directory cannot be used.
        TransientError: the disk is full.
    """
    seat = quarters.read()
    quarters.check_not_removed(seat)
    machine = StoreMachine(State(), seat.cluster_id)

    def is_removed(member: int) -> bool:
        rows = machine.state.tables["authority"].rows()
        return any(member in row["removed_members"] for row in rows.values())

    async with AsyncExitStack() as stack:
        try:
            credentials = Credentials(quarters, seat, is_removed=is_removed)
            running = run_node(
                quarters.place(seat),
                Machine(machine),
                ReplicaSettings(core=Settings(member=seat.member)),
                clock=clock,
                draw=partial(draw_below, random_bytes),
                connect=partial(_connect, seat, credentials, clock),
                listen=(seat.addresses.listen_host, seat.addresses.peer_port),
                members=seat.peers,
            )
            node = await stack.enter_async_context(running)
        except RaftError as error:
            raise translate(error) from error
        except OSError as error:
            raise unusable(quarters.directory, error) from error
        store = Store(machine, LogProposer(node, machine))
        stack.callback(store.close)
        manager = Running(seat=seat, node=node, store=store, credentials=credentials)
        pool = await stack.enter_async_context(new_pool())
        reach = reach_by(seat.inventory, pool)
        await _answer(stack, manager, quarters, reach, clock, random_bytes)
        companions = await stack.enter_async_context(Companions())
        companions.start(promote_newcomers(node, clock))
        controller = Controller(node=node, store=store, reach=reach, clock=clock)
        companions.start(controller.run())
        companions.start(_renew(manager, quarters, clock))
        settle_memory()
        yield manager


async def _answer(  # noqa: PLR0917 - all that a manager is made of
    stack: AsyncExitStack,
    manager: Running,
    quarters: Quarters,
    reach: Reach,
    clock: Clock,
    random_bytes: RandomBytes,
) -> None:
    """Listen at all ports but that of the consensus."""
    seat, node, store, credentials = manager.seat, manager.node, manager.store, manager.credentials
    addresses = seat.addresses
    tools = Tools(
        store=store,
        node=node,
        context=credentials.client,
        unlock=quarters.unlock_key,
        clock=clock,
        random_bytes=random_bytes,
        address=addresses.join,
        api_address=addresses.api,
    )
    reception = Reception(Office(tools).answer, credentials, credentials.keys().authority)
    probes = Probes(partial(look, node, store), partial(measure, node, store, credentials))
    listen = addresses.listen_host
    for listening in (
        reception.listening(listen, addresses.join_port, quarters.control),
        probes.listening(addresses.probe_host, addresses.probe_port),
        _api(manager, quarters, reach, clock, random_bytes),
    ):
        await stack.enter_async_context(listening)


async def run_manager(
    quarters: Quarters, *, clock: Clock, told: asyncio.Event, ready: Callable[[Running], None]
) -> None:
    """Be the manager of a data directory until ``told`` is set or the manager was removed.

    Args:
        quarters: the data directory, which the caller holds.
        clock: see there.
        told: set it to have the manager end.
        ready: called when it takes part.

    Raises:
        WarrenError: it cannot begin, or not go on; says why.
    """
    async with open_manager(quarters, clock=clock) as manager:
        ready(manager)
        async with Companions() as companions:
            removed = asyncio.Event()
            companions.start(_notice_removal(manager, clock, removed))
            await _first(companions, manager.node, told, removed)
        if removed.is_set():
            quarters.mark_removed()
            _log.warning("this manager was removed from the cluster, and ends")
            return
        await _leave(manager)


async def _first(
    companions: Companions, node: Node, told: asyncio.Event, removed: asyncio.Event
) -> None:
    """Return when an event is set.

    Raises:
        WarrenError: the member cannot go on.
    """
    ended = asyncio.Event()

    async def await_event(event: asyncio.Event) -> None:
        await event.wait()
        ended.set()

    companions.start(await_event(told))
    companions.start(await_event(removed))
    node.failed.add_done_callback(lambda _future: ended.set())
    await ended.wait()
    if node.failed.done():
        error = node.failed.exception()
        if isinstance(error, RaftError):
            raise translate(error) from error
        raise PermanentError(f"this manager cannot go on: {error!r}") from error


async def _leave(manager: Running) -> None:
    status = manager.node.status
    if status.role is Role.LEADER and len(status.configuration.voters) > 1:
        is_over = await manager.node.hand_over(timeout_seconds=HAND_OVER_SECONDS)
        _log.info("the leadership is handed over" if is_over else "nobody took over to lead")


async def _notice_removal(manager: Running, clock: Clock, removed: asyncio.Event) -> None:
    """Set ``removed`` once this manager does not take part any more, having taken part before."""
    was_member = False
    while True:
        is_member = manager.seat.member in manager.node.status.configuration.members
        if was_member and not is_member:
            removed.set()
            return
        was_member = was_member or is_member
        await clock.sleep(WATCH_SECONDS)


async def _renew(manager: Running, quarters: Quarters, clock: Clock) -> None:
    seat = manager.seat

    def sign(request: bytes, identity: Identity) -> bytes:
        return issue(
            manager.store,
            quarters.unlock_key(),
            request,
            identity,
            now=clock.now(),
            addresses=seat.addresses.certified,
        )

    while True:
        wait_seconds = RENEW_SECONDS
        try:
            if manager.credentials.renew(sign, now=clock.now()):
                until = manager.credentials.certificate.not_valid_after_utc
                _log.info("the certificate is renewed, until %s", until.isoformat())
        except WarrenError as error:
            wait_seconds = RENEW_SECONDS_MIN
            _log.error("the certificate cannot be renewed: %s", error)
        await clock.sleep(wait_seconds)


def _api(
    manager: Running, quarters: Quarters, reach: Reach, clock: Clock, random_bytes: RandomBytes
) -> AbstractAsyncContextManager[object]:
    addresses = manager.seat.addresses

    def make_id(kind: str) -> str:
        now_ms = int(clock.now().timestamp() * 1000)
        return new_id(kind, now_ms=now_ms, random_bytes=random_bytes)

    return serve(
        Places(
            address=with_port(addresses.listen_host, addresses.api_port),
            socket=Path(addresses.socket) if addresses.socket else quarters.api_socket,
            join_address=with_port(addresses.listen_host, addresses.token_port),
        ),
        Setting(
            recorder=Replica(manager.node, manager.store),
            rules=SpecRules(ENGINES),
            keys=manager.credentials.keys,
            clock=clock,
            new_id=make_id,
            is_revoked=manager.credentials.is_revoked,
            surveyor=HostSurveyor(cluster_id=manager.seat.cluster_id, reach=reach, clock=clock),
            signer=Signing(manager.store, quarters.unlock_key),
            random_bytes=random_bytes,
        ),
    )


def _connect(seat: Seat, credentials: Credentials, clock: Clock, receivers: Receivers) -> Transport:
    return Transport(
        Self(cluster=seat.cluster_id, member=seat.member),
        credentials.security,
        receivers,
        clock=clock,
        random=SystemRandom().random,
    )
