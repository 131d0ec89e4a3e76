"""A client of a cluster: finds the leader, tries again, and has each command carried out once.

A command that got no answer is sent again under its number; the members remember what became of it.
So what a caller sees is a result, a refusal, or that its own time has run out.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import IntEnum

from warren.aio.clock import Clock
from warren.raft.errors import NotLeader, RaftError, Unavailable, Uncertain
from warren.raft.session import Command, OpenSession, Proposal, decode_number, encode_proposal
from warren.raft.transport.calls import Calls
from warren.raft.transport.handshake import Self
from warren.raft.transport.security import Security

CONNECT_SECONDS = 1.0
ATTEMPT_SECONDS = 5.0
"""A member that says nothing for so long is asked again, or another one is."""
WINDOW = 2048
"""Commands under way at once; the members remember somewhat more."""


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


class Client:
    """Talks to whoever leads.

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
        self._client = 0
        self._opening = asyncio.Lock()
        self._sequence = 0
        self._unanswered: dict[int, None] = {}
        self._window = asyncio.Semaphore(WINDOW)

    async def propose(self, data: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Have a command carried out once, and return its result.

        Raises:
            Uncertain: time ran out; it may have been carried out, or may still be.
            Unavailable: time ran out before it was sent to anybody.
            Refused: it cannot be carried out; ``SessionExpired`` if that is not known any more.
        """
        deadline = self._clock.monotonic() + timeout_seconds
        async with self._window:
            if not self._client:
                await self._open(deadline)
            self._sequence += 1
            sequence = self._sequence
            self._unanswered[sequence] = None
            try:
                return await self._command(sequence, data, deadline)
            finally:
                del self._unanswered[sequence]

    async def read(self, query: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Ask for what all completed commands add up to.

        Raises:
            Unavailable: time ran out.
            Refused: the query cannot be answered.
        """
        deadline = self._clock.monotonic() + timeout_seconds
        return await self._ask(RequestKind.READ, lambda: query, deadline)

    async def request(self, kind: int, payload: bytes, *, timeout_seconds: float = 30.0) -> bytes:
        """Ask the leader for something that may well be done twice.

        Raises:
            Unavailable: time ran out.
            Refused: it cannot be done.
        """
        deadline = self._clock.monotonic() + timeout_seconds
        return await self._ask(kind, lambda: payload, deadline)

    def close(self) -> None:
        """Close all connections."""
        for calls in self._calls.values():
            calls.close()

    async def _open(self, deadline: float) -> None:
        async with self._opening:
            if not self._client:
                # Done twice, it leaves a session behind that nobody uses and that expires.
                result = await self._propose(OpenSession, deadline)
                self._client = decode_number(result)

    async def _command(self, sequence: int, data: bytes, deadline: float) -> bytes:
        def command() -> Command:
            acknowledged = next(iter(self._unanswered))
            return Command(self._client, sequence, acknowledged, data)

        return await self._propose(command, deadline)

    async def _propose(self, proposal: Callable[[], Proposal], deadline: float) -> bytes:
        return await self._ask(RequestKind.PROPOSE, lambda: encode_proposal(proposal()), deadline)

    async def _ask(self, kind: int, payload: Callable[[], bytes], deadline: float) -> bytes:
        is_uncertain = False
        while True:
            address = self._current
            left = max(deadline - self._clock.monotonic(), 0.0)
            try:
                return await self._to(address).request(
                    kind, payload(), timeout_seconds=min(left, ATTEMPT_SECONDS)
                )
            except Unavailable as error:
                is_uncertain = is_uncertain or isinstance(error, Uncertain)
                wait_seconds = self._turn(address, error)
                if self._clock.monotonic() + wait_seconds >= deadline:
                    raise _out_of_time(error, is_uncertain=is_uncertain) from error
                await self._clock.sleep(wait_seconds)

    def _turn(self, asked: str, error: Unavailable) -> float:
        """Choose whom to ask next, and how long to wait before."""
        if self._current != asked:
            return 0.0  # another request has found out already
        if isinstance(error, NotLeader) and error.address and error.address != asked:
            if error.address not in self._addresses:
                self._addresses.append(error.address)
            self._current = error.address
            return 0.0
        place = self._addresses.index(asked)
        self._current = self._addresses[(place + 1) % len(self._addresses)]
        return error.retry_after_seconds * (0.1 + 0.4 * self._random())

    def _to(self, address: str) -> Calls:
        calls = self._calls.get(address)
        if calls is None:
            calls = self._calls[address] = Calls(
                address,
                self._security,
                Self(cluster=self._cluster, member=0),
                timeout_seconds=CONNECT_SECONDS,
            )
        return calls


def _out_of_time(error: Unavailable, *, is_uncertain: bool) -> RaftError:
    if is_uncertain and not isinstance(error, Uncertain):
        return Uncertain(f"time ran out, an earlier try may have succeeded; last: {error}")
    return error
