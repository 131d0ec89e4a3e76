"""Standing for election, and voting.

A candidate asks first whether it could win (pre-vote), so that a member that returns from an
isolated place disturbs nobody. Members that have lately heard from a leader take no part unless that
leader hands over. A vote, one's own included, counts only when it is durable.
"""

from warren.raft.core.entry import NONE, Entry, EntryKind
from warren.raft.core.messages import (
    MsgPreVote,
    MsgPreVoteResp,
    MsgTimeoutNow,
    MsgVote,
    MsgVoteResp,
)
from warren.raft.core.quorum import VoteResult
from warren.raft.core.ready import Role
from warren.raft.core.replication import append_entries
from warren.raft.core.state import State


def stand(state: State) -> None:
    """Stand for election if that is allowed, asking first whether it could be won."""
    if _may_stand(state):
        _become_pre_candidate(state)


def stand_at_once(state: State, message: MsgTimeoutNow) -> None:
    """The leader hands over: stand without asking first."""
    del message
    if _may_stand(state):
        _become_candidate(state, transfer=True)


def vote_durable(state: State) -> None:
    """The member's own vote is on the disk."""
    if state.role is Role.CANDIDATE:
        _count(state, state.member, granted=True)


def answer_pre_vote(state: State, message: MsgPreVote) -> None:
    """Say whether the sender would get the vote; nothing changes."""
    free = message.term > state.term or _free_to_vote(state, message.sender)
    if free and state.log.is_up_to_date(message.index, message.log_term):
        response = MsgPreVoteResp(message.sender, state.member, message.term)
    else:
        # Not below the sender's term, or it would not listen.
        term = max(state.term, message.term - 1)
        commit, commit_term = state.last_committed
        response = MsgPreVoteResp(
            message.sender,
            state.member,
            term,
            reject=True,
            commit=commit,
            commit_term=commit_term,
        )
    state.messages.append(response)


def answer_vote(state: State, message: MsgVote) -> None:
    """Vote for the sender, in its term, which is this member's by now."""
    if _free_to_vote(state, message.sender) and state.log.is_up_to_date(
        message.index, message.log_term
    ):
        state.vote = message.sender
        state.election_elapsed = 0
        state.durable.append(MsgVoteResp(message.sender, state.member, state.term))
        return
    commit, commit_term = state.last_committed
    state.messages.append(
        MsgVoteResp(
            message.sender,
            state.member,
            state.term,
            reject=True,
            commit=commit,
            commit_term=commit_term,
        )
    )


def count_pre_vote(state: State, message: MsgPreVoteResp) -> None:
    """Count an answer to the question that is being asked now."""
    asked = state.term if message.reject else state.term + 1
    if state.role is Role.PRE_CANDIDATE and message.term == asked:
        _take_answer(state, message)


def count_vote(state: State, message: MsgVoteResp) -> None:
    """Count a vote of this term."""
    if state.role is Role.CANDIDATE:
        _take_answer(state, message)


def heard_lately(state: State) -> bool:
    """Whether there is a leader as far as this member can tell."""
    return state.leader != NONE and state.election_elapsed < state.settings.election_ticks


def _free_to_vote(state: State, candidate: int) -> bool:
    return state.vote == candidate or (state.vote == NONE and state.leader == NONE)


def _may_stand(state: State) -> bool:
    return (
        state.role is not Role.LEADER
        and state.may_lead
        and state.is_voter
        and not state.log.has_pending_snapshot
        and not _has_unapplied_change(state)
    )


def _has_unapplied_change(state: State) -> bool:
    log = state.log
    return any(
        entry.kind is EntryKind.CHANGE for entry in log.slice(log.applied + 1, log.committed + 1)
    )


def _become_pre_candidate(state: State) -> None:
    state.drop_reads()
    state.role = Role.PRE_CANDIDATE
    state.leader = NONE
    state.election_elapsed = 0
    state.draw_timeout()
    state.tracker.reset_votes()
    index, log_term = state.log.last_index, state.log.last_term
    for voter in _others(state):
        question = MsgPreVote(voter, state.member, state.term + 1, index, log_term)
        state.messages.append(question)
    _count(state, state.member, granted=True)


def _become_candidate(state: State, *, transfer: bool) -> None:
    state.reset(state.term + 1)
    state.role = Role.CANDIDATE
    state.vote = state.member
    index, log_term = state.log.last_index, state.log.last_term
    for voter in _others(state):
        request = MsgVote(voter, state.member, state.term, index, log_term, transfer)
        state.durable.append(request)


def _others(state: State) -> list[int]:
    return [voter for voter in state.tracker.voter_nodes() if voter != state.member]


def _take_answer(state: State, message: MsgPreVoteResp | MsgVoteResp) -> None:
    if message.reject and state.log.term(message.commit) == message.commit_term:
        state.log.commit_to(message.commit)
        if _has_unapplied_change(state):
            # It is not known any more whose votes count.
            state.follow(state.term, NONE)
            return
    _count(state, message.sender, granted=not message.reject)


def _count(state: State, voter: int, *, granted: bool) -> None:
    state.tracker.record_vote(voter, granted)
    _, _, result = state.tracker.tally_votes()
    if result is VoteResult.LOST:
        state.follow(state.term, NONE)
    elif result is VoteResult.WON and state.role is Role.PRE_CANDIDATE:
        _become_candidate(state, transfer=False)
    elif result is VoteResult.WON:
        _become_leader(state)


def _become_leader(state: State) -> None:
    state.reset(state.term)
    state.role = Role.LEADER
    state.leader = state.member
    last = state.log.last_index
    state.tracker.begin_term(last, state.member)
    state.term_start = last + 1
    # Changes in the tail of the log were not looked at: they may yet be committed.
    state.pending_change = last
    append_entries(state, (Entry(last + 1, state.term),))
