"""What a follower does with what its leader sends."""

from warren.raft.core.entry import SnapshotMeta
from warren.raft.core.messages import (
    MsgApp,
    MsgAppResp,
    MsgHeartbeat,
    MsgHeartbeatResp,
    MsgSnap,
)
from warren.raft.core.ready import Role
from warren.raft.core.state import State
from warren.raft.errors import Broken


def hear_leader(state: State, sender: int) -> None:
    """A message that only the leader of this term sends has come.

    Raises:
        Broken: there are two leaders in this term.
    """
    if state.leader == sender and state.role is Role.FOLLOWER:
        state.election_elapsed = 0
        return
    if state.role is Role.LEADER:
        raise Broken(
            f"members {state.member} and {sender} both lead in term {state.term}: "
            "one of them forgot its vote; stop it, remove its directory and join again"
        )
    state.follow(state.term, sender)


def receive_entries(state: State, message: MsgApp) -> None:
    """Append what fits, and say how far this log and the leader's agree."""
    hear_leader(state, message.sender)
    log = state.log
    if message.index < log.committed:
        # An old message, or the leader does not know better: all committed entries agree.
        _acknowledge(state, log.committed)
        return
    last, fits = log.maybe_append(message.index, message.log_term, message.commit, message.entries)
    if fits:
        _acknowledge(state, last)
        return
    hint, hint_term = log.find_conflict_by_term(
        min(message.index, log.last_index), message.log_term
    )
    state.messages.append(
        MsgAppResp(
            state.leader,
            state.member,
            state.term,
            message.index,
            reject=True,
            reject_hint=hint,
            log_term=hint_term or 0,
        )
    )


def receive_heartbeat(state: State, message: MsgHeartbeat) -> None:
    """Commit as far as the leader knows this log to agree, and answer."""
    hear_leader(state, message.sender)
    state.log.commit_to(message.commit)
    state.messages.append(
        MsgHeartbeatResp(message.sender, state.member, state.term, message.context)
    )


def receive_snapshot(state: State, message: MsgSnap) -> None:
    """Replace the log by a snapshot, whose contents are on the disk, if it is news."""
    hear_leader(state, message.sender)
    if _restore(state, message.snapshot):
        _acknowledge(state, state.log.last_index)
    else:
        _acknowledge(state, state.log.committed)


def _acknowledge(state: State, index: int) -> None:
    state.send_durable(MsgAppResp(state.leader, state.member, state.term, index))


def _restore(state: State, snapshot: SnapshotMeta) -> bool:
    log = state.log
    if snapshot.index <= log.committed:
        return False
    if log.term(snapshot.index) == snapshot.term:
        # All that it stands for is here, and so may be what lies behind it.
        log.commit_to(snapshot.index)
        return False
    log.restore(snapshot)
    state.snapshot = snapshot
    state.configure(snapshot.configuration)
    return True
