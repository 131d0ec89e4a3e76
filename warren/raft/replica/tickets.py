"""Who waits for what.

A ticket is any object of the caller's; it comes back with the answer, once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from warren.raft.core.entry import Entry
from warren.raft.errors import NotLeader, RaftError
from warren.raft.replica.outbox import Answer


@dataclass(slots=True)
class Proposals:
    """Those that wait to be proposed, and those that wait to be applied.

    Attributes:
        tickets: of those that wait to be proposed.
        payloads: what they are, in the same order.
        under_way: term and ticket by index.
    """

    tickets: list[object] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    under_way: dict[int, tuple[int, object]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tickets) + len(self.under_way)

    def wait(self, ticket: object, payload: bytes) -> None:
        """Have it proposed in the next step; ``None`` as a ticket is nobody."""
        self.tickets.append(ticket)
        self.payloads.append(payload)

    def take(self) -> tuple[list[object], list[bytes]]:
        """What is to be proposed now."""
        taken = self.tickets, self.payloads
        self.tickets, self.payloads = [], []
        return taken

    def expect(self, indexes: Sequence[int], term: int, tickets: Iterable[object]) -> None:
        """These were proposed in ``term``."""
        self.under_way.update(
            zip(indexes, [(term, ticket) for ticket in tickets], strict=True),
        )

    def answer(self, entry: Entry, result: Answer, answers: list[tuple[object, Answer]]) -> None:
        """``entry`` was applied: whoever waits at its index learns what became of the proposal."""
        waiting = self.under_way.pop(entry.index, None)
        if waiting is None:
            return
        term, ticket = waiting
        if ticket is None:
            return
        if term == entry.term:
            answers.append((ticket, result))
        else:
            answers.append(
                (ticket, NotLeader("another leader's entry took the place: it did not take effect"))
            )

    def abandon(self, error: RaftError, answers: list[tuple[object, Answer]]) -> None:
        """Nobody can say any more what becomes of those that were proposed."""
        answers.extend(
            [(ticket, error) for _, ticket in self.under_way.values() if ticket is not None]
        )
        self.under_way.clear()


Question = tuple[object, bytes]
"""Ticket and query."""


@dataclass(slots=True)
class Reads:
    """Those that wait to be asked for, those being asked for, and those that wait to be applied.

    Attributes:
        waiting: for the next step.
        asked: by context.
        confirmed: index from which on they may be read, and the questions.
        count: of all that are not answered.
    """

    waiting: list[Question] = field(default_factory=list)
    asked: dict[int, list[Question]] = field(default_factory=dict)
    confirmed: list[tuple[int, list[Question]]] = field(default_factory=list)
    count: int = 0
    _context: int = 0

    def wait(self, ticket: object, query: bytes) -> None:
        """Have it asked for in the next step."""
        self.waiting.append((ticket, query))
        self.count += 1

    def ask(self) -> int:
        """All that wait are asked for now, with the context returned."""
        self._context += 1
        self.asked[self._context] = self.waiting
        self.waiting = []
        return self._context

    def confirm(self, context: int, index: int) -> None:
        """These may be read from ``index`` on."""
        questions = self.asked.pop(context, None)
        if questions is not None:
            self.confirmed.append((index, questions))

    def ready(self, applied: int) -> list[Question]:
        """Those that may be read now."""
        ready = [
            question for index, each in self.confirmed if index <= applied for question in each
        ]
        self.confirmed = [each for each in self.confirmed if each[0] > applied]
        self.count -= len(ready)
        return ready

    def drop(self, context: int, error: RaftError, answers: list[tuple[object, Answer]]) -> None:
        """These will not be answered."""
        questions = self.asked.pop(context, [])
        self.count -= len(questions)
        answers.extend([(ticket, error) for ticket, _ in questions])
