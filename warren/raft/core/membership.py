"""Changing who takes part.

A change is an entry like any other and takes effect when it is applied. There is one at a time, and
none before the leader has committed an entry of its own term: only then is it certain that no other
change is on its way. While two sets of voters decide together, both must agree to everything.
"""

from warren.raft.core import transfer
from warren.raft.core.changer import apply_change as change_configuration
from warren.raft.core.entry import (
    NONE,
    Configuration,
    ConfigurationChange,
    Entry,
    EntryKind,
    encode_change,
)
from warren.raft.core.ready import Role
from warren.raft.core.replication import append_entries, commit, send
from warren.raft.core.state import State
from warren.raft.errors import Refused, Unavailable


def propose_change(state: State, change: ConfigurationChange) -> int:
    """Append a change, and say at which index.

    Raises:
        NotLeader: this member does not lead, or hands over.
        Unavailable: another change is not done yet, or the term has only begun.
        Refused: the change makes no sense for the present configuration.
    """
    state.require_proposals()
    if not state.committed_in_term:
        raise Unavailable(
            f"member {state.member} has only begun to lead in term {state.term}; "
            "membership can change when its first entry is committed"
        )
    if state.pending_change > state.log.applied:
        raise Unavailable(
            f"a change of membership at index {state.pending_change} may still be under way; "
            "membership changes one step at a time"
        )
    joint = bool(state.configuration.outgoing)
    if joint and change.changes:
        raise Unavailable("the last change of membership has not ended; two cannot overlap")
    if not joint and not change.changes:
        raise Refused("there is no change of membership under way that could be ended")
    change_configuration(state.configuration, change)
    return _append_change(state, change)


def apply_change(state: State, change: ConfigurationChange) -> Configuration:
    """Let a committed change take effect."""
    configuration = change_configuration(state.configuration, change)
    leads = state.role is Role.LEADER
    if leads:
        _say_farewell(state, configuration)
    state.configure(configuration)
    if leads:
        # The quorum may be smaller now, and new members wait for the log.
        commit(state)
        state.unsent = True
        transfer.meet_change(state)
    return configuration


def leave_joint(state: State) -> None:
    """End a joint configuration that is to end by itself, once the log is applied that far."""
    if (
        state.role is Role.LEADER
        and state.configuration.auto_leave
        and state.transferee == NONE
        and state.log.applied >= state.pending_change
    ):
        _append_change(state, ConfigurationChange())


def _append_change(state: State, change: ConfigurationChange) -> int:
    index = state.log.last_index + 1
    append_entries(state, (Entry(index, state.term, encode_change(change), EntryKind.CHANGE),))
    state.pending_change = index
    return index


def _say_farewell(state: State, configuration: Configuration) -> None:
    """Tell those who leave that they do: nobody will afterwards.

    They may be gone at once, and with them the votes that the old configuration needs. So they hear
    of it when this member is certain to remember that the new one counts.
    """
    remaining = configuration.members
    messages, state.messages = state.messages, []
    for peer, progress in state.tracker.progress.items():
        if peer != state.member and peer not in remaining:
            send(state, peer, progress, even_empty=True)
    state.durable += state.messages
    state.save_commit = bool(state.messages)
    state.messages = messages
