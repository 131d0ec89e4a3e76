"""Members on simulated machines: how they are made, started, stopped and damaged.

A cluster decides nothing about time. Whoever runs it says when work is done and when messages arrive
(``Time``): by chance for seeds, by command for scenarios.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from random import Random
from typing import Protocol

import msgspec

from tests.simulation.raft.dialects import REGISTERS, Dialect
from tests.simulation.raft.invariants import Invariants, Violated
from tests.simulation.raft.plain import Plain, Ticket
from tests.simulation.raft.process import Process
from warren.raft.core.entry import Entry, HardState
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.core.settings import Settings
from warren.raft.errors import Broken, Damaged, DiskFull, Incompatible
from warren.raft.replica.outbox import Answer
from warren.raft.replica.replica import Replica
from warren.raft.replica.replicated import Replicated
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.storage import Place, Storage, bootstrap, join
from warren.raft.wal.recovery import Recovered
from warren.testing.disk import SimulatedDisk

CLUSTER = blake2b(b"simulated", digest_size=32).digest()

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What all members are set to, small so that little suffices to reach every limit.

    Attributes:
        dialect: what is replicated.
        is_plain: whether the core runs with the least around it (``Plain``) or in a replica.
        replica: settings; ``core.member`` is replaced.
        segment_bytes: of files of the log.
        reserve_bytes: kept back for the day the disk is full.
    """

    dialect: Dialect = REGISTERS
    is_plain: bool = False
    replica: ReplicaSettings = field(
        default_factory=lambda: ReplicaSettings(core=Settings(member=1))
    )
    segment_bytes: int = 8 << 10
    reserve_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What the disk of a founder holds before it runs for the first time.

    Attributes:
        voters: all founders.
        term: that it is in.
        entries: behind the snapshot with which every cluster begins.
    """

    voters: tuple[int, ...]
    term: int = 1
    entries: tuple[Entry, ...] = ()


class Time(Protocol):
    """When things happen."""

    def carry(self, sender: int, recipient: int, message: bytes) -> None:
        """Deliver a message by ``Cluster.deliver``, perhaps."""
        ...

    def carry_snapshot(self, sender: int, message: MsgSnap) -> None:
        """Carry a snapshot over."""
        ...

    def later(self, member: int, what: str, call: Callable[[], None]) -> None:
        """Call when the work called ``what`` has taken its time."""
        ...

    def gathers(self, member: int) -> bool:
        """Whether several inputs may come before what follows from them is carried out."""
        ...

    def now_ms(self, member: int) -> int:
        """The member's clock."""
        ...

    def wake(self, member: int, at_ms: int, call: Callable[[], None]) -> None:
        """Call when the member's clock shows that time."""
        ...

    def answer(self, member: int, ticket: Ticket, answer: Answer) -> None:
        """Tell whoever asked."""
        ...


@dataclass(slots=True)
class Machine:
    """A member's computer.

    Attributes:
        process: ``None`` while it does not run.
        may_fail: whether its disk has reasons to.
        may_be_damaged: whether bits of what it had synced were flipped.
        is_lost: they were found: the member must not come back.
    """

    disk: SimulatedDisk
    process: Process | None = None
    may_fail: bool = False
    may_be_damaged: bool = False
    is_lost: bool = False


class Cluster:
    """All members.

    Attributes:
        machines: by member.
        invariants: checked at every step.
        sizes: for processes that start from now on.
    """

    def __init__(self, sizes: Sizes, chance: Random, time: Time) -> None:
        self.machines: dict[int, Machine] = {}
        self.invariants = Invariants()
        self.sizes = sizes
        self._chance = chance
        self._time = time

    @property
    def running(self) -> list[int]:
        """Members whose process runs, stopped or not."""
        return [member for member, each in self.machines.items() if each.process is not None]

    def process(self, member: int) -> Process:
        """The running process of a member."""
        process = self.machines[member].process
        assert process is not None, f"member {member} does not run"
        return process

    def create(self, member: int, found: Founding | None = None) -> None:
        """A new machine: of a founder if it is given what its disk holds, or of a joiner."""
        disk = SimulatedDisk()
        place = self._place(member, disk)
        if found is None:
            join(place)
        else:
            members = {voter: f"at {voter}" for voter in found.voters}
            bootstrap(place, members, self.sizes.dialect.machine(_unwatched).freeze())
            if found.term > 1:
                storage = Storage(place)
                storage.write([_batch(found)])
                storage.close()
        assert member not in self.machines, f"the id {member} is used again"
        self.machines[member] = Machine(disk)

    def _place(self, member: int, disk: SimulatedDisk) -> Place:
        return Place(
            disk=disk,
            cluster=CLUSTER,
            member=member,
            segment_bytes=self.sizes.segment_bytes,
            reserve_bytes=self.sizes.reserve_bytes,
        )

    def join(self, member: int) -> None:
        """A new machine, running, whose log is empty."""
        self.create(member)
        self.start(member)

    def start(self, member: int) -> bool:
        """Run the process of a member. Whether its disk let it."""
        machine = self.machines[member]
        assert machine.process is None, f"member {member} runs already"
        disk = machine.disk
        disk.trace.clear()
        state = Replicated(self.sizes.dialect.machine(partial(self.invariants.applied, member)))
        try:
            storage = Storage(self._place(member, disk))
            storage.load(state)
        except (Damaged, Incompatible):
            if not machine.may_be_damaged:
                raise
            machine.is_lost = True
            return False
        except (Broken, DiskFull):
            if not machine.may_fail and machine.disk.capacity_bytes is None:
                raise
            return False
        self.invariants.started(member, storage.recovered)
        logic = self._think(member, storage.recovered, state)
        machine.process = Process(member, self, disk, logic=logic, state=state, storage=storage)
        machine.process.step()
        return True

    def _think(self, member: int, recovered: Recovered, state: Replicated) -> Replica | Plain:
        replica = self.sizes.replica
        settings = replace(replica, core=replace(replica.core, member=member))
        draw, now_ms = self._chance.randrange, self._time.now_ms(member)
        if self.sizes.is_plain:
            return Plain(settings, state, recovered, draw=draw, now_ms=now_ms)
        return Replica(
            settings,
            state,
            hard_state=recovered.hard_state,
            snapshot=recovered.snapshot,
            entries=recovered.entries,
            draw=draw,
            now_ms=now_ms,
        )

    def kill(self, member: int) -> None:
        """End the process as ``kill -9`` does: what it wrote stays, synced or not."""
        machine = self.machines[member]
        if machine.process is not None:
            machine.process.kill(operations=self._chance.randrange(12))
            machine.process = None
            self._tell_of_loss(member)

    def lose_power(self, member: int, survives: Callable[[int], bool] | None = None) -> None:
        """End process and kernel: of what was not synced, any part may be lost."""
        machine = self.machines[member]
        if machine.process is not None:
            machine.process.kill(operations=self._chance.randrange(12))
            machine.process = None
        share = self._chance.choice((0.0, 0.5, 0.9, 1.0))
        machine.disk = machine.disk.crash(survives or (lambda _: self._chance.random() < share))

    def deliver(self, recipient: int, message: bytes) -> None:
        """A message arrives."""
        machine = self.machines.get(recipient)
        if machine is not None and machine.process is not None:
            logic = machine.process.logic
            machine.process.step(lambda: logic.receive(_decode(message)))

    def gathers(self, member: int) -> bool:
        """Whether several inputs may come before what follows from them is carried out."""
        return self._time.gathers(member)

    def now_ms(self, member: int) -> int:
        """The member's clock."""
        return self._time.now_ms(member)

    def wake(self, member: int, at_ms: int, call: Callable[[], None]) -> None:
        """Call when the member's clock shows that time."""
        self._time.wake(member, at_ms, call)

    def send(self, message: Message) -> None:
        """Give a message to the network."""
        self._time.carry(message.sender, message.to, _encode(message))

    def send_snapshot(self, sender: int, message: MsgSnap) -> None:
        """Begin to carry a snapshot over."""
        self._time.carry_snapshot(sender, message)

    def later(self, member: int, what: str, call: Callable[[], None]) -> None:
        """Call when the work called ``what`` has taken its time."""
        self._time.later(member, what, call)

    def answer(self, member: int, ticket: Ticket, answer: Answer) -> None:
        """Tell whoever asked."""
        self._time.answer(member, ticket, answer)

    def broke(self, member: int, error: Broken) -> None:
        """The disk of a member failed: its process ends, and what was not synced is uncertain."""
        if not self.machines[member].may_fail:
            raise Violated(f"member {member} broke on a sound disk: {error}") from error
        self.machines[member].process = None
        if self._chance.random() < 0.5:
            self.lose_power(member)

    def _tell_of_loss(self, member: int) -> None:
        """The kernel resets the connections of a process that ended."""
        for other in self.running:
            process = self.process(other)
            self._time.later(
                other,
                "reset",
                partial(process.step, partial(process.logic.connection_lost, member)),
            )


def _unwatched(_index: int, _data: bytes) -> None:
    """Nobody looks."""


def _batch(found: Founding) -> MsgStorageAppend:
    last = found.entries[-1] if found.entries else Entry(1, 1)
    return MsgStorageAppend(
        entries=found.entries,
        hard_state=HardState(found.term, 0, 1),
        snapshot=None,
        must_sync=True,
        responses=(),
        last_index=last.index,
        last_term=last.term,
        term=found.term,
    )
