"""Each command once: what clients send, and the memory of it that all members share.

A client that hears nothing cannot know whether its command took effect, so it must be able to send it
again. It opens a session, numbers its commands, and says with each below which number it has all
results. The results of the others are kept, as part of the replicated state: a command that comes again
is answered the same and not carried out again. Sessions that are not used expire by the time in the
log, which is the same for all members.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from warren.raft.errors import RaftError, Refused, SessionExpired

SESSIONS_MAX = 10_000
SESSION_MS = 3_600_000
UNACKNOWLEDGED_MAX = 4096
"""How far the commands of a client may run ahead of what it acknowledged."""
SLICE_SESSIONS = 250


class OpenSession(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Begin a session; the result is the client's number, for ``decode_number``."""


class Command(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """One command of a session.

    Attributes:
        client: who, as ``OpenSession`` said.
        sequence: 1 for the client's first command, and so on.
        acknowledged: the lowest number of which the client may still want the result. All below are
            forgotten, and will not be carried out if they come after all.
        data: for the state machine.
    """

    client: int
    sequence: int
    acknowledged: int
    data: bytes


class Plain(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """A command without a session: proposed again, it is carried out again."""

    data: bytes


Proposal = OpenSession | Command | Plain

encode_proposal = msgspec.msgpack.Encoder().encode
"""A ``Proposal`` as the bytes that a client sends."""
decode_proposal = msgspec.msgpack.Decoder(Proposal).decode
"""Those bytes back; raises ``msgspec.DecodeError`` if they are none."""

_decode_number = msgspec.msgpack.Decoder(int).decode


def encode_number(number: int) -> bytes:
    """The result of opening a session (the client) or of adding a member (its id)."""
    return encode_proposal(number)


def decode_number(result: bytes) -> int:
    """Read such a result.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _decode_number(result)


class Session:
    """What is remembered of one client.

    Attributes:
        used_ms: the time in the log when it was last used.
        acknowledged: below this the client has all results.
        results: of the commands from there on, by number.
    """

    __slots__ = ("acknowledged", "results", "used_ms")

    def __init__(self, used_ms: int, acknowledged: int = 1) -> None:
        self.used_ms = used_ms
        self.acknowledged = acknowledged
        self.results: dict[int, bytes] = {}

    def acknowledge(self, sequence: int) -> None:
        """Forget the results below ``sequence``."""
        results, first = self.results, self.acknowledged
        self.acknowledged = sequence
        if sequence - first <= len(results):
            for number in range(first, sequence):
                results.pop(number, None)
        else:
            for number in [number for number in results if number < sequence]:
                del results[number]


SessionRow = tuple[int, int, int, dict[int, bytes]]
"""Client, ``used_ms``, ``acknowledged``, ``results``."""


class Sessions:
    """All sessions, the one that was not used for longest first.

    Args:
        limit: when there are more, the first ones go.
        keep_ms: for how long an unused one is kept.
    """

    def __init__(self, *, limit: int = SESSIONS_MAX, keep_ms: int = SESSION_MS) -> None:
        self._limit = limit
        self._keep_ms = keep_ms
        self._sessions: dict[int, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, client: int, now_ms: int) -> None:
        """Begin a session; ``client`` was never used before."""
        sessions = self._sessions
        sessions[client] = Session(now_ms)
        if len(sessions) > self._limit:
            del sessions[next(iter(sessions))]

    def find(self, command: Command, now_ms: int) -> Session | bytes | RaftError:
        """Where to record the result of ``command``, or what answers it already."""
        sessions, client = self._sessions, command.client
        session = sessions.pop(client, None)
        if session is None:
            return SessionExpired(
                f"there is no session {client}, or not any more: "
                "open another, and find out what became of the commands of this one"
            )
        sessions[client] = session  # last again
        session.used_ms = now_ms
        sequence = command.sequence
        if session.acknowledged < command.acknowledged <= sequence:
            session.acknowledge(command.acknowledged)
        if (result := session.results.get(sequence)) is not None:
            return result
        if not session.acknowledged <= sequence < session.acknowledged + UNACKNOWLEDGED_MAX:
            return _out_of_window(session, sequence)
        return session

    def expire(self, now_ms: int) -> None:
        """Forget the sessions that were not used for long."""
        sessions, before = self._sessions, now_ms - self._keep_ms
        while sessions:
            client = next(iter(sessions))
            if sessions[client].used_ms > before:
                break
            del sessions[client]

    def freeze(self) -> list[SessionRow]:
        """All of them, in order, as they are now."""
        return [
            (client, session.used_ms, session.acknowledged, session.results.copy())
            for client, session in self._sessions.items()
        ]

    def load(self, rows: Sequence[SessionRow]) -> None:
        """Put sessions behind those that are there."""
        for client, used_ms, acknowledged, results in rows:
            session = self._sessions[client] = Session(used_ms, acknowledged)
            session.results = results


def encode_sessions(rows: Sequence[SessionRow]) -> Iterator[bytes]:
    """Some sessions at a time."""
    for start in range(0, len(rows), SLICE_SESSIONS):
        yield encode_proposal(rows[start : start + SLICE_SESSIONS])


_decode_rows: Any = msgspec.msgpack.Decoder(list[SessionRow]).decode


def decode_sessions(piece: bytes) -> list[SessionRow]:
    """Read one of those pieces.

    Raises:
        msgspec.DecodeError: it is none.
    """
    rows: list[SessionRow] = _decode_rows(piece)
    return rows


def _out_of_window(session: Session, sequence: int) -> Refused:
    if sequence < session.acknowledged:
        return Refused(
            f"command {sequence} is below {session.acknowledged}, "
            "from where on its client wanted results: it is not carried out any more"
        )
    return Refused(
        f"command {sequence} is too far ahead: a client has {UNACKNOWLEDGED_MAX} commands "
        f"without having acknowledged results at most, and it acknowledged {session.acknowledged}"
    )
