"""Reading linearizably without writing to the log.

A leader notes how far the log is committed, and then asks in a round of heartbeats whether it still
leads. Rounds are numbered and members remember nothing: whoever answers round n knew the leader after
all rounds up to n had begun, so one answer settles them all, and a lost one is made up for by the next
round. Reads that arrive while rounds are under way share the next one; followers ask the leader.
"""

from warren.raft.core.entry import NONE
from warren.raft.core.messages import (
    MsgHeartbeatResp,
    MsgReadIndex,
    MsgReadIndexResp,
)
from warren.raft.core.quorum import joint_committed
from warren.raft.core.ready import ReadState, Role
from warren.raft.core.replication import send_commit, send_heartbeats
from warren.raft.core.rounds import Request, Round
from warren.raft.core.state import State
from warren.raft.errors import NotLeader

_LEASE_MARGIN_TICKS = 2
"""One because a tick may come right after a heartbeat, one because clocks differ."""


def ask(state: State, context: int) -> None:
    """Take a read of this member.

    Raises:
        NotLeader: no leader is known.
    """
    if state.leader == NONE:
        raise NotLeader(f"member {state.member} knows no leader in term {state.term}")
    state.queue.waiting.append((state.member, context))


def receive_read(state: State, message: MsgReadIndex) -> None:
    """Take the reads of a follower if this member leads; else it will give up and ask anew."""
    if state.role is Role.LEADER:
        state.queue.waiting.append((message.sender, message.context))


def receive_read_response(state: State, message: MsgReadIndexResp) -> None:
    """The leader answered what was asked in one message."""
    _, contexts = state.queue.forwarded.pop(message.context, (0, ()))
    state.reads.extend([ReadState(context, message.index) for context in contexts])


def can_serve(state: State) -> bool:
    """Whether anything can be done now for the reads that wait."""
    queue = state.queue
    if not queue.waiting:
        return False
    if state.role is not Role.LEADER:
        return True
    # What earlier leaders committed is not known before the own term has committed.
    return state.committed_in_term and (
        len(queue.rounds) < state.settings.max_read_rounds or _needs_no_round(state)
    )


def serve_waiting(state: State) -> None:
    """Do what can be done now for the reads that wait."""
    if not can_serve(state):
        return
    queue = state.queue
    requests, queue.waiting = queue.waiting, []
    if state.role is not Role.LEADER:
        _forward(state, requests)
    elif _needs_no_round(state):
        _answer(state, state.log.committed, requests)
    else:
        number = queue.begin(leased=state.settings.lease_reads)
        queue.rounds.append(Round(number, state.log.committed, requests))
        send_heartbeats(state, number)


def beat(state: State) -> None:
    """Send heartbeats; they make up for those of earlier rounds that were lost."""
    queue = state.queue
    leased = state.settings.lease_reads
    send_heartbeats(state, queue.begin(leased=leased) if queue.rounds or leased else 0)


def receive_round_response(state: State, message: MsgHeartbeatResp) -> None:
    """A member answered a round."""
    queue = state.queue
    if not message.context:
        return
    queue.acknowledge(message.sender, message.context)
    queue.acknowledge(state.member, queue.number)
    configuration = state.configuration
    number = joint_committed(configuration.voters, configuration.outgoing, queue.acknowledged)
    for settled in queue.confirm(number):
        _answer(state, settled.index, settled.requests)


def give_up_late(state: State) -> None:
    """Give up reads whose message to the leader, or its answer, must have been lost."""
    queue = state.queue
    queue.ticks += 1
    if queue.forwarded:
        state.dropped_reads += queue.expire(queue.ticks - state.settings.election_ticks)


def _needs_no_round(state: State) -> bool:
    return (state.is_voter and state.tracker.is_singleton) or _lease_holds(state)


def _lease_holds(state: State) -> bool:
    queue = state.queue
    ticks = state.settings.election_ticks - _LEASE_MARGIN_TICKS
    return (
        state.settings.lease_reads
        and not state.transfer_begun
        and queue.leased_at >= 0
        and queue.ticks - queue.leased_at < ticks
    )


def _forward(state: State, requests: list[Request]) -> None:
    queue = state.queue
    number = state.next_context()
    queue.forwarded[number] = (queue.ticks, [context for _, context in requests])
    state.messages.append(MsgReadIndex(state.leader, state.member, state.term, number))


def _answer(state: State, index: int, requests: list[Request]) -> None:
    for requester, context in requests:
        if requester == state.member:
            state.reads.append(ReadState(context, index))
        elif requester in state.tracker.progress:
            send_commit(state, requester)
            state.messages.append(
                MsgReadIndexResp(requester, state.member, state.term, context, index)
            )
