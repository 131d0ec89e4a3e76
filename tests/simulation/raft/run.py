"""One seed: a cluster under load while things go wrong, then a time of peace.

Afterwards a leader must emerge, every client must be served, all members must end with the same state, and
what clients saw must be linearizable. The invariants are checked all the time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulation.raft.clients import Asked, Client, History
from tests.simulation.raft.cluster import Cluster, founding
from tests.simulation.raft.faults import Faults
from tests.simulation.raft.invariants import Violated
from tests.simulation.raft.plain import Answer, Ticket
from tests.simulation.raft.plan import TICK_US, Plan, draw_plan
from tests.simulation.raft.streams import Stream
from warren.raft.core.entry import Configuration
from warren.raft.core.messages import MsgSnap
from warren.raft.core.ready import Role
from warren.testing.linearizability import find_violation, register
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
    """A seed while it runs."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.plan: Plan = draw_plan(self.chance)
        self.schedule = Schedule()
        self.network: SimulatedNetwork[bytes] = SimulatedNetwork(
            self.schedule, self.chance, self._arrive, self.plan.weather
        )
        self.cluster = Cluster(self.plan.sizes, self.chance, self)
        self.history = History()
        self.slow: dict[int, int] = {}
        self.events = 0
        self.digest = 0
        self.initial = Configuration(voters=tuple(range(1, self.plan.members + 1)))
        self.clients = [
            Client(number, self, self.history, self.schedule, self.chance)
            for number in range(1, self.plan.clients + 1)
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
        for member in self.initial.voters:
            self.cluster.create(member, founding(self.initial))
            self.start_ticking(member)
            self.cluster.start(member)
        for client in self.clients:
            client.think_us, client.keys = self.plan.think_us, self.plan.keys
            self.schedule.after(self.chance.randrange(TICK_US), client.begin)
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

    def start_ticking(self, member: int) -> None:
        """Let a member's clock run, as fast as it does."""
        every_us = self.plan.tick_us[member % len(self.plan.tick_us)]

        def tick() -> None:
            self.cluster.tick(member)
            self.schedule.after(every_us, tick)

        self.schedule.after(self.chance.randrange(every_us), tick)

    def leader(self) -> int:
        """The running leader of the highest term, 0 if there is none."""
        leading = [
            (raft.term, member)
            for member in self.running
            if (raft := self.cluster.process(member).logic.raft).role is Role.LEADER
        ]
        return max(leading, default=(0, 0))[1]

    def carry(self, sender: int, recipient: int, message: bytes) -> None:
        """Deliver a message, perhaps."""
        self.digest = hash((self.digest, sender, recipient, self.schedule.now_us, len(message)))
        self.network.send(sender, recipient, message)

    def carry_snapshot(self, sender: int, message: MsgSnap) -> None:
        """Carry a snapshot over, piece by piece, while other messages pass it."""
        Stream(self, sender, message).begin()

    def later(self, member: int, what: str, call: Callable[[], None]) -> None:
        """Let work take its time."""
        chance = self.chance
        if what == "log":
            delay_us = chance.randint(80, self.slow.get(member, self.plan.disk_us))
        elif what == "background":
            delay_us = chance.randint(200, 2 * self.slow.get(member, self.plan.disk_us))
        elif what == "apply":
            delay_us = chance.choice((0, 0, 0, chance.randrange(20_000)))
        elif what == "retry":
            delay_us = 100_000
        else:
            delay_us = chance.randrange(3_000)
        self.schedule.after(delay_us, call)

    def ask(self, member: int, ticket: Asked, command: bytes) -> bool:
        """A client's request arrives."""
        machine = self.cluster.machines.get(member)
        if machine is None or machine.process is None:
            return False
        logic = machine.process.logic
        take = logic.read if ticket.is_read else logic.propose
        machine.process.step(lambda: take(ticket, command))
        return True

    def answer(self, _member: int, ticket: Ticket, answer: Answer) -> None:
        """A member answers."""
        if isinstance(ticket, Asked):
            ticket.client.answered(ticket, answer)
        else:
            self.faults.answered(answer)

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
            client.is_going = False
        self._run_for(QUIET_US, self._is_even)
        if not self._is_even():
            raise Violated(f"members did not catch up: {self.faults.describe()}")

    def _is_even(self) -> bool:
        leader = self.leader()
        if not leader:
            return False
        raft = self.cluster.process(leader).logic.raft
        return raft.commit == raft.last_index and all(
            self.cluster.process(member).logic.raft.applied == raft.commit
            for member in raft.configuration.members
            if member in self.running
        )

    def _check_history(self) -> None:
        found = find_violation(self.history.operations, None, register)
        if found is not None:
            raise Violated(str(found))
