"""Handing the leadership over: the other gets all entries first, and is then told to stand at once."""

from warren.raft.core.entry import NONE
from warren.raft.core.messages import MsgAppResp, MsgTimeoutNow, MsgTransferLeader
from warren.raft.core.ready import Role
from warren.raft.core.state import State
from warren.raft.errors import NotLeader, Refused


def begin(state: State, to: int) -> None:
    """Hand over to ``to``, or ask the leader to.

    Raises:
        NotLeader: no leader is known.
        Refused: ``to`` has no vote.
    """
    if to not in state.tracker.voter_nodes():
        raise Refused(f"leadership cannot be handed to member {to}: it has no vote")
    if state.role is Role.LEADER:
        _ask(state, to)
    elif state.leader != NONE:
        state.messages.append(MsgTransferLeader(state.leader, state.member, state.term, to))
    else:
        raise NotLeader(f"member {state.member} knows no leader in term {state.term}")


def receive_request(state: State, message: MsgTransferLeader) -> None:
    """A follower asks for it."""
    if state.role is Role.LEADER and message.transferee in state.tracker.voter_nodes():
        _ask(state, message.transferee)


def go_on(state: State, message: MsgAppResp) -> None:
    """A member holds more than before; if it is the one that is waited for, it may stand."""
    if message.sender == state.transferee:
        _hand_over(state)


def meet_change(state: State) -> None:
    """The configuration changed: who lost its vote cannot take over, nor lead for long."""
    if state.transferee not in state.tracker.voter_nodes():
        state.transferee = NONE
    if not state.is_voter:
        leave(state)


def give_up(state: State) -> None:
    """The other had its time. A leader without a vote tries somebody else."""
    tried, state.transferee = state.transferee, NONE
    if not state.is_voter:
        leave(state, tried=tried)


def leave(state: State, *, tried: int = NONE) -> None:
    """Lead on without a vote until somebody takes over who has one.

    The others may not know yet that the change is committed, and may be too few to find out by
    themselves: two voters of whom one leaves.
    """
    progress = state.tracker.progress
    voters = state.tracker.voter_nodes()
    _begin(state, max(voters, key=lambda voter: (voter != tried, progress[voter].match)))


def _ask(state: State, to: int) -> None:
    if to not in (state.member, state.transferee):
        state.election_elapsed = 0
        _begin(state, to)


def _begin(state: State, to: int) -> None:
    state.transferee = to
    # What it lacks is on its way or follows now; its acknowledgement brings us back.
    state.unsent = True
    _hand_over(state)


def _hand_over(state: State) -> None:
    to = state.transferee
    if state.tracker.progress[to].match == state.log.last_index:
        state.transfer_begun = True
        state.messages.append(MsgTimeoutNow(to, state.member, state.term))
