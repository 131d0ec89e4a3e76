"""What the algorithm wants done, and what it lets others see."""

from dataclasses import dataclass
from enum import IntEnum

from warren.raft.core.messages import Message, MsgStorageAppend, MsgStorageApply


class Role(IntEnum):
    """What a member is at the moment."""

    FOLLOWER = 0
    PRE_CANDIDATE = 1
    """Asks whether an election could be won, without disturbing anybody."""
    CANDIDATE = 2
    LEADER = 3


@dataclass(frozen=True, slots=True)
class ReadState:
    """What was asked with ``context`` may be read as soon as ``index`` has been applied."""

    context: int
    index: int


@dataclass(slots=True)
class Ready:
    """What is to be done now. It is handed out once; nothing in it is repeated.

    Attributes:
        messages: may leave at once and in parallel with ``append``.
        append: to be made durable behind all earlier ones, then handed to ``Raft.advance``.
        apply: to be applied behind all earlier ones, then handed to ``Raft.advance``.
        reads: answered reads.
        dropped_reads: contexts that will not be answered; to be asked again, or given up.
        leader: as far as is known, ``NONE`` if it is not.
        role: of this member.
    """

    messages: list[Message]
    append: MsgStorageAppend | None
    apply: MsgStorageApply | None
    reads: list[ReadState]
    dropped_reads: list[int]
    leader: int
    role: Role
