"""What a leader does: carry its log to the others, learn what they hold, and commit.

Nothing is sent while an event is handled: ``send_pending`` runs once for all that happened since the
last time, so that many proposals and acknowledgements cost one message to each member.
"""

from collections.abc import Sequence

from warren.raft.core.entry import Entry
from warren.raft.core.log import ENTRY_OVERHEAD_BYTES
from warren.raft.core.messages import (
    MsgApp,
    MsgAppResp,
    MsgHeartbeat,
    MsgHeartbeatResp,
    MsgSnap,
)
from warren.raft.core.progress import Progress, ProgressState
from warren.raft.core.state import State
from warren.raft.errors import Overloaded, Refused


def append_entries(state: State, entries: Sequence[Entry]) -> None:
    """Put entries of the own term behind the log; they count here when they are durable."""
    state.log.append(entries)
    state.unsent = True


def propose(state: State, commands: Sequence[bytes]) -> range:
    """Append commands, and say at which indexes.

    Raises:
        NotLeader: this member does not lead.
        Unavailable: it hands the leadership over.
        Overloaded: too much waits to be committed.
        Refused: a command is too large.
    """
    state.require_proposals()
    sizes = [len(command) for command in commands]
    size = sum(sizes)
    settings = state.settings
    if size > settings.max_entry_bytes and max(sizes) > settings.max_entry_bytes:
        raise Refused(
            f"a command has {max(sizes)} bytes, more than the {settings.max_entry_bytes} allowed"
        )
    size += len(sizes) * ENTRY_OVERHEAD_BYTES
    waiting = state.uncommitted_bytes
    if waiting and waiting + size > settings.max_uncommitted_bytes:
        raise Overloaded(
            f"{waiting} bytes wait to be committed and no more than "
            f"{settings.max_uncommitted_bytes} may; is a quorum of members up?"
        )
    state.uncommitted_bytes = waiting + size
    first, term = state.log.last_index + 1, state.term
    append_entries(state, [Entry(index, term, data) for index, data in enumerate(commands, first)])
    return range(first, first + len(sizes))


def own_log_durable(state: State, index: int) -> None:
    """All up to ``index`` is on the leader's own disk."""
    progress = state.tracker.progress.get(state.member)
    if progress is not None and progress.maybe_update(index):
        commit(state)


def commit(state: State) -> bool:
    """Commit what a quorum holds, if it ends with an entry of the own term."""
    if not state.log.maybe_commit(state.tracker.committed(), state.term):
        return False
    if state.settings.eager_commit:
        state.commit_unsent = True
    return True


def send_pending(state: State) -> None:
    """Send each member what it lacks, as far as the windows allow."""
    if state.unsent:
        state.unsent = False
        last = state.log.last_index
        for peer, progress in state.tracker.progress.items():
            if peer != state.member:
                while progress.next <= last and send(state, peer, progress, even_empty=False):
                    pass
    if state.commit_unsent:
        state.commit_unsent = False
        for peer in state.tracker.progress:
            send_commit(state, peer)


def send_commit(state: State, peer: int) -> None:
    """Tell a member how far the log is committed, if that is news to it."""
    progress = state.tracker.progress[peer]
    if peer != state.member and progress.can_bump_commit(state.log.committed):
        send(state, peer, progress, even_empty=True)


def send_heartbeats(state: State, context: int) -> None:
    """Show every member that the leader lives."""
    committed = state.log.committed
    for peer, progress in state.tracker.progress.items():
        if peer != state.member:
            known = min(progress.match, committed)
            beat = MsgHeartbeat(peer, state.member, state.term, known, context)
            state.messages.append(beat)
            progress.sent_commit = max(progress.sent_commit, known)


def receive_append_response(state: State, message: MsgAppResp) -> bool:
    """A member says what it holds, or that entries did not fit. Whether it holds more than before."""
    progress = state.tracker.progress.get(message.sender)
    if progress is None:
        return False
    progress.recent_active = True
    if message.reject:
        _step_back(state, message, progress)
        return False
    return _step_forward(state, message, progress)


def receive_heartbeat_response(state: State, message: MsgHeartbeatResp) -> None:
    """A member lives; whatever was lost on the way to it is tried again."""
    progress = state.tracker.progress.get(message.sender)
    if progress is None:
        return
    progress.recent_active = True
    progress.probe_sent = False
    if progress.match < state.log.last_index or progress.state is ProgressState.PROBE:
        send(state, message.sender, progress, even_empty=True)


def report_unreachable(state: State, peer: int) -> None:
    """A message may have been lost: find out with one at a time how far the member is."""
    progress = state.tracker.progress.get(peer)
    if progress is not None and progress.state is ProgressState.REPLICATE:
        progress.become_probe()


def report_snapshot(state: State, peer: int, *, ok: bool) -> None:
    """The snapshot for a member was carried over, or was not."""
    progress = state.tracker.progress.get(peer)
    if progress is None or progress.state is not ProgressState.SNAPSHOT:
        return
    if not ok:
        progress.pending_snapshot = 0
    progress.become_probe()
    # Carried over: its answer comes next. Lost: the next heartbeat is soon enough to try again.
    progress.probe_sent = True


def _step_back(state: State, message: MsgAppResp, progress: Progress) -> None:
    hint = message.reject_hint
    if message.log_term > 0:
        hint, _ = state.log.find_conflict_by_term(hint, message.log_term)
    if progress.maybe_decr_to(message.index, hint):
        if progress.state is ProgressState.REPLICATE:
            progress.become_probe()
        send(state, message.sender, progress, even_empty=True)


def _step_forward(state: State, message: MsgAppResp, progress: Progress) -> bool:
    index = message.index
    news = progress.maybe_update(index)
    if not news and not (progress.match == index and progress.state is ProgressState.PROBE):
        return False
    if progress.state is ProgressState.REPLICATE:
        progress.inflights.free_to(index)
    elif progress.state is ProgressState.PROBE:
        progress.become_replicate()
    elif progress.match + 1 >= state.log.first_index:
        progress.become_probe()
        progress.become_replicate()
    commit(state)
    # The window has room again.
    state.unsent = True
    return True


def send(state: State, peer: int, progress: Progress, *, even_empty: bool) -> bool:
    """Send one message with entries, or a snapshot if they are gone. Whether one was sent."""
    if progress.is_paused():
        return False
    log = state.log
    previous = progress.next - 1
    previous_term = log.term(previous)
    if previous_term is None:
        return _send_snapshot(state, peer, progress)
    entries: tuple[Entry, ...] = ()
    size = 0
    if progress.next <= log.last_index and not (
        progress.state is ProgressState.REPLICATE and progress.inflights.full
    ):
        entries, size = log.entries(progress.next, state.settings.max_message_bytes)
    if not entries and not even_empty:
        return False
    committed = log.committed
    state.messages.append(
        MsgApp(peer, state.member, state.term, previous, previous_term, committed, entries)
    )
    progress.sent_entries(len(entries), size)
    progress.sent_commit = min(committed, previous + len(entries))
    return True


def _send_snapshot(state: State, peer: int, progress: Progress) -> bool:
    if not progress.recent_active:
        return False
    progress.become_snapshot(state.snapshot.index)
    state.messages.append(MsgSnap(peer, state.member, state.term, state.snapshot))
    return True
