"""Clients that ask, wait, and remember what they saw.

A client has one request under way. What was refused did not happen; what was not answered may have happened
or may happen yet. Either way the next request is a new one, at a member that may lead.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from tests.simulation.raft.registers import Request, decode_answer, encode_request
from warren.raft.errors import NotLeader, RaftError, SessionExpired, Uncertain
from warren.testing.linearizability import Operation
from warren.testing.schedule import Schedule

Answer = bytes | RaftError
ANSWER_WITHIN_US = 1_000_000


class Service(Protocol):
    """What clients can reach."""

    @property
    def running(self) -> list[int]: ...
    def ask(self, member: int, ticket: "Asked", command: bytes) -> bool:
        """Give a member a request. Whether it was there to take it."""
        ...


@dataclass(slots=True, eq=False)
class Asked:
    """A request under way.

    Attributes:
        client: whose it is.
        is_read: whether it goes past the log.
        called: the number of the event at which it was sent.
        is_over: whether the client no longer waits.
    """

    client: "Client"
    key: str
    request: Request
    is_read: bool
    called: int
    is_over: bool = False


class History:
    """What all clients saw, on one clock that never shows the same time twice."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._clock = 0

    def tick(self) -> int:
        """A time later than all before."""
        self._clock += 1
        return self._clock


class Client:
    """One client.

    Attributes:
        done: how many requests were answered.
        is_going: whether it begins anything new.
    """

    def __init__(
        self, number: int, service: Service, history: History, schedule: Schedule, chance: Random
    ) -> None:
        self.number = number
        self.done = 0
        self.is_going = True
        self.think_us = 10_000
        self.keys = 1
        self._service = service
        self._history = history
        self._schedule = schedule
        self._chance = chance
        self._target = 0
        self._count = 0

    def begin(self) -> None:
        """Ask for something, and go on with the next thing when that has ended."""
        if not self.is_going:
            return
        chance = self._chance
        running = self._service.running
        if self._target not in running:
            self._target = chance.choice(running) if running else 0
        self._count += 1
        key = f"k{chance.randrange(self.keys)}"
        request = self._draw_request()
        asked = Asked(self, key, request, request[0] == "read", self._history.tick())
        command = encode_request(key, request)
        if self._target and chance.random() < 0.1:
            self._target = chance.choice(running)
        self._schedule.after(ANSWER_WITHIN_US, lambda: self._give_up(asked))
        self._after_travel(lambda: self._arrive(asked, self._target, command))

    def answered(self, asked: Asked, answer: Answer) -> None:
        """The member says what became of it."""
        self._after_travel(lambda: self._learn(asked, answer))

    def _arrive(self, asked: Asked, member: int, command: bytes) -> None:
        if not asked.is_over and not self._service.ask(member, asked, command):
            self._learn(asked, NotLeader(f"nothing listens at member {member}"))

    def _learn(self, asked: Asked, answer: Answer) -> None:
        if asked.is_over:
            return
        if isinstance(answer, Uncertain | SessionExpired):
            self._give_up(asked)
        elif isinstance(answer, RaftError):
            asked.is_over = True
            self._target = answer.leader if isinstance(answer, NotLeader) else 0
            self._next(20_000)
        else:
            asked.is_over = True
            self.done += 1
            self._record(asked, decode_answer(answer), self._history.tick())
            self._next(self.think_us)

    def _give_up(self, asked: Asked) -> None:
        if asked.is_over:
            return
        asked.is_over = True
        self._target = 0
        if not asked.is_read:
            self._record(asked, None, None)
        self._next(self.think_us)

    def _record(self, asked: Asked, answer: Hashable, returned: int | None) -> None:
        self._history.operations.append(
            Operation(
                key=asked.key,
                request=asked.request,
                answer=answer,
                called=asked.called,
                returned=returned,
                client=self.number,
            )
        )

    def _draw_request(self) -> Request:
        chance, value = self._chance, self.number * 10_000 + self._count
        kind = chance.random()
        if kind < 0.4:
            return ("read",)
        if kind < 0.7:
            return ("append", value)
        if kind < 0.85:
            return ("write", value)
        return ("cas", chance.choice((None, value - 1)), value)

    def _next(self, wait_us: int) -> None:
        self._schedule.after(self._chance.randrange(2 * wait_us), self.begin)

    def _after_travel(self, call: Callable[[], None]) -> None:
        self._schedule.after(self._chance.randint(50, 2_000), call)
