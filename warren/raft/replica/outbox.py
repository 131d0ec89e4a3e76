"""What a replica wants done, for whoever drives it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from warren.raft.core.entry import SnapshotMeta
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend
from warren.raft.errors import RaftError

Answer = bytes | RaftError
"""The result, or why there is none."""


@dataclass(frozen=True, slots=True)
class SaveSnapshot:
    """A snapshot to be written; then ``Replica.snapshot_saved`` is to be called, come what may.

    Attributes:
        meta: what it stands for.
        pieces: what it holds; made as they are asked for, on any thread.
    """

    meta: SnapshotMeta
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Divergence:
    """This member's state differs from the leader's at ``index``: one of them is wrong."""

    index: int
    own: bytes
    leaders: bytes


@dataclass(slots=True)
class Outbox:
    """Handed out once; nothing in it is repeated.

    Attributes:
        messages: to be sent now; they may be lost. Their responses to writes come in a later one.
        writes: to be made durable in order, then handed to ``Replica.written`` in order.
        answers: tickets and what became of them.
        save: a snapshot to be written in the background.
        send_snapshots: to be sent to ``message.to``: the file of ``message.snapshot``, and the message
            itself, which the receiver hands to ``Replica.snapshot_received``. When that ended, in
            whatever way, ``Replica.snapshot_sent`` is to be called.
        members: all members' addresses by id, if they changed.
        divergences: to be shouted about.
        more: whether there is more to be done at once: ``collect`` should be called again soon.
    """

    messages: list[Message] = field(default_factory=list)
    writes: list[MsgStorageAppend] = field(default_factory=list)
    answers: list[tuple[object, Answer]] = field(default_factory=list)
    save: SaveSnapshot | None = None
    send_snapshots: list[MsgSnap] = field(default_factory=list)
    members: Mapping[int, str] | None = None
    divergences: list[Divergence] = field(default_factory=list)
    more: bool = False
