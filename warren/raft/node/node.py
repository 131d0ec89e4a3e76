"""A member on an event loop.

What comes in (messages, requests, finished writes, time) is handed to the replica as it comes; once per
turn of the loop all that follows from it is carried out. That is done by callbacks and not by a task: no
caller that is cancelled can leave a step half done, and a step that fails ends the member. Whoever runs
a node must wait for ``failed``, too, and end the process with it.
"""

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.raft.client import RequestKind
from warren.raft.core.entry import NONE
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.core.ready import Role
from warren.raft.errors import RaftError, Refused, Unavailable, Uncertain
from warren.raft.machine import Restoring
from warren.raft.node import exchange
from warren.raft.node.exchange import Inbound
from warren.raft.node.statistics import Statistics
from warren.raft.node.writing import Listeners, Threads, Writing
from warren.raft.replica.membership import MembershipRequest, decode_request, encode_request
from warren.raft.replica.outbox import Answer, Divergence, Outbox, SaveSnapshot
from warren.raft.replica.replica import Replica
from warren.raft.replica.replicated import Replicated
from warren.raft.replica.status import Status
from warren.raft.session import Plain, decode_number, encode_proposal
from warren.raft.storage import Storage
from warren.raft.transport.guests import Receivers
from warren.raft.transport.transport import Transport

LEAVE_SECONDS = 1.0
"""For how long a member that was removed is still sent to, so that it learns of it."""
LAG_SECONDS = 0.1
"""A loop that is late by so much is worth a line in the log: an election may follow."""

_log = logging.getLogger(__name__)
_encode_status = msgspec.msgpack.Encoder().encode


class Node:
    """A member that runs; ``running.run_node`` makes one.

    Args:
        replica: see there.
        replicated: its state.
        storage: what it keeps.
        threads: where what blocks runs.
        clock: monotonic time is what counts.
        companions: where what takes longer runs.

    Attributes:
        failed: ends with the reason why this process must stop.
        statistics: what was measured.
        divergences: the last differences from a leader's state that were found.
        address: where it listens, empty if it does not.
    """

    def __init__(
        self,
        replica: Replica,
        replicated: Replicated,
        storage: Storage,
        threads: Threads,
        *,
        clock: Clock,
        companions: Companions,
    ) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.statistics = Statistics()
        self.divergences: deque[Divergence] = deque(maxlen=10)
        self.address = ""
        self._loop = asyncio.get_running_loop()
        self._replica = replica
        self._storage = storage
        self._threads = threads
        self._clock = clock
        self._companions = companions
        self._transport: Transport | None = None
        self._members: Mapping[int, str] = {}
        self._waiters: set[asyncio.Future[bytes]] = set()
        self._is_turn_due = False
        self._is_in_turn = False
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0
        self._writing = Writing(
            storage,
            threads,
            Listeners(
                on_written=self._written,
                on_full=self._set_disk_full,
                on_failed=self._fail,
                start=self._start,
            ),
            clock=clock,
            durations=self.statistics.writes,
        )
        self._inbound = Inbound(
            storage,
            threads.snapshots,
            restore=replicated.restore,
            is_wanted=self._wants,
            on_received=self._received,
            on_full=self._writing.tell_full,
            on_failed=self._fail,
        )

    @property
    def receivers(self) -> Receivers:
        """What the transport is to call."""
        return Receivers(
            on_messages=self._take_messages,
            on_lost=partial(self._tell, self._replica.connection_lost),
            on_unreachable=partial(self._tell, self._replica.unreachable),
            on_request=self.serve,
            open_sink=self._inbound.open_sink,
        )

    @property
    def status(self) -> Status:
        """How things stand."""
        return self._replica.status

    def begin(self, transport: Transport | None, members: Mapping[int, str]) -> None:
        """Start working.

        Args:
            transport: to the others; ``None`` for a member that is alone.
            members: where others are, until this member knows by itself.
        """
        self._transport = transport
        if transport is not None:
            transport.set_peers(members)
        self._writing.begin()
        self._turn()

    def end(self) -> None:
        """Stop working; nothing that was begun is answered any more."""
        self._is_over = True
        self._writing.end()
        if self._timer is not None:
            self._timer.cancel()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(Uncertain("this member stops: it may or may not take effect"))

    async def propose(self, data: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Have a command carried out, wherever the leader is, and return its result.

        Raises:
            Uncertain: it may have been carried out, or may still be.
            Unavailable: it was not and will not be carried out; try again.
            Refused: it cannot be.
        """
        payload = encode_proposal(Plain(data))
        return await self._request(RequestKind.PROPOSE, payload, timeout_seconds)

    async def read(self, query: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Ask this member's state machine about a state that no completed command is missing from.

        Raises:
            Unavailable: there is no leader who could say which that is; try again.
        """
        return await self._locally(RequestKind.READ, query, timeout_seconds)

    async def change(self, request: MembershipRequest, *, timeout_seconds: float = 30.0) -> int:
        """Change who takes part, and return the id of the member.

        Raises:
            Uncertain: it may have been done, or may still be; asking again does no harm.
            Unavailable: it cannot be done now.
            Refused: it makes no sense.
        """
        payload = encode_request(request)
        return decode_number(await self._request(RequestKind.MEMBERS, payload, timeout_seconds))

    async def hand_over(self, to: int = NONE, *, timeout_seconds: float = 1.0) -> bool:
        """Let another member lead, the best one unless one is named. Whether this one leads no more."""
        deadline = self._clock.monotonic() + timeout_seconds
        while self._replica.core.role is Role.LEADER:
            if self._clock.monotonic() >= deadline:
                return False
            try:
                self._replica.transfer(to)
            except RaftError as error:
                _log.warning("%s", error)
                return False
            self._schedule()
            await self._clock.sleep(0.01)
        return True

    def serve(self, kind: int, payload: bytes, reply: Callable[[Answer], None]) -> None:
        """Take a request; ``reply`` is called once, perhaps at once."""
        if self._is_over:
            reply(Unavailable("this member stops"))
            return
        try:
            self._serve(kind, payload, reply)
        except Exception as error:  # noqa: BLE001 - as in _or_fail, which costs too much here
            self._fail(error)
        self._schedule()

    def _serve(self, kind: int, payload: bytes, reply: Callable[[Answer], None]) -> None:
        if kind == RequestKind.PROPOSE:
            self._replica.propose(reply, payload)
        elif kind == RequestKind.READ:
            self._replica.read(reply, payload)
        elif kind == RequestKind.STATUS:
            reply(_encode_status(self.status))
        elif kind == RequestKind.MEMBERS:
            try:
                self._replica.change(reply, decode_request(payload))
            except msgspec.DecodeError as error:
                reply(Refused(f"a change of membership cannot be understood ({error})"))
        else:
            reply(Refused(f"requests of kind {kind} are unknown here"))

    async def _request(self, kind: RequestKind, payload: bytes, timeout_seconds: float) -> bytes:
        core, transport = self._replica.core, self._transport
        if transport is None or core.role is Role.LEADER or core.leader == NONE:
            return await self._locally(kind, payload, timeout_seconds)
        return await transport.request(core.leader, kind, payload, timeout_seconds=timeout_seconds)

    async def _locally(self, kind: RequestKind, payload: bytes, timeout_seconds: float) -> bytes:
        if self._is_over:
            raise Unavailable("this member stops")
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        self._waiters.add(waiter)
        late = "nothing was decided in time"
        error = Unavailable(late) if kind is RequestKind.READ else Uncertain(late)
        timer = self._loop.call_later(timeout_seconds, _settle, waiter, error)
        try:
            self.serve(kind, payload, partial(_settle, waiter))
            return await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)

    def _take_messages(self, messages: Sequence[Message]) -> None:
        if self._is_over:
            return
        receive = self._replica.receive
        try:
            for message in messages:
                receive(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, this member cannot go on
            self._fail(error)
        self._turn_now()

    def _tell(self, input_: Callable[[int], None], peer: int) -> None:
        with self._or_fail():
            self._replica.tick(self._now_ms())
            input_(peer)
        self._schedule()

    def _wants(self, message: MsgSnap) -> bool:
        if message.snapshot.index > self._replica.core.commit:
            return True
        self._take_messages([message])  # the leader is to learn that it is here
        return False

    def _received(self, message: MsgSnap, restoring: Restoring) -> None:
        # Whoever received it only hears that it was in vain; this member must hear, too.
        if self._is_over:
            raise Unavailable("this member stops")
        try:
            self._replica.snapshot_received(message, restoring)
        except Exception as error:
            self._fail(error)
            raise
        self._schedule()

    def _written(self, batches: Sequence[MsgStorageAppend]) -> None:
        try:
            for batch in batches:
                self._replica.written(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, this member cannot go on
            self._fail(error)
        self._turn_now()

    def _set_disk_full(self, is_full: bool) -> None:  # noqa: FBT001 - a state
        with self._or_fail():
            self._replica.set_disk_full(is_full)
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_turn_due:
            self._is_turn_due = True
            self._loop.call_soon(self._turn_if_due)

    def _turn_if_due(self) -> None:
        if self._is_turn_due:
            self._turn()

    def _turn_now(self) -> None:
        # What others wait for goes at once; what they ask for waits to be joined by more.
        if self._is_in_turn:
            self._schedule()
        else:
            self._turn()

    def _turn(self) -> None:
        self._is_turn_due = False
        if self._is_over:
            return
        self._is_in_turn = True
        start = self._clock.monotonic()
        try:
            self._replica.tick(int(start * 1000))
            self._carry_out(self._replica.collect())
        except Exception as error:  # noqa: BLE001 - whatever it is, this member cannot go on
            self._fail(error)
        self._is_in_turn = False
        if self._is_over:
            return
        end = self._clock.monotonic()
        self.statistics.turns.add(end - start)
        self._arm(end)

    def _carry_out(self, outbox: Outbox) -> None:
        if outbox.messages and self._transport is not None:
            self._transport.send(outbox.messages)
        if outbox.writes:
            self._writing.add(outbox.writes)
        for reply, answer in outbox.answers:
            reply(answer)  # type: ignore[operator]  # all tickets are replies
        if outbox.save is not None:
            self._start(partial(self._save, outbox.save))
        for message in outbox.send_snapshots:
            self._start(partial(self._send_snapshot, message))
        if outbox.members is not None:
            self._follow_members(outbox.members)
        for divergence in outbox.divergences:
            _log.critical(
                "the state of this member differs from the leader's at entry %d (%s, %s there): one of "
                "them is wrong; compare them, remove the wrong member and let it join again",
                divergence.index,
                divergence.own.hex(),
                divergence.leaders.hex(),
            )
            self.divergences.append(divergence)
        if outbox.more:
            self._schedule()

    def _follow_members(self, members: Mapping[int, str]) -> None:
        if self._transport is not None:
            self._transport.set_peers({**self._members, **members})
            self._loop.call_later(LEAVE_SECONDS, self._part)
        self._members = members

    def _part(self) -> None:
        if self._transport is not None and not self._is_over:
            self._transport.set_peers(self._members)

    async def _save(self, job: SaveSnapshot) -> None:
        ok = await exchange.save(
            job,
            self._storage,
            self._threads,
            self._writing,
            clock=self._clock,
            durations=self.statistics.snapshots,
        )
        self._replica.snapshot_saved(job.meta, ok=ok)
        self._schedule()
        if ok:
            await exchange.tidy(job, self._storage, self._threads)

    async def _send_snapshot(self, message: MsgSnap) -> None:
        if self._transport is not None:
            ok = await exchange.send(
                message, self._storage, self._threads.snapshots, self._transport
            )
            self._replica.snapshot_sent(message.to, ok=ok)
            self._schedule()

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # What is cancelled before its first step must not leave a coroutine that nobody awaits.
        self._companions.start(self._guard(work))

    async def _guard(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with self._or_fail():
            await work()

    @contextmanager
    def _or_fail(self) -> Iterator[None]:
        # Raised into a callback of the loop, an error would only be logged.
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, this member cannot go on
            self._fail(error)

    def _arm(self, now_seconds: float) -> None:
        wake_ms = self._replica.wake_ms
        if self._timer is not None:
            if wake_ms >= self._armed_ms:
                return
            self._timer.cancel()
        self._armed_ms = wake_ms
        self._timer = self._loop.call_later(max(0.0, wake_ms / 1000 - now_seconds), self._wake)

    def _wake(self) -> None:
        self._timer = None
        lag_seconds = self._clock.monotonic() - self._armed_ms / 1000
        self.statistics.lags.add(max(0.0, lag_seconds))
        if lag_seconds > LAG_SECONDS and self._transport is not None:  # alone, nobody waits
            _log.warning("the loop of this member was busy or stopped for %.3f s", lag_seconds)
        self._turn()

    def _now_ms(self) -> int:
        return int(self._clock.monotonic() * 1000)

    def _fail(self, error: BaseException) -> None:
        if not self.failed.done():
            _log.critical("this member cannot go on, its process must stop: %s", _describe(error))
            self.failed.set_exception(error)
        self.end()


def _describe(error: BaseException) -> str:
    if isinstance(error, RaftError):
        return str(error)
    # A defect, whose words may hold something of an entry.
    *_, frame = traceback.extract_tb(error.__traceback__) or [None]
    where = f" at {Path(frame.filename).name}:{frame.lineno}" if frame is not None else ""
    return type(error).__name__ + where


def _settle(waiter: "asyncio.Future[bytes]", answer: Answer) -> None:
    if waiter.done():
        return
    if isinstance(answer, RaftError):
        waiter.set_exception(answer)
    else:
        waiter.set_result(answer)
