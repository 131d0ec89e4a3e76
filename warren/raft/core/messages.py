"""What members say to each other, and what storage says to the core.

The vocabulary is that of etcd-io/raft (``raftpb``), so that whoever knows one can read the other.
``MsgHup``, ``MsgBeat`` and ``MsgCheckQuorum`` are method calls here, ``MsgProp`` is ``propose``.
"""

import msgspec

from warren.raft.core.entry import Entry, HardState, SnapshotMeta


class MsgApp(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Entries behind ``index`` (of ``log_term``), and how far the leader has committed."""

    to: int
    sender: int
    term: int
    index: int
    log_term: int
    commit: int
    entries: tuple[Entry, ...] = ()


class MsgAppResp(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """All up to ``index`` is durable here; or, rejected, ``index`` did not fit.

    ``reject_hint`` and ``log_term`` are the highest index (and its term) at which the follower's log
    may agree with the leader's.
    """

    to: int
    sender: int
    term: int
    index: int
    reject: bool = False
    reject_hint: int = 0
    log_term: int = 0


class MsgHeartbeat(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """The leader lives; ``commit`` never exceeds what the follower is known to hold."""

    to: int
    sender: int
    term: int
    commit: int
    context: int = 0
    """The last read round; 0 for none."""


class MsgHeartbeatResp(msgspec.Struct, frozen=True, array_like=True, tag=4, gc=False):
    """The follower lives and has seen the read round ``context``."""

    to: int
    sender: int
    term: int
    context: int = 0


class MsgSnap(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """A snapshot instead of entries; its contents travel on a connection of their own."""

    to: int
    sender: int
    term: int
    snapshot: SnapshotMeta


class MsgPreVote(msgspec.Struct, frozen=True, array_like=True, tag=6, gc=False):
    """Would you vote for me in ``term``, my log ending at ``index`` of ``log_term``?"""

    to: int
    sender: int
    term: int
    index: int
    log_term: int


class MsgPreVoteResp(msgspec.Struct, frozen=True, array_like=True, tag=7, gc=False):
    """The answer; a grant carries the term asked for, a rejection the answerer's own, or the asker's.

    A rejection says how far the answerer's log is committed, by index and term of the entry there:
    who stands only because it has not heard of a change of membership can catch up with that.
    """

    to: int
    sender: int
    term: int
    reject: bool = False
    commit: int = 0
    commit_term: int = 0


class MsgVote(msgspec.Struct, frozen=True, array_like=True, tag=8, gc=False):
    """Vote for me in ``term``; ``transfer`` says that the leader asked me to stand."""

    to: int
    sender: int
    term: int
    index: int
    log_term: int
    transfer: bool = False


class MsgVoteResp(msgspec.Struct, frozen=True, array_like=True, tag=9, gc=False):
    """The answer; a rejection says how far the answerer's log is committed."""

    to: int
    sender: int
    term: int
    reject: bool = False
    commit: int = 0
    commit_term: int = 0


class MsgTimeoutNow(msgspec.Struct, frozen=True, array_like=True, tag=10, gc=False):
    """Stand for election at once: leadership is handed over to you."""

    to: int
    sender: int
    term: int


class MsgReadIndex(msgspec.Struct, frozen=True, array_like=True, tag=11, gc=False):
    """A follower asks for an index at which reading is linearizable.

    ``context`` is the follower's own and comes back unchanged.
    """

    to: int
    sender: int
    term: int
    context: int


class MsgReadIndexResp(msgspec.Struct, frozen=True, array_like=True, tag=12, gc=False):
    """The answer: read when ``index`` has been applied."""

    to: int
    sender: int
    term: int
    context: int
    index: int


class MsgTransferLeader(msgspec.Struct, frozen=True, array_like=True, tag=13, gc=False):
    """Hand leadership over to ``transferee``; a follower passes it on to the leader."""

    to: int
    sender: int
    term: int
    transferee: int


Message = (
    MsgApp
    | MsgAppResp
    | MsgHeartbeat
    | MsgHeartbeatResp
    | MsgSnap
    | MsgPreVote
    | MsgPreVoteResp
    | MsgVote
    | MsgVoteResp
    | MsgTimeoutNow
    | MsgReadIndex
    | MsgReadIndexResp
    | MsgTransferLeader
)


class MsgStorageAppend(msgspec.Struct, frozen=True):
    """Make this durable, in this order: snapshot, entries, hard state. Then hand it to ``advance``.

    Attributes:
        entries: to be appended; the first may replace entries of the same index and all behind it.
        hard_state: ``None`` if it did not change.
        snapshot: ``None``, or a snapshot, already on the disk, that replaces the whole log.
        must_sync: false if only the commit index changed: it may be lost.
        responses: messages to others that may leave only when this is durable.
        last_index: of the log when this was made; with ``last_term`` it recognises a stale one.
        last_term: of the entry there.
        term: of the member when this was made.
    """

    entries: tuple[Entry, ...]
    hard_state: HardState | None
    snapshot: SnapshotMeta | None
    must_sync: bool
    responses: tuple[Message, ...]
    last_index: int
    last_term: int
    term: int


class MsgStorageApply(msgspec.Struct, frozen=True):
    """Committed entries for the state machine, in order; then hand it to ``advance``."""

    entries: tuple[Entry, ...]
