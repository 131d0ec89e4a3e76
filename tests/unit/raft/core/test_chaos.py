"""Random schedules over small clusters: whatever happens, members agree on what they applied."""

import contextlib
import random

import pytest

from tests.unit.raft.core.cluster import Cluster, Member
from warren.raft.core.entry import ChangeKind, ConfigurationChange, MemberChange, Transition
from warren.raft.core.messages import Message, MsgSnap
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import Refused, Unavailable


class Chaos:
    """A cluster whose messages and writes take any order that is possible."""

    def __init__(self, seed: int, members: int) -> None:
        self.random = random.Random(seed)
        self.cluster = Cluster(
            range(1, members + 1),
            outsiders=[members + 1],
            configure=lambda member: Settings(
                member=member,
                election_ticks=4,
                max_message_bytes=40,
                max_inflight_messages=3,
                max_read_rounds=self.random.choice([1, 2]),
                eager_commit=bool(seed % 2),
            ),
            draw=self.random.randrange,
        )
        for member in self.cluster.members.values():
            member.slow = True
        self.wires: list[Message] = []
        self.proposed = 0
        self.read_floor: dict[int, int] = {}
        self.steps = [
            (30, self.carry),
            (20, self.write),
            (10, self.tick),
            (6, self.propose),
            (4, self.read),
            (2, self.lose),
            (1, self.crash),
            (1, self.compact),
            (1, self.change),
            (1, self.disturb),
        ]

    def run(self, count: int) -> None:
        weights = [weight for weight, _ in self.steps]
        choices = self.random.choices([step for _, step in self.steps], weights, k=count)
        for step in choices:
            member = self.random.choice(list(self.cluster.members.values()))
            step(member)
            self.collect()

    def collect(self) -> None:
        for member in self.cluster.members.values():
            self.wires += member.run()
            self.cluster.check(member)
            for read in member.reads:
                assert read.index >= self.read_floor.pop(read.context)
            member.reads.clear()

    def carry(self, _member: Member) -> None:
        for _ in range(min(3, len(self.wires))):
            place = self.random.randrange(len(self.wires))
            if self.random.random() < 0.05:
                self.cluster.deliver(self.wires[place])
            else:
                self.cluster.deliver(self.wires.pop(place))

    def lose(self, _member: Member) -> None:
        kept = []
        for message in self.wires:
            if self.random.random() < 0.5:
                kept.append(message)
            elif isinstance(message, MsgSnap):
                self.cluster[message.sender].report_snapshot(message.to, ok=False)
            else:
                self.cluster[message.sender].report_unreachable(message.to)
        self.wires = kept

    def write(self, member: Member) -> None:
        if member.unwritten:
            self.wires += member.write()

    def tick(self, member: Member) -> None:
        member.raft.tick()

    def propose(self, member: Member) -> None:
        count = self.random.randrange(1, 5)
        with contextlib.suppress(Unavailable):
            member.raft.propose([b"%d" % (self.proposed + place) for place in range(count)])
            self.proposed += count

    def read(self, member: Member) -> None:
        context = self.random.randrange(1 << 60)
        self.read_floor[context] = max(self.cluster.committed, default=0)
        with contextlib.suppress(Unavailable):
            member.raft.read(context)

    def crash(self, member: Member) -> None:
        if self.random.random() < 0.5:
            for _ in range(self.random.randrange(len(member.unwritten) + 1)):
                # It was written, but nobody was told.
                member.storage.write(member.unwritten.popleft())
        member.start()

    def compact(self, member: Member) -> None:
        if member.raft.applied > member.raft.snapshot.index and not member.unwritten:
            member.save()

    def change(self, member: Member) -> None:
        ids = sorted(self.cluster.members)
        changes = tuple(
            MemberChange(self.random.choice(list(ChangeKind)), changed)
            for changed in self.random.sample(ids, self.random.randrange(0, 3))
        )
        how = self.random.choice(list(Transition))
        with contextlib.suppress(Unavailable, Refused):
            member.raft.propose_change(ConfigurationChange(changes, how))

    def disturb(self, member: Member) -> None:
        choice = self.random.randrange(5)
        if choice == 0:
            member.raft.campaign()
        elif choice == 1:
            member.raft.forget_leader()
        elif choice == 2:
            member.raft.step_down()
        elif choice == 3:
            member.raft.may_lead = not member.raft.may_lead
        else:
            with contextlib.suppress(Unavailable, Refused):
                member.raft.transfer(self.random.choice(list(self.cluster.members)))

    def calm(self) -> None:
        """Faults end: somebody leads, and a proposal reaches everybody who takes part."""
        for message in self.wires:
            if isinstance(message, MsgSnap):
                self.cluster[message.sender].report_snapshot(message.to, ok=False)
        self.wires.clear()
        for member in self.cluster.members.values():
            member.slow = False
            member.raft.may_lead = True
        for _ in range(200):
            self.cluster.tick()
            if self.agree():
                return
        raise AssertionError("nothing can be agreed on any more")

    def agree(self) -> bool:
        leaders = [raft for raft in self.cluster.rafts if raft.role is Role.LEADER]
        if not leaders:
            return False
        leader = max(leaders, key=lambda raft: raft.term)
        try:
            index = leader.propose([b"last"])[0]
        except Unavailable:
            return False
        self.cluster.tick(20)
        members = leader.configuration.members
        return all(self.cluster[member].applied >= index for member in members)


@pytest.mark.parametrize("seed", range(24))
def test_members_agree_whatever_happens(seed: int) -> None:
    chaos = Chaos(seed, members=3 + seed % 3)
    chaos.run(1500)
    chaos.calm()
    assert len(chaos.cluster.committed) > 5
