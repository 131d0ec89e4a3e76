"""One seed: a cluster under load while things go wrong, then a time of peace.

Afterwards a leader must emerge, every client must be served, all members must end with the same state, and
what clients saw must be linearizable. The invariants are checked all the time.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import msgspec

from tests.simulation.raft.clients import Attempt, Client, History
from tests.simulation.raft.cluster import Cluster, Founding
from tests.simulation.raft.dialects import REGISTERS, STORE
from tests.simulation.raft.faults import Faults
from tests.simulation.raft.invariants import Violated
from tests.simulation.raft.plain import Ticket
from tests.simulation.raft.plan import Plan, draw_plan
from tests.simulation.raft.streams import Stream
from warren.raft.core.messages import Message, MsgSnap
from warren.raft.core.ready import Role
from warren.raft.replica.outbox import Answer
from warren.testing.linearizability import find_violation
from warren.testing.network import SimulatedNetwork, Weather
from warren.testing.schedule import Schedule

RECOVERS_WITHIN_US = 12_000_000
QUIET_US = 1_500_000
EVENTS_MAX = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a seed came to.

    Attributes:
        events: that were simulated.
        simulated_us: virtual time.
        operations: answered to clients.
        committed: entries.
        elections: won.
        faults: that happened, by name.
        digest: of everything that happened; the same seed gives the same.
    """

    events: int
    simulated_us: int
    operations: int
    committed: int
    elections: int
    faults: dict[str, int]
    digest: int


class Run:
    """A seed while it runs.

    Args:
        seed: decides everything. Every third one runs the core alone, the others whole replicas;
            every fourth one replicates the store.
        say: told of every message and fault, for whoever looks for the cause of a failure.
    """

    def __init__(self, seed: int, say: Callable[[str], None] | None = None) -> None:
        self.chance = Random(seed)
        self.plan: Plan = draw_plan(
            self.chance, is_plain=seed % 3 == 0, dialect=STORE if seed % 4 == 1 else REGISTERS
        )
        self._say = say
        self.schedule = Schedule()
        self.network: SimulatedNetwork[bytes] = SimulatedNetwork(
            self.schedule, self.chance, self._arrive, self.plan.weather
        )
        self.cluster = Cluster(self.plan.sizes, self.chance, self)
        self.history = History()
        self.slow: dict[int, int] = {}
        self.events = 0
        self.digest = 0
        self._jumped_ms: Counter[int] = Counter()
        self.founders = tuple(range(1, self.plan.members + 1))
        self.clients = [
            Client(number, self, self.history, self.schedule, chance=self.chance, habits=habits)
            for number, habits in enumerate(self.plan.clients, 1)
        ]
        self.faults = Faults(self)

    @property
    def running(self) -> list[int]:
        """Members that clients may try."""
        return self.cluster.running

    def run(self) -> Outcome:
        """All of it.

        Raises:
            Violated: what must never happen did.
        """
        for member in self.founders:
            self.cluster.create(member, Founding(voters=self.founders))
            self.cluster.start(member)
        for client in self.clients:
            self.schedule.after(self.chance.randrange(50_000), client.begin)
        self.faults.begin()
        self._run_for(self.plan.lasts_us)
        self.faults.end()
        self._recover()
        self._check_history()
        return Outcome(
            events=self.events,
            simulated_us=self.schedule.now_us,
            operations=sum(client.done for client in self.clients),
            committed=len(self.cluster.invariants.committed),
            elections=len(self.cluster.invariants.leaders),
            faults=dict(self.faults.counts),
            digest=self.digest,
        )

    def gathers(self, _member: int) -> bool:
        """Whether several inputs may come before what follows from them is carried out."""
        return self.plan.turn_us > 0

    def now_ms(self, member: int) -> int:
        """The member's clock."""
        return int(self.schedule.now_us * self._rate(member) / 1000) + self._jumped_ms[member]

    def wake(self, member: int, at_ms: int, call: Callable[[], None]) -> None:
        """Call when the member's clock shows that time."""
        wait_us = int((at_ms - self.now_ms(member)) * 1000 / self._rate(member))
        self.schedule.after(wait_us + 1000, call)

    def jump(self, member: int, forward_ms: int) -> None:
        """Let the member's clock jump."""
        self._jumped_ms[member] += forward_ms

    def _rate(self, member: int) -> float:
        return self.plan.clock_rates[member % len(self.plan.clock_rates)]

    def leader(self) -> int:
        """The running leader of the highest term, 0 if there is none."""
        leading = [
            (core.term, member)
            for member in self.running
            if (core := self.cluster.process(member).logic.core).role is Role.LEADER
        ]
        return max(leading, default=(0, 0))[1]

    def carry(self, sender: int, recipient: int, message: bytes) -> None:
        """Deliver a message, perhaps."""
        self.digest = hash((self.digest, sender, recipient, self.schedule.now_us, len(message)))
        if self._say is not None:
            self._say(f"{self.schedule.now_us:>9} {msgspec.msgpack.decode(message, type=Message)}")
        self.network.send(sender, recipient, message)

    def note(self, what: str) -> None:
        """Tell whoever listens."""
        if self._say is not None:
            self._say(f"{self.schedule.now_us:>9} {what}")

    def carry_snapshot(self, sender: int, message: MsgSnap) -> None:
        """Carry a snapshot over, piece by piece, while other messages pass it."""
        Stream(self, sender, message).begin()

    def later(self, member: int, what: str, call: Callable[[], None]) -> None:
        """Let work take its time."""
        chance = self.chance
        if what == "log":
            delay_us = chance.randint(80, self.slow.get(member, self.plan.disk_us))
        elif what in {"files", "snapshots"}:
            delay_us = chance.randint(200, 2 * self.slow.get(member, self.plan.disk_us))
        elif what == "apply":
            delay_us = chance.choice((0, 0, 0, chance.randrange(20_000)))
        elif what == "turn":
            delay_us = chance.randrange(self.plan.turn_us)
        elif what == "retry":
            delay_us = 100_000
        else:
            delay_us = chance.randrange(3_000)
        self.schedule.after(delay_us, call)

    def ask(self, member: int, ticket: Attempt, payload: bytes) -> bool:
        """A client's request arrives."""
        machine = self.cluster.machines.get(member)
        if machine is None or machine.process is None:
            return False
        logic = machine.process.logic
        take = logic.read if ticket.is_read else logic.propose
        machine.process.step(lambda: take(ticket, payload))
        return True

    def answer(self, _member: int, ticket: Ticket, answer: Answer) -> None:
        """A member answers."""
        if isinstance(ticket, Attempt):
            ticket.client.answered(ticket, answer)
        else:
            self.faults.answered(ticket, answer)

    def _arrive(self, recipient: int, _sender: int, message: bytes) -> None:
        self.cluster.deliver(recipient, message)

    def _run_for(self, time_us: int, until: Callable[[], bool] = lambda: False) -> bool:
        end_us = self.schedule.now_us + time_us
        while self.schedule.now_us < end_us:
            if not self.schedule.run_next():
                return False
            self.events += 1
            if self.events > EVENTS_MAX:
                raise Violated(f"{self.events} events, and no end: something goes in circles")
            if not self.events & 63 and until():
                return True
        return until()

    def _recover(self) -> None:
        """The time of peace: everything is up, and everything must work."""
        self.network.weather = Weather(delay_us_max=500)
        done = {client.number: client.done for client in self.clients}

        def is_served() -> bool:
            return all(client.done >= done[client.number] + 2 for client in self.clients)

        if not self._run_for(RECOVERS_WITHIN_US, is_served):
            raise Violated(f"no recovery in {RECOVERS_WITHIN_US} us: {self.faults.describe()}")
        for client in self.clients:
            client.end()
        self._run_for(QUIET_US, self._is_even)
        if not self._is_even():
            raise Violated(f"members did not catch up: {self.faults.describe()}")

    def _is_even(self) -> bool:
        leader = self.leader()
        if not leader:
            return False
        core = self.cluster.process(leader).logic.core
        return core.commit == core.last_index and all(
            self.cluster.process(member).logic.core.applied == core.commit
            for member in core.configuration.members
            if member in self.running
        )

    def _check_history(self) -> None:
        for client in self.clients:
            client.give_up()
        found = find_violation(self.history.operations, None, self.plan.sizes.dialect.step)
        if found is not None:
            raise Violated(str(found))
