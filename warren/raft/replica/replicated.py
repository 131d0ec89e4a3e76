"""What all members share: the state machine, and around it what consensus itself must remember.

That is the clients' sessions, the members' addresses, which ids were used, and the time in the log:
each entry carries the leader's idea of how long the cluster has been led, so that every member forgets
the same sessions at the same entry, whatever its clock says.

Now and then the leader has all members mark an entry, at which each takes the fingerprint of its state,
and then says in another entry what its own was: whoever differs reports it.
"""

import hashlib
from collections.abc import Callable, Iterator

import msgspec
from crc32c import crc32c

from warren.raft.core.entry import ChangeKind, Configuration, ConfigurationChange
from warren.raft.errors import Broken, Damaged
from warren.raft.machine import Restoring, StateMachine
from warren.raft.replica.outbox import Answer, Divergence
from warren.raft.session import (
    Command,
    OpenSession,
    Plain,
    Session,
    Sessions,
    decode_sessions,
    encode_number,
    encode_sessions,
)

FORMAT = 1
STAMP_BYTES = 8


class Mark(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """Every member takes the fingerprint of its state here."""


class Compare(msgspec.Struct, frozen=True, array_like=True, tag=17):
    """The leader's fingerprint at the mark with that index."""

    index: int
    fingerprint: bytes


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The first piece of a snapshot; the ``sessions`` follow, in slices, then the machine's pieces."""

    format: int
    time_ms: int
    rolling: int
    marked: int
    next_member: int
    members: dict[int, str]
    sessions: int


_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(Head).decode
_decode_entry = msgspec.msgpack.Decoder(OpenSession | Command | Plain | Mark | Compare).decode


def stamp(time_ms: int) -> bytes:
    """What the leader puts before a proposal to make it the data of an entry."""
    return time_ms.to_bytes(STAMP_BYTES, "big")


def encode_check(what: Mark | Compare) -> bytes:
    """A proposal of the leader itself."""
    return _encode(what)


class Replicated:
    """The state, changed by committed entries only.

    Args:
        machine: of the caller.

    Attributes:
        machine: see there.
        sessions: of clients.
        time_ms: in the log.
        members: addresses by id, of all who take part.
        next_member: the lowest id that was never used.
        marked: index of the last mark, and the fingerprint there if it was taken here.
        divergences: found and not fetched yet.
    """

    def __init__(self, machine: StateMachine) -> None:
        self.machine = machine
        self.sessions = Sessions()
        self.time_ms = 0
        self.members: dict[int, str] = {}
        self.next_member = 1
        self.marked: tuple[int, bytes] = (0, b"")
        self.divergences: list[Divergence] = []
        self._rolling = 0  # over all results, so that a difference shows even where states agree

    def apply(self, index: int, data: bytes) -> Answer:
        """Carry out a committed entry that is neither empty nor a change of membership.

        Raises:
            Broken: a newer program proposed it.
        """
        try:
            what = _decode_entry(memoryview(data)[STAMP_BYTES:])
        except msgspec.DecodeError as error:
            raise Broken(
                f"entry {index} cannot be understood ({error}): a newer program proposed it, use that"
            ) from error
        time_ms = int.from_bytes(data[:STAMP_BYTES], "big")
        if time_ms > self.time_ms:
            self.time_ms = time_ms
            self.sessions.expire(time_ms)
        if isinstance(what, Command):
            session = self.sessions.find(what, self.time_ms)
            if not isinstance(session, Session):
                return session
            result = session.results[what.sequence] = self.machine.apply(index, what.data)
        elif isinstance(what, Plain):
            result = self.machine.apply(index, what.data)
        elif isinstance(what, OpenSession):
            self.sessions.open(index, self.time_ms)
            return encode_number(index)
        else:
            self._check(index, what)
            return b""
        self._rolling = crc32c(result, self._rolling)
        return result

    def apply_change(self, change: ConfigurationChange, after: Configuration) -> bytes:
        """Remember the members that a committed change named; the result is the first one's id."""
        for each in change.changes:
            if each.kind is not ChangeKind.REMOVE and (
                each.address or each.member not in self.members
            ):
                self.members[each.member] = each.address
            self.next_member = max(self.next_member, each.member + 1)
        remaining = after.members
        self.members = {
            member: address for member, address in self.members.items() if member in remaining
        }
        return encode_number(change.changes[0].member) if change.changes else b""

    def fingerprint(self) -> bytes:
        """Equal on all members at an equal index."""
        members = sorted(self.members.items())
        state = (self._rolling, self.time_ms, self.next_member, members, len(self.sessions))
        digest = hashlib.blake2b(_encode(state), digest_size=16)
        digest.update(self.machine.fingerprint())
        return digest.digest()

    def freeze(self) -> Iterator[bytes]:
        """All of it as it is now; the pieces are made as they are asked for."""
        rows = self.sessions.freeze()
        head = Head(
            FORMAT,
            self.time_ms,
            self._rolling,
            self.marked[0],
            self.next_member,
            dict(self.members),
            len(rows),
        )
        machine = self.machine.freeze()

        def pieces() -> Iterator[bytes]:
            yield _encode(head)
            yield from encode_sessions(rows)
            yield from machine

        return pieces()

    def restore(self) -> "RestoringReplicated":
        """Begin to read back what ``freeze`` gave."""
        return RestoringReplicated(self.machine.restore(), self._take)

    def _take(self, head: Head, sessions: Sessions) -> None:
        self.sessions = sessions
        self.time_ms = head.time_ms
        self.members = head.members
        self.next_member = head.next_member
        self.marked = (head.marked, b"")
        self._rolling = head.rolling

    def _check(self, index: int, what: Mark | Compare) -> None:
        if isinstance(what, Mark):
            self.marked = (index, self.fingerprint())
            return
        marked, own = self.marked
        if marked == what.index and own and own != what.fingerprint:
            self.divergences.append(Divergence(marked, own, what.fingerprint))


class RestoringReplicated:
    """A state that is being read back; ``add`` may run on another thread."""

    def __init__(self, machine: Restoring, take: Callable[[Head, Sessions], None]) -> None:
        self._machine = machine
        self._take = take
        self._head: Head | None = None
        self._sessions = Sessions()

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            Broken: a newer program wrote it.
            Damaged: it cannot be understood.
        """
        try:
            if self._head is None:
                self._head = _read_head(piece)
            elif len(self._sessions) < self._head.sessions:
                self._sessions.load(decode_sessions(piece))
            else:
                self._machine.add(piece)
        except msgspec.DecodeError as error:
            raise Damaged(f"a piece of a snapshot cannot be understood ({error})") from error

    def finish(self) -> None:
        """Put it in the place of the present state.

        Raises:
            Damaged: something is missing.
        """
        if self._head is None or len(self._sessions) != self._head.sessions:
            raise Damaged("a snapshot ends before the state machine's part")
        self._machine.finish()
        self._take(self._head, self._sessions)


def initial_pieces(members: dict[int, str], machine: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a state that no entry has led to: these members, and what the machine holds."""
    yield _encode(Head(FORMAT, 0, 0, 0, max(members, default=0) + 1, members, 0))
    yield from machine


def _read_head(piece: bytes) -> Head:
    head = _decode_head(piece)
    if head.format != FORMAT:
        raise Broken(
            f"a snapshot has format {head.format}, this program knows {FORMAT}: "
            "a newer one wrote it, use that"
        )
    return head
