"""A client of a cluster: finds the leader, tries again, and has each command carried out once.

A command that got no answer is sent again under its number; the members remember what became of it.
So what a caller sees is a result, a refusal, or that its own time has run out.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import TracebackType
from typing import Self as ThisType

from warren.aio.clock import Clock
from warren.raft.errors import (
    Incompatible,
    NotLeader,
    Overloaded,
    RaftError,
    SessionExpired,
    Unavailable,
    Uncertain,
)
from warren.raft.session import (
    UNACKNOWLEDGED_MAX,
    Command,
    OpenSession,
    Proposal,
    decode_number,
    encode_proposal,
)
from warren.raft.transport.calls import Calls
from warren.raft.transport.handshake import Self
from warren.raft.transport.security import Security

CONNECT_SECONDS = 1.0
ATTEMPT_SECONDS = 3.0
"""A member that says nothing for so long is asked again, or another one is."""
WINDOW = 2048
"""Commands under way at once."""


class RequestKind(IntEnum):
    """What members are asked over a connection for clients."""

    PROPOSE = 1
    """A ``session.Proposal``; the answer is its result."""
    READ = 2
    """A query for the state machine, answered linearizably."""
    STATUS = 3
    """Nothing; the answer tells how the member stands."""
    MEMBERS = 4
    """A change of membership."""


@dataclass(slots=True)
class _Attempt:
    """What one call has been through.

    Attributes:
        deadline: by the clock.
        is_uncertain: whether it may have been carried out although no answer came.
        failures: how often it was tried in vain.
        hints: the leaders it was referred to.
        strangers: the addresses where somebody else is, and what was said there.
        complaint: the last error that was not merely a referral to the leader.
    """

    deadline: float
    is_uncertain: bool = False
    failures: int = 0
    hints: set[str] = field(default_factory=set)
    strangers: dict[str, Incompatible] = field(default_factory=dict)
    complaint: Unavailable | None = None


class _Session:
    """The numbers of a session's commands."""

    def __init__(self, client: int) -> None:
        self._client = client
        self._sequence = 0
        self._unanswered: dict[int, None] = {}
        self._ended = asyncio.Event()

    async def begin(self, timeout_seconds: float) -> int:
        """A number for a command, when those before it are not too far behind.

        Raises:
            Unavailable: time ran out.
        """
        if self._is_full():
            try:
                async with asyncio.timeout(timeout_seconds):
                    while self._is_full():
                        self._ended.clear()
                        await self._ended.wait()
            except TimeoutError as error:
                raise Unavailable("a command long before this one has no answer") from error
        self._sequence += 1
        self._unanswered[self._sequence] = None
        return self._sequence

    def end(self, sequence: int) -> None:
        """Nobody wants the result of that command any more."""
        del self._unanswered[sequence]
        self._ended.set()

    def command(self, sequence: int, data: bytes) -> Command:
        """A command that has begun, as it is sent now."""
        return Command(self._client, sequence, next(iter(self._unanswered)), data)

    def _is_full(self) -> bool:
        first = next(iter(self._unanswered), self._sequence)
        return self._sequence + 1 - first >= UNACKNOWLEDGED_MAX


class Client:
    """Talks to whoever leads. An async context that ends with its connections closed.

    Args:
        addresses: of some members; the others are learned of as they lead.
        security: certificates.
        cluster: which; empty for whichever is there.
        clock: for deadlines and for waiting before trying again.
        random: in [0, 1), for the length of such waits.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        security: Security,
        *,
        cluster: str = "",
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        assert addresses, "a client needs an address"
        self._addresses = list(addresses)
        self._security = security
        self._cluster = cluster
        self._clock = clock
        self._random = random
        self._calls: dict[str, Calls] = {}
        self._current = self._addresses[0]
        self._session: _Session | None = None
        self._opening = asyncio.Lock()
        self._window = asyncio.Semaphore(WINDOW)

    async def __aenter__(self) -> ThisType:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await asyncio.gather(*(calls.end() for calls in self._calls.values()))

    async def propose(self, data: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Have a command carried out once, and return its result.

        Raises:
            Uncertain: time ran out; it may have been carried out, or may still be.
            Unavailable: time ran out before it was sent to anybody.
            Refused: it cannot be carried out; ``SessionExpired`` if that is not known any more.
        """
        attempt = self._attempt(timeout_seconds)
        session = await self._enter(attempt)
        try:
            try:
                return await self._command(session, data, attempt)
            except SessionExpired:
                if self._session is session:
                    self._session = None
                if attempt.is_uncertain:
                    raise
                # This command was refused for its session and no other try of it is under way.
            session = self._session or await self._open(attempt)
            return await self._command(session, data, attempt)
        finally:
            self._window.release()

    async def read(self, query: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Ask for what all completed commands add up to.

        Raises:
            Unavailable: time ran out.
            Refused: the query cannot be answered.
        """
        return await self.request(RequestKind.READ, query, timeout_seconds=timeout_seconds)

    async def request(self, kind: int, payload: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Ask the leader for something that may well be done twice.

        Raises:
            Unavailable: time ran out.
            Refused: it cannot be done.
        """
        return await self._ask(kind, lambda: payload, self._attempt(timeout_seconds))

    def close(self) -> None:
        """Close all connections without waiting for that."""
        for calls in self._calls.values():
            calls.close()

    async def end(self) -> None:
        """Close all connections, and wait for that."""
        for calls in self._calls.values():
            await calls.end()

    def _attempt(self, timeout_seconds: float) -> _Attempt:
        return _Attempt(self._clock.monotonic() + timeout_seconds)

    async def _enter(self, attempt: _Attempt) -> _Session:
        """Take a place among the commands under way; it is to be released."""
        if self._window.locked():
            try:
                async with asyncio.timeout(attempt.deadline - self._clock.monotonic()):
                    await self._window.acquire()
            except TimeoutError as error:
                raise Unavailable(f"{WINDOW} commands before this one have no answer") from error
        else:
            await self._window.acquire()
        if self._session is not None:
            return self._session
        try:
            return await self._open(attempt)
        except BaseException:
            self._window.release()
            raise

    async def _open(self, attempt: _Attempt) -> _Session:
        async with self._opening:
            if self._session is None:
                # Done twice, it leaves a session behind that nobody uses and that expires.
                opening = _Attempt(attempt.deadline)
                try:
                    result = await self._propose(OpenSession, opening)
                except Uncertain as error:  # but not whether the caller's command is carried out
                    raise Unavailable(str(error)) from error
                self._session = _Session(decode_number(result))
            return self._session

    async def _command(self, session: _Session, data: bytes, attempt: _Attempt) -> bytes:
        sequence = await session.begin(attempt.deadline - self._clock.monotonic())
        try:
            return await self._propose(lambda: session.command(sequence, data), attempt)
        finally:
            session.end(sequence)

    async def _propose(self, proposal: Callable[[], Proposal], attempt: _Attempt) -> bytes:
        return await self._ask(RequestKind.PROPOSE, lambda: encode_proposal(proposal()), attempt)

    async def _ask(self, kind: int, payload: Callable[[], bytes], attempt: _Attempt) -> bytes:
        while True:
            asked = self._current
            left = attempt.deadline - self._clock.monotonic()
            calls = self._calls.get(asked) or self._reach(asked)
            try:
                return await calls.request(
                    kind, payload(), timeout_seconds=min(left, ATTEMPT_SECONDS)
                )
            except Incompatible as error:
                attempt.strangers[asked] = error
                if attempt.strangers.keys() >= set(self._addresses):
                    raise
                self._rotate(asked)
            except Unavailable as error:
                wait_seconds = self._turn(asked, error, attempt)
                if self._clock.monotonic() + wait_seconds >= attempt.deadline:
                    raise _out_of_time(attempt.complaint or error, attempt) from error
                if wait_seconds:
                    await self._clock.sleep(wait_seconds)

    def _turn(self, asked: str, error: Unavailable, attempt: _Attempt) -> float:
        """Choose whom to ask next, and how long to wait before."""
        attempt.failures += 1
        attempt.is_uncertain = attempt.is_uncertain or isinstance(error, Uncertain)
        if not (isinstance(error, NotLeader) and error.address):
            attempt.complaint = error
        wait_seconds = error.retry_after_seconds * (0.1 + 0.4 * self._random())
        if isinstance(error, Overloaded):
            return wait_seconds
        if isinstance(error, NotLeader) and error.address and error.address not in attempt.hints:
            attempt.hints.add(error.address)  # two that refer to each other are soon found out
            if error.address not in self._addresses:
                self._addresses.append(error.address)
            self._current = error.address
            return 0.0
        self._rotate(asked)
        return wait_seconds if attempt.failures > 1 else 0.0

    def _rotate(self, asked: str) -> None:
        if self._current == asked:  # else another request has found out already
            place = self._addresses.index(asked)
            self._current = self._addresses[(place + 1) % len(self._addresses)]

    def _reach(self, address: str) -> Calls:
        calls = self._calls[address] = Calls(
            address,
            self._security,
            Self(cluster=self._cluster, member=0),
            timeout_seconds=CONNECT_SECONDS,
        )
        return calls


def _out_of_time(error: Unavailable, attempt: _Attempt) -> RaftError:
    if attempt.is_uncertain and not isinstance(error, Uncertain):
        return Uncertain(f"time ran out, an earlier try may have succeeded; last: {error}")
    return error
