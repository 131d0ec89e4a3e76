"""The reads that wait, and the numbered rounds in which a leader makes sure that it still leads."""

from collections import deque
from dataclasses import dataclass

Request = tuple[int, int]
"""Who asks, and its own number for what it asks."""


@dataclass(frozen=True, slots=True)
class Round:
    """Reads at ``index`` that wait until a quorum has answered this round or a later one."""

    number: int
    index: int
    requests: list[Request]


class Reads:
    """The reads a member has taken, and what it knows about those of its term.

    Attributes:
        waiting: for the next round, or to be passed on to the leader.
        rounds: under way, oldest first.
        number: of the last round of this term.
        acknowledged: the last round that each member answered.
        ticks: since the term began.
        begun: the tick at which each round began that is not confirmed yet; kept for leases only.
        leased_at: the tick at which the last confirmed round began.
        forwarded: what the leader was asked in one message, by the number of that message: the tick,
            and the contexts.
    """

    __slots__ = (
        "acknowledged",
        "begun",
        "forwarded",
        "leased_at",
        "number",
        "rounds",
        "ticks",
        "waiting",
    )

    def __init__(self) -> None:
        self._begin_term()

    def begin(self, *, leased: bool) -> int:
        """A number that no round of this term had."""
        self.number += 1
        if leased:
            self.begun.append((self.number, self.ticks))
        return self.number

    def acknowledge(self, member: int, number: int) -> None:
        """A member answered a round, and thereby all before it."""
        if number > self.acknowledged.get(member, 0):
            self.acknowledged[member] = number

    def confirm(self, number: int) -> list[Round]:
        """A quorum answered a round: take out all that are settled."""
        settled = []
        while self.rounds and self.rounds[0].number <= number:
            settled.append(self.rounds.popleft())
        while self.begun and self.begun[0][0] <= number:
            self.leased_at = self.begun.popleft()[1]
        return settled

    def expire(self, before: int) -> list[int]:
        """Give up what was passed on before a tick: the message or its answer was lost."""
        late = [number for number, (tick, _) in self.forwarded.items() if tick < before]
        return [context for number in late for context in self.forwarded.pop(number)[1]]

    def clear(self, member: int) -> list[int]:
        """Forget all; the contexts of ``member`` that nobody will answer."""
        requests = [*self.waiting]
        for asked in self.rounds:
            requests += asked.requests
        dropped = [context for requester, context in requests if requester == member]
        for _, contexts in self.forwarded.values():
            dropped += contexts
        self._begin_term()
        return dropped

    def _begin_term(self) -> None:
        self.waiting: list[Request] = []
        self.rounds: deque[Round] = deque()
        self.number = 0
        self.acknowledged: dict[int, int] = {}
        self.ticks = 0
        self.begun: deque[tuple[int, int]] = deque()
        self.leased_at = -1
        self.forwarded: dict[int, tuple[int, list[int]]] = {}
