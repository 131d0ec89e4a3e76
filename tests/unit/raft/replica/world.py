"""Some replicas in memory: messages are carried at once, writes end when they are told to."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random

import msgspec

from warren.raft.core.entry import Configuration, HardState, SnapshotMeta
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import RaftError, Refused
from warren.raft.replica.outbox import Answer, Divergence, SaveSnapshot
from warren.raft.replica.replica import Replica
from warren.raft.replica.replicated import Replicated, initial_pieces
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.session import Plain, Proposal, encode_proposal


class Registers:
    """``key=value`` sets and answers the value before; a query is a key."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.applied: list[bytes] = []

    def apply(self, _index: int, data: bytes) -> bytes:
        self.applied.append(data)
        key, _, value = data.partition(b"=")
        before = self.values.get(key, b"")
        self.values[key] = value
        return before

    def query(self, data: bytes) -> bytes:
        if data == b"?":
            raise Refused("that is no question")
        return self.values.get(data, b"")

    def fingerprint(self) -> bytes:
        return hashlib.blake2b(repr(sorted(self.values.items())).encode()).digest()

    def freeze(self) -> Iterator[bytes]:
        frozen = list(self.values.items())
        return (
            msgspec.msgpack.encode(frozen[start : start + 2]) for start in range(0, len(frozen), 2)
        )

    def restore(self) -> "Restoring":
        return Restoring(self)


class Restoring:
    def __init__(self, machine: Registers) -> None:
        self._machine = machine
        self._values: dict[bytes, bytes] = {}

    def add(self, piece: bytes) -> None:
        self._values.update(msgspec.msgpack.decode(piece, type=list[tuple[bytes, bytes]]))

    def finish(self) -> None:
        self._machine.values = self._values


class World:
    """All replicas, and who may hear whom."""

    def __init__(self, size: int = 3, *, seed: int = 1, **changes: int) -> None:
        self.now_ms = 0
        self.cut: set[tuple[int, int]] = set()
        self.stuck: set[int] = set()
        """Members whose disk takes nothing for now."""
        self.answers: dict[object, list[Answer]] = defaultdict(list)
        self.divergences: list[tuple[int, Divergence]] = []
        self.saves: dict[int, SaveSnapshot] = {}
        self.is_saving = True
        self.writing: dict[int, list[MsgStorageAppend]] = defaultdict(list)
        self.sent: list[Message] = []
        self.snapshots: dict[SnapshotMeta, list[bytes]] = {}
        self.members: dict[int, dict[int, str]] = {}
        self.machines: dict[int, Registers] = {}
        self.replicas: dict[int, Replica] = {}
        self.replicated: dict[int, Replicated] = {}
        self._chance = Random(seed)
        self._changes = changes
        addresses = {member: f"host{member}:1" for member in range(1, size + 1)}
        meta = SnapshotMeta(1, 1, Configuration(voters=tuple(addresses)))
        self.snapshots[meta] = list(initial_pieces(addresses, iter(())))
        for member in addresses:
            self.start(member, meta)

    def start(self, member: int, meta: SnapshotMeta | None = None) -> None:
        """A founder with that snapshot, or one that joins."""
        self.machines[member] = Registers()
        self.replicated[member] = Replicated(self.machines[member])
        if meta is not None:
            restoring = self.replicated[member].restore()
            for piece in self.snapshots[meta]:
                restoring.add(piece)
            restoring.finish()
        self.replicas[member] = Replica(
            ReplicaSettings(core=Settings(member=member), **self._changes),
            self.replicated[member],
            hard_state=HardState(meta.term, 0, meta.index) if meta else HardState(),
            snapshot=meta or SnapshotMeta(),
            entries=[],
            draw=self._chance.randrange,
            now_ms=self.now_ms,
        )

    def propose(self, member: int, ticket: object, proposal: Proposal | bytes) -> None:
        """A command for the machine, or any proposal."""
        if isinstance(proposal, bytes):
            proposal = Plain(proposal)
        self.replicas[member].propose(ticket, encode_proposal(proposal))

    def answer(self, ticket: object) -> Answer:
        """What became of it, which must be certain."""
        (answer,) = self.answers[ticket]
        return answer

    def leader(self) -> int:
        """Who leads in the highest term, after an election if need be."""
        for _ in range(200):
            leads = [
                member
                for member, replica in self.replicas.items()
                if replica.core.role is Role.LEADER
            ]
            if leads:
                return max(leads, key=lambda member: self.replicas[member].core.term)
            self.pass_time(50)
        raise AssertionError("nobody leads")

    def follower(self) -> int:
        leader = self.leader()
        return next(member for member in self.replicas if member != leader)

    def pass_time(self, milliseconds: int, *, step_ms: int = 10) -> None:
        for _ in range(milliseconds // step_ms):
            self.now_ms += step_ms
            for replica in self.replicas.values():
                replica.tick(self.now_ms)
            self.settle()

    def settle(self) -> None:
        """Until nothing moves any more."""
        moves = True
        while moves:
            moves = False
            for member in tuple(self.replicas):
                moves = self._carry_out(member) or moves

    def settle_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(100):
            if condition():
                return
            self.pass_time(50)
        raise AssertionError("it did not come to that")

    def isolate(self, member: int) -> None:
        for other in self.replicas:
            self.cut |= {(member, other), (other, member)}

    def finish_writes(self, member: int) -> None:
        """The disk has taken all that it was given."""
        self.stuck.discard(member)
        self._write(member)
        self.settle()

    def finish_save(self, member: int, *, ok: bool = True) -> SnapshotMeta:
        """A snapshot that was asked for is written."""
        meta = self._end_save(member, ok=ok)
        self.settle()
        return meta

    def _end_save(self, member: int, *, ok: bool) -> SnapshotMeta:
        save = self.saves.pop(member)
        if ok:
            self.snapshots[save.meta] = list(save.pieces)
        self.replicas[member].snapshot_saved(save.meta, ok=ok)
        return save.meta

    def _write(self, member: int) -> bool:
        writes, self.writing[member] = self.writing[member], []
        for write in writes:
            self.replicas[member].written(write)
        return bool(writes)

    def _carry_out(self, member: int) -> bool:
        outbox = self.replicas[member].collect()
        for ticket, answer in outbox.answers:
            self.answers[ticket].append(answer)
        for divergence in outbox.divergences:
            self.divergences.append((member, divergence))
        if outbox.members is not None:
            self.members[member] = dict(outbox.members)
        if outbox.save is not None:
            self.saves[member] = outbox.save
            if self.is_saving:
                self._end_save(member, ok=True)
        for message in outbox.messages:
            self._send(message)
        for snapshot in outbox.send_snapshots:
            self._send_snapshot(member, snapshot)
        self.writing[member] += outbox.writes
        wrote = member not in self.stuck and self._write(member)
        return bool(outbox.messages or outbox.send_snapshots or wrote or outbox.more)

    def _send(self, message: Message) -> None:
        self.sent.append(message)
        replica = self.replicas.get(message.to)
        if replica is not None and (message.sender, message.to) not in self.cut:
            replica.receive(message)

    def _send_snapshot(self, member: int, message: MsgSnap) -> None:
        arrives = message.to in self.replicas and (member, message.to) not in self.cut
        if arrives:
            restoring = self.replicated[message.to].restore()
            for piece in self.snapshots[message.snapshot]:
                restoring.add(piece)
            self.replicas[message.to].snapshot_received(message, restoring)
        self.replicas[member].snapshot_sent(message.to, ok=arrives)


def failed(answer: Answer, kind: type[RaftError]) -> str:
    """The message of an answer that must be such an error."""
    assert isinstance(answer, kind), answer
    return str(answer)
