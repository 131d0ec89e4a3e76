"""What a member shows of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from warren.raft.core.entry import Configuration
from warren.raft.core.progress import ProgressState
from warren.raft.core.ready import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStatus:
    """Another member as the leader sees it.

    Attributes:
        match: its log is known to agree up to here.
        state: how it is sent to.
        is_live: whether it was heard from lately.
    """

    match: int
    state: ProgressState
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A member at one moment; ``peers`` is empty unless it leads.

    Attributes:
        member: its id.
        role: what it is.
        term: the one it is in.
        leader: as far as it knows, 0 if it does not.
        committed: up to where the log is, as far as it knows.
        applied: up to where the log has taken effect here.
        last_index: of its log.
        snapshot_index: of its newest snapshot.
        configuration: who takes part.
        members: addresses by id.
        peers: by id.
        sessions: how many clients have one.
        waiting: how many proposals and reads are not answered.
        is_disk_full: whether nothing can be written here.
    """

    member: int
    role: Role
    term: int
    leader: int
    committed: int
    applied: int
    last_index: int
    snapshot_index: int
    configuration: Configuration
    members: Mapping[int, str]
    peers: Mapping[int, PeerStatus]
    sessions: int
    waiting: int
    is_disk_full: bool
