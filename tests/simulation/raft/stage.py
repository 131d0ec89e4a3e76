"""A cluster in which nothing moves by itself: messages lie where they were sent, work is never done.

Whoever directs it delivers, drops and repeats messages, lets disks write and clocks go on. The processes are those
of the seeded runs, and so are the invariants.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from tests.simulation.raft.cluster import Cluster, Sizes
from tests.simulation.raft.plain import Ticket
from warren.raft.core.messages import Message, MsgSnap
from warren.raft.replica.outbox import Answer
from warren.raft.snapshots.files import snapshot_name
from warren.raft.snapshots.reading import SnapshotReader
from warren.raft.snapshots.receiving import Receiver

ROUNDS_MAX = 400
TICK_MS = 50


class Even(Random):
    """Chance without surprises: the first, the least, nothing."""

    def randrange(self, *_args: Any, **_options: Any) -> int:
        """Zero."""
        return 0

    def choice(self, seq: Any) -> Any:
        """The first."""
        return seq[0]

    def random(self) -> float:
        """Zero."""
        return 0.0


@dataclass(slots=True, eq=False)
class Flight:
    """A message under way."""

    sender: int
    recipient: int
    message: Message

    @property
    def kind(self) -> str:
        """Its name."""
        return type(self.message).__name__


@dataclass(slots=True, eq=False)
class Work:
    """Something that a thread of a process is at."""

    member: int
    what: str
    call: Callable[[], None]


class Stage:
    """All members, all messages and all work.

    Attributes:
        flights: messages under way, oldest first.
        works: work under way, oldest first.
        cut: links over which nothing passes.
        held: (member, kind of work) that is not done for now.
        answers: by ticket.
    """

    def __init__(self, sizes: Sizes) -> None:
        self.cluster = Cluster(sizes, Even(), self)
        self.flights: list[Flight] = []
        self.works: list[Work] = []
        self.cut: set[tuple[int, int]] = set()
        self.held: set[tuple[int, str]] = set()
        self.answers: dict[Ticket, Answer] = {}
        self._clocks_ms: dict[int, int] = {}

    def gathers(self, _member: int) -> bool:
        """Each input is a step of its own."""
        return False

    def now_ms(self, member: int) -> int:
        """The member's clock."""
        return self._clocks_ms.get(member, 0)

    def wake(self, member: int, at_ms: int, call: Callable[[], None]) -> None:
        """Clocks go on when they are told to."""

    def carry(self, sender: int, recipient: int, message: bytes) -> None:
        """Let it lie until it is delivered."""
        decoded = msgspec.msgpack.decode(message, type=Message)
        self.flights.append(Flight(sender, recipient, decoded))

    def carry_snapshot(self, sender: int, message: MsgSnap) -> None:
        """The same; the snapshot itself goes with it."""
        self.flights.append(Flight(sender, message.to, message))

    def later(self, member: int, what: str, call: Callable[[], None]) -> None:
        """Do it when told to."""
        self.works.append(Work(member, what, call))

    def answer(self, _member: int, ticket: Ticket, answer: Answer) -> None:
        """Remember it."""
        self.answers[ticket] = answer

    def tick(self, member: int) -> None:
        """Let the member's clock go on by one tick."""
        self._clocks_ms[member] = self.now_ms(member) + TICK_MS
        machine = self.cluster.machines[member]
        if machine.process is not None:
            machine.process.step()

    def step(self, member: int, call: Callable[[], object]) -> None:
        """Give a member an input."""
        self.cluster.process(member).step(call)

    def matching(self, sender: int, recipient: int, kind: str) -> list[Flight]:
        """Messages under way on that link; 0 for any member, no kind for any."""
        return [
            flight
            for flight in self.flights
            if sender in (0, flight.sender)
            and recipient in (0, flight.recipient)
            and kind in ("", flight.kind)
        ]

    def deliver(self, flights: Iterable[Flight]) -> None:
        """Let these arrive, as far as their links are not cut."""
        for flight in list(flights):
            if flight in self.flights:
                self.flights.remove(flight)
            self._arrive(flight)

    def do_work(self, members: Iterable[int], *kinds: str) -> bool:
        """Let their threads do what they are at. Whether anything was done."""
        wanted = set(members)
        ready = [
            work
            for work in self.works
            if work.member in wanted
            and (work.member, work.what) not in self.held
            and (not kinds or work.what in kinds)
        ]
        for work in ready:
            self.works.remove(work)
            work.call()
        return bool(ready)

    def stabilize(self, members: Iterable[int]) -> None:
        """Let all messages between them arrive and all work be done, until nothing happens any more."""
        wanted = set(members)
        for _ in range(ROUNDS_MAX):
            moved = self.do_work(wanted)
            inner = [
                flight for flight in self.flights if {flight.sender, flight.recipient} <= wanted
            ]
            self.deliver(inner)
            if not moved and not inner:
                return
        raise AssertionError(f"no end after {ROUNDS_MAX} rounds: messages go in circles")

    def _arrive(self, flight: Flight) -> None:
        if (flight.sender, flight.recipient) in self.cut:
            return
        if isinstance(flight.message, MsgSnap):
            self._carry_over(flight, flight.message)
        else:
            self.cluster.deliver(flight.recipient, msgspec.msgpack.encode(flight.message))

    def _carry_over(self, flight: Flight, message: MsgSnap) -> None:
        source = self.cluster.machines[flight.sender].process
        machine = self.cluster.machines.get(flight.recipient)
        target = machine.process if machine is not None else None
        if target is not None and source is not None:
            reader = SnapshotReader(source.disk, snapshot_name(message.snapshot))
            receiver = Receiver(target.disk, message.snapshot, reader.size_bytes)
            receiver.add(0, reader.chunk(0, reader.size_bytes))
            reader.close()
            receiver.finish()
            target.take_snapshot(message)
        if source is not None:
            is_there = target is not None
            logic = source.logic
            source.step(lambda: logic.snapshot_sent(flight.recipient, ok=is_there))


def links(members: Iterable[int]) -> Iterator[tuple[int, int]]:
    """All pairs of different ones."""
    all_members = list(members)
    return ((one, two) for one in all_members for two in all_members if one != two)
