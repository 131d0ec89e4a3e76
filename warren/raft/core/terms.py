"""Time and messages: who is heard, in which term, and by which part of the algorithm."""

from collections.abc import Callable
from typing import Any

from warren.raft.core import campaign, following, membership, reads, replication, transfer
from warren.raft.core.entry import NONE
from warren.raft.core.messages import (
    Message,
    MsgApp,
    MsgAppResp,
    MsgHeartbeat,
    MsgHeartbeatResp,
    MsgPreVote,
    MsgPreVoteResp,
    MsgReadIndex,
    MsgReadIndexResp,
    MsgSnap,
    MsgTimeoutNow,
    MsgTransferLeader,
    MsgVote,
    MsgVoteResp,
)
from warren.raft.core.ready import Role
from warren.raft.core.state import State


def tick(state: State) -> None:
    """Let time pass."""
    if state.role is Role.LEADER:
        _tick_leader(state)
    else:
        _tick_others(state)


def receive(state: State, message: Message) -> None:
    """Take a message, whatever its term.

    Raises:
        Broken: the message shows that this member, or another, forgot what it had promised.
    """
    if message.to != state.member:
        return
    if message.term == state.term or _meet_term(state, message):
        _PARTS[type(message)](state, message)


def _tick_leader(state: State) -> None:
    settings = state.settings
    state.queue.ticks += 1
    state.election_elapsed += 1
    state.heartbeat_elapsed += 1
    if state.election_elapsed >= settings.election_ticks:
        state.election_elapsed = 0
        if not _quorum_heard(state):
            state.follow(state.term, NONE)
            return
        transfer.give_up(state)
    if state.heartbeat_elapsed >= settings.heartbeat_ticks:
        state.heartbeat_elapsed = 0
        reads.beat(state)
    membership.leave_joint(state)


def _quorum_heard(state: State) -> bool:
    """Whether a quorum was heard since this was asked last."""
    heard = state.tracker.quorum_active()
    for peer, progress in state.tracker.progress.items():
        if peer != state.member:
            progress.recent_active = False
    return heard


def _tick_others(state: State) -> None:
    state.election_elapsed += 1
    reads.give_up_late(state)
    alone = state.role is Role.FOLLOWER and state.tracker.is_singleton
    if alone or state.election_elapsed >= state.election_timeout:
        campaign.stand(state)


def _meet_term(state: State, message: Message) -> bool:
    """Settle a difference of terms. Whether the message still means something."""
    if message.term < state.term:
        _answer_old(state, message)
        return False
    if isinstance(message, MsgPreVote):
        return not campaign.heard_lately(state)
    if isinstance(message, MsgVote) and not message.transfer and campaign.heard_lately(state):
        return False
    if isinstance(message, MsgPreVoteResp) and not message.reject:
        return True
    leads = isinstance(message, MsgApp | MsgHeartbeat | MsgSnap)
    state.follow(message.term, message.sender if leads else NONE)
    return True


def _answer_old(state: State, message: Message) -> None:
    """Let a leader of an earlier term, or one who would like to be, know of this one."""
    if isinstance(message, MsgApp | MsgHeartbeat | MsgSnap):
        state.messages.append(MsgAppResp(message.sender, state.member, state.term, 0))
    elif isinstance(message, MsgPreVote):
        state.messages.append(MsgPreVoteResp(message.sender, state.member, state.term, reject=True))


def _receive_append_response(state: State, message: MsgAppResp) -> None:
    if state.role is Role.LEADER and replication.receive_append_response(state, message):
        transfer.go_on(state, message)


def _receive_heartbeat_response(state: State, message: MsgHeartbeatResp) -> None:
    if state.role is Role.LEADER:
        replication.receive_heartbeat_response(state, message)
        reads.receive_round_response(state, message)


_PARTS: dict[type, Callable[[State, Any], None]] = {
    MsgApp: following.receive_entries,
    MsgAppResp: _receive_append_response,
    MsgHeartbeat: following.receive_heartbeat,
    MsgHeartbeatResp: _receive_heartbeat_response,
    MsgSnap: following.receive_snapshot,
    MsgPreVote: campaign.answer_pre_vote,
    MsgPreVoteResp: campaign.count_pre_vote,
    MsgVote: campaign.answer_vote,
    MsgVoteResp: campaign.count_vote,
    MsgTimeoutNow: campaign.stand_at_once,
    MsgReadIndex: reads.receive_read,
    MsgReadIndexResp: reads.receive_read_response,
    MsgTransferLeader: transfer.receive_request,
}
