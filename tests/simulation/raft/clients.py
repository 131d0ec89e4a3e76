"""Clients that ask, wait, and remember what they saw.

Some open a session and send a command again until they know what became of it: it must have taken effect
once. The others send each command once: what was refused did not happen, and what was not answered may have
happened or may happen yet.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from tests.simulation.raft.dialects import Dialect
from tests.simulation.raft.registers import Request
from warren.raft.errors import NotLeader, Refused, SessionExpired, Uncertain
from warren.raft.replica.outbox import Answer
from warren.raft.session import (
    Command,
    OpenSession,
    Plain,
    decode_number,
    encode_proposal,
)
from warren.testing.linearizability import Operation
from warren.testing.schedule import Schedule

ANSWER_WITHIN_US = 1_000_000
RETRY_US = 20_000
READS = 0.4


class Service(Protocol):
    """What clients can reach."""

    @property
    def running(self) -> list[int]: ...
    def ask(self, member: int, ticket: "Attempt", payload: bytes) -> bool:
        """Give a member a request. Whether it was there to take it."""
        ...


@dataclass(slots=True, eq=False)
class Attempt:
    """A request on its way to one member, and back.

    Attributes:
        client: who waits.
        is_read: whether it goes past the log.
        learn: called with the answer, or nothing if none came in time.
        is_over: whether nobody waits for it any more.
    """

    client: "Client"
    is_read: bool
    learn: Callable[[Answer | None], None]
    is_over: bool = False


@dataclass(slots=True)
class Session:
    """A client's number, and its commands that have no answer yet."""

    client: int = 0
    last: int = 0
    open: list[int] = field(default_factory=list)

    def next(self) -> int:
        """Number a command."""
        self.last += 1
        self.open.append(self.last)
        return self.last

    @property
    def acknowledged(self) -> int:
        """Below that number all answers have come."""
        return min(self.open, default=self.last + 1)


@dataclass(slots=True, eq=False)
class Asked:
    """What a client wants, from the first attempt to the answer."""

    key: str
    request: Request
    called: int
    session: Session = field(default_factory=Session)
    sequence: int = 0
    attempts: int = 0

    @property
    def is_read(self) -> bool:
        """Whether it goes past the log."""
        return self.request[0] == "read"


class History:
    """What all clients saw, on one clock that never shows the same time twice."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._clock = 0

    def tick(self) -> int:
        """A time later than all before."""
        self._clock += 1
        return self._clock


@dataclass(slots=True, kw_only=True)
class Habits:
    """How a client behaves.

    Attributes:
        dialect: of what is asked.
        wraps: whether commands are put into proposals, as replicas want them.
        has_session: whether commands are sent again until they are answered.
        lanes: how many requests are under way at once.
        think_us: between an answer and the next request, on average.
        keys: how many registers there are.
    """

    dialect: Dialect
    wraps: bool
    has_session: bool
    lanes: int
    think_us: int
    keys: int


class Client:
    """One client.

    Attributes:
        done: how many requests were answered.
        is_going: whether it begins anything new.
    """

    def __init__(
        self,
        number: int,
        service: Service,
        history: History,
        schedule: Schedule,
        *,
        chance: Random,
        habits: Habits,
    ) -> None:
        self.number = number
        self.done = 0
        self.is_going = True
        self._service = service
        self._history = history
        self._schedule = schedule
        self._chance = chance
        self._habits = habits
        self._session = Session()
        self._target = 0
        self._count = 0
        self._has_begun = False
        self._seen: dict[str, Hashable] = {}
        self._under_way: list[Asked] = []

    def begin(self) -> None:
        """Start all lanes."""
        if self._habits.has_session:
            self._open()
        else:
            self._go()

    def end(self) -> None:
        """Begin nothing new; what is still under way may happen, or not."""
        self.is_going = False

    def give_up(self) -> None:
        """Note what is still under way."""
        for asked in self._under_way:
            if not asked.is_read:
                self._record(asked, None, None)
        self._under_way.clear()

    def _open(self) -> None:
        self._send(encode_proposal(OpenSession()), is_read=False, learn=self._opened)

    def _opened(self, answer: Answer | None) -> None:
        if isinstance(answer, bytes):
            self._session = Session(decode_number(answer))
            if not self._has_begun:
                self._go()
        else:
            self._look_elsewhere(answer)
            self._schedule.after(RETRY_US, self._open)

    def _go(self) -> None:
        self._has_begun = True
        for _ in range(self._habits.lanes):
            self._next(self._habits.think_us)

    def _ask(self) -> None:
        """Ask for something, and go on with the next thing when that has ended."""
        if not self.is_going:
            return
        if self._habits.has_session and not self._session.client:
            self._next(RETRY_US)  # another lane opens one
            return
        self._count += 1
        key = f"k{self._chance.randrange(self._habits.keys)}"
        asked = Asked(key, self._draw_request(key), self._history.tick())
        if self._habits.has_session and not asked.is_read:
            asked.session = self._session
            asked.sequence = self._session.next()
        self._under_way.append(asked)
        self._try(asked)

    def _try(self, asked: Asked) -> None:
        asked.attempts += 1
        command = self._habits.dialect.encode(asked.key, asked.request)
        if asked.is_read:
            payload = command
        elif asked.sequence:
            session = asked.session
            payload = encode_proposal(
                Command(session.client, asked.sequence, session.acknowledged, command)
            )
        else:
            payload = encode_proposal(Plain(command)) if self._habits.wraps else command
        self._send(payload, is_read=asked.is_read, learn=lambda answer: self._learn(asked, answer))

    def _learn(self, asked: Asked, answer: Answer | None) -> None:
        if isinstance(answer, bytes):
            self.done += 1
            decoded = self._habits.dialect.decode(asked.request, answer)
            if asked.is_read:
                self._seen[asked.key] = decoded
            self._record(asked, decoded, self._history.tick())
        elif asked.sequence and not isinstance(answer, Refused):
            self._look_elsewhere(answer)
            self._schedule.after(self._chance.randrange(2 * RETRY_US), lambda: self._try(asked))
            return
        else:
            self._look_elsewhere(answer)
            is_unknown = answer is None or isinstance(answer, Uncertain) or asked.attempts > 1
            if is_unknown and not asked.is_read:
                self._record(asked, None, None)
        self._under_way.remove(asked)
        if asked.sequence and asked.session is self._session:
            self._session.open.remove(asked.sequence)
            if isinstance(answer, SessionExpired):
                self._session = Session()
                self._open()
        self._next(self._habits.think_us)

    def _look_elsewhere(self, answer: Answer | None) -> None:
        self._target = answer.leader if isinstance(answer, NotLeader) else 0

    def _send(
        self, payload: bytes, *, is_read: bool, learn: Callable[[Answer | None], None]
    ) -> None:
        chance, running = self._chance, self._service.running
        if running and (self._target not in running or chance.random() < 0.05):
            self._target = chance.choice(running)
        member = self._target
        attempt = Attempt(self, is_read, learn)

        def arrive() -> None:
            if not attempt.is_over and not self._service.ask(member, attempt, payload):
                self._finish(attempt, NotLeader(f"nothing listens at member {member}"))

        self._after_travel(arrive)
        self._schedule.after(ANSWER_WITHIN_US, lambda: self._finish(attempt, None))

    def answered(self, attempt: Attempt, answer: Answer) -> None:
        """The member says what became of it."""
        self._after_travel(lambda: self._finish(attempt, answer))

    def _finish(self, attempt: Attempt, answer: Answer | None) -> None:
        if not attempt.is_over:
            attempt.is_over = True
            attempt.learn(answer)

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

    def _draw_request(self, key: str) -> Request:
        if self._chance.random() < READS:
            return ("read",)
        value = self.number * 10_000 + self._count
        return self._habits.dialect.draw(self._chance, value, self._seen.get(key))

    def _next(self, wait_us: int) -> None:
        self._schedule.after(self._chance.randrange(2 * wait_us), self._ask)

    def _after_travel(self, call: Callable[[], None]) -> None:
        self._schedule.after(self._chance.randint(50, 2_000), call)
