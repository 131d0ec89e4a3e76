"""What the log is made of, and what must be remembered beside it."""

from enum import IntEnum

import msgspec

NONE = 0
"""No member: ids begin at 1 and are never used again."""


class EntryKind(IntEnum):
    """What an entry carries."""

    NORMAL = 0
    """A command for the state machine; empty at the beginning of each term."""
    CHANGE = 1
    """An encoded ``ConfigurationChange``."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One place in the log."""

    index: int
    term: int
    data: bytes = b""
    kind: EntryKind = EntryKind.NORMAL


class HardState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a member must not forget: it is durable before any message that depends on it leaves."""

    term: int = 0
    vote: int = NONE
    commit: int = 0


class Configuration(msgspec.Struct, frozen=True, array_like=True):
    """Who takes part. Every tuple is sorted.

    Attributes:
        voters: decide (the incoming ones while a joint change is under way).
        outgoing: the voters before; empty unless a joint change is under way.
        learners: receive the log and do not vote.
        learners_next: voters of ``outgoing`` that become learners when the joint change ends.
        auto_leave: whether the leader ends the joint change by itself.
    """

    voters: tuple[int, ...] = ()
    outgoing: tuple[int, ...] = ()
    learners: tuple[int, ...] = ()
    learners_next: tuple[int, ...] = ()
    auto_leave: bool = False

    @property
    def members(self) -> frozenset[int]:
        """All of them."""
        return frozenset(self.voters) | frozenset(self.outgoing) | frozenset(self.learners)


class ChangeKind(IntEnum):
    """What happens to one member."""

    ADD_VOTER = 0
    ADD_LEARNER = 1
    REMOVE = 2


class Transition(IntEnum):
    """How a configuration change is made."""

    AUTO = 0
    """Simple if it concerns one voter at most, else joint with auto-leave."""
    JOINT_IMPLICIT = 1
    """Joint; the leader leaves it by itself."""
    JOINT_EXPLICIT = 2
    """Joint until a change without members is proposed."""


class MemberChange(msgspec.Struct, frozen=True, array_like=True):
    """One member of a change; ``address`` is opaque to the core."""

    kind: ChangeKind
    member: int
    address: str = ""


class ConfigurationChange(msgspec.Struct, frozen=True, array_like=True):
    """What a ``CHANGE`` entry says; without members it ends a joint configuration.

    Attributes:
        changes: in order.
        transition: how.
        context: opaque to the core; who asked, so that the one who did can be answered.
    """

    changes: tuple[MemberChange, ...] = ()
    transition: Transition = Transition.AUTO
    context: bytes = b""


class SnapshotMeta(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot stands for: the log up to ``index``, and the configuration there."""

    index: int = 0
    term: int = 0
    configuration: Configuration = Configuration()


_encode_change = msgspec.msgpack.Encoder().encode
_decode_change = msgspec.msgpack.Decoder(ConfigurationChange).decode


def encode_change(change: ConfigurationChange) -> bytes:
    """The data of a ``CHANGE`` entry."""
    return _encode_change(change)


def decode_change(data: bytes) -> ConfigurationChange:
    """Read the data of a ``CHANGE`` entry; empty data ends a joint configuration.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _decode_change(data) if data else ConfigurationChange()
