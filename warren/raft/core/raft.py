"""One member of a cluster that agrees on a log.

Ticks, messages, proposals and finished writes go in; ``ready`` says what is to be sent, written and
applied because of them. Writing and applying may take their time: ``advance`` tells when they are
done, and until then other things go on.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from warren.raft.core import campaign, membership, reads, replication, terms, transfer
from warren.raft.core.entry import (
    NONE,
    Configuration,
    ConfigurationChange,
    Entry,
    HardState,
    SnapshotMeta,
)
from warren.raft.core.log import ENTRY_OVERHEAD_BYTES, Log
from warren.raft.core.messages import Message, MsgStorageAppend, MsgStorageApply
from warren.raft.core.progress import Progress
from warren.raft.core.ready import Ready, Role
from warren.raft.core.settings import Settings
from warren.raft.core.state import State


class Raft:
    """A member; nothing happens in it by itself.

    Args:
        settings: what can be set.
        hard_state: what was durable when the member stopped.
        snapshot: the newest durable one, from which the state machine was loaded. The first members
            of a new cluster begin with one of index 1 and term 1 that names them; who
            joins later begins with none, ``SnapshotMeta()``, and is sent one.
        entries: durable ones, behind ``snapshot`` without a gap.
        draw: ``draw(n)`` is a random number of [0, n).

    Raises:
        Broken: what was durable does not fit together.
        ValueError: the snapshot of index 0 names members. Whoever joins would get all entries from
            the first on, and never learn of them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        hard_state: HardState,
        snapshot: SnapshotMeta,
        entries: Sequence[Entry],
        draw: Callable[[int], int],
    ) -> None:
        if snapshot.index == 0 and snapshot.configuration.members:
            raise ValueError("a new cluster begins with a snapshot of index 1 and term 1")
        log = Log(snapshot, entries, committed=hard_state.commit)
        self._state = State(settings, log, hard_state=hard_state, snapshot=snapshot, draw=draw)
        self._saved = hard_state
        self._ticked = False
        self._appends: deque[MsgStorageAppend] = deque()
        self._applies: deque[MsgStorageApply] = deque()
        self._shown = (NONE, Role.FOLLOWER)

    @property
    def term(self) -> int:
        """The term this member is in; it may not be durable yet."""
        return self._state.term

    @property
    def vote(self) -> int:
        """For whom it voted in this term."""
        return self._state.vote

    @property
    def role(self) -> Role:
        """What it is at the moment."""
        return self._state.role

    @property
    def leader(self) -> int:
        """Who leads as far as it knows, ``NONE`` if it does not."""
        return self._state.leader

    @property
    def commit(self) -> int:
        """Up to where the log is committed, as far as it knows."""
        return self._state.log.committed

    @property
    def applied(self) -> int:
        """Up to where it was told that the log is applied."""
        return self._state.log.applied

    @property
    def first_index(self) -> int:
        """Of the log as far as it was not compacted."""
        return self._state.log.first_index

    @property
    def last_index(self) -> int:
        """Of the log, durable or not."""
        return self._state.log.last_index

    @property
    def snapshot(self) -> SnapshotMeta:
        """The newest durable one."""
        return self._state.snapshot

    @property
    def configuration(self) -> Configuration:
        """Who takes part, as far as it was applied."""
        return self._state.configuration

    @property
    def progress(self) -> Mapping[int, Progress]:
        """How far each member is; it means something only on a leader."""
        return self._state.tracker.progress

    @property
    def is_learner(self) -> bool:
        """Whether it takes part without a vote."""
        return self._state.member in self._state.configuration.learners

    @property
    def transferee(self) -> int:
        """To whom it hands the leadership over, ``NONE`` if to nobody."""
        return self._state.transferee

    @property
    def may_lead(self) -> bool:
        """Whether it stands for election at all; settable."""
        return self._state.may_lead

    @may_lead.setter
    def may_lead(self, may_lead: bool) -> None:
        self._state.may_lead = may_lead

    def tick(self) -> None:
        """Let time pass."""
        self._ticked = True
        terms.tick(self._state)

    def step(self, message: Message) -> None:
        """Take a message from another member; old and foreign ones do nothing.

        Raises:
            Broken: the message shows that this member, or another, forgot what it had promised.
        """
        terms.receive(self._state, message)

    def propose(self, commands: Sequence[bytes]) -> range:
        """Append commands to the log, and say at which indexes; they are not committed yet.

        Raises:
            NotLeader: this member does not lead.
            Unavailable: it hands the leadership over.
            Overloaded: too much waits to be committed.
            Refused: a command is too large.
        """
        return replication.propose(self._state, commands)

    def propose_change(self, change: ConfigurationChange) -> int:
        """Append a change of membership, and say at which index; it is not committed yet.

        Raises:
            NotLeader: this member does not lead.
            Unavailable: another change is not done yet, or the term has only begun.
            Refused: the change makes no sense for the present configuration.
        """
        return membership.propose_change(self._state, change)

    def apply_change(self, change: ConfigurationChange) -> Configuration:
        """Let a committed change take effect; for each when it is applied, before ``advance``."""
        return membership.apply_change(self._state, change)

    def read(self, context: int) -> None:
        """Ask from which index on it is linearizable to read; ``Ready`` brings the answer.

        Raises:
            NotLeader: no leader is known.
        """
        reads.ask(self._state, context)

    def transfer(self, to: int) -> None:
        """Hand the leadership to another voter, or ask the leader to do so.

        It is given up after ``election_ticks``; until then proposals are refused.

        Raises:
            NotLeader: no leader is known.
            Refused: ``to`` has no vote.
        """
        transfer.begin(self._state, to)

    def campaign(self) -> None:
        """Stand for election now, if that is allowed; others are asked first whether it helps."""
        campaign.stand(self._state)

    def forget_leader(self) -> None:
        """As a follower, no longer count on the leader: others may be voted for.

        It does nothing with ``lease_reads``, which rely on the leader being remembered.
        """
        state = self._state
        if state.role is Role.FOLLOWER and not state.settings.lease_reads:
            state.drop_reads()
            state.leader = NONE

    def step_down(self) -> None:
        """Stop leading or standing for election."""
        state = self._state
        if state.role is not Role.FOLLOWER:
            state.follow(state.term, NONE)

    def report_unreachable(self, peer: int) -> None:
        """Messages to a member may have been lost."""
        replication.report_unreachable(self._state, peer)

    def report_snapshot(self, peer: int, *, ok: bool) -> None:
        """Carrying the snapshot that a ``MsgSnap`` named has ended."""
        replication.report_snapshot(self._state, peer, ok=ok)

    def snapshot_saved(self, meta: SnapshotMeta) -> None:
        """A snapshot of this member is durable."""
        if meta.index > self._state.snapshot.index:
            self._state.snapshot = meta

    def compact(self, index: int) -> None:
        """Drop the log up to ``index`` from memory.

        Raises:
            ValueError: no durable snapshot stands for it.
        """
        state = self._state
        if index > state.snapshot.index:
            raise ValueError(
                f"the log cannot be compacted to {index}: "
                f"the newest snapshot is of {state.snapshot.index}"
            )
        if index >= state.log.first_index:
            state.log.compact(index)

    def has_ready(self) -> bool:
        """Whether ``ready`` would say anything."""
        state = self._state
        return bool(
            state.messages
            or state.durable
            or state.unsent
            or state.commit_unsent
            or state.reads
            or state.dropped_reads
            or state.log.has_unwritten
            or state.log.has_next_committed
            or self._shown != (state.leader, state.role)
            or self._hard_state_news()
            or reads.can_serve(state)
        )

    def ready(self) -> Ready:
        """What is to be done now."""
        state = self._state
        replication.send_pending(state)
        reads.serve_waiting(state)
        append = self._next_append()
        messages, state.messages = state.messages, []
        answered, state.reads = state.reads, []
        dropped, state.dropped_reads = state.dropped_reads, []
        self._shown = (state.leader, state.role)
        return Ready(
            messages=messages,
            append=append,
            apply=self._next_apply(),
            reads=answered,
            dropped_reads=dropped,
            leader=state.leader,
            role=state.role,
        )

    def advance(self, done: MsgStorageAppend | MsgStorageApply) -> None:
        """What ``ready`` handed out is done.

        Raises:
            ValueError: something that was handed out earlier is not done yet.
        """
        if isinstance(done, MsgStorageAppend):
            _take_first(self._appends, done)
            self._appended(done)
        else:
            _take_first(self._applies, done)
            self._applied(done)

    def _hard_state_news(self) -> bool:
        state, saved = self._state, self._saved
        return (
            state.term != saved.term
            or state.vote != saved.vote
            or ((self._ticked or state.save_commit) and state.log.committed != saved.commit)
        )

    def _next_append(self) -> MsgStorageAppend | None:
        state, saved = self._state, self._saved
        log = state.log
        news = self._hard_state_news()
        if not (news or log.has_unwritten):
            if not state.durable:
                return None
            if not self._appends:
                # All that they wait for is durable already.
                state.messages += state.durable
                state.durable = []
                return None
        entries, snapshot = log.accept_unwritten()
        hard_state = HardState(state.term, state.vote, log.committed)
        promised = state.term != saved.term or state.vote != saved.vote or state.save_commit
        append = MsgStorageAppend(
            entries=entries,
            hard_state=hard_state if hard_state != saved else None,
            snapshot=snapshot,
            must_sync=bool(entries or snapshot or promised),
            responses=tuple(state.durable),
            last_index=log.last_index,
            last_term=log.last_term,
            term=state.term,
        )
        state.durable = []
        self._saved = hard_state
        self._ticked = state.save_commit = False
        self._appends.append(append)
        return append

    def _next_apply(self) -> MsgStorageApply | None:
        entries = self._state.log.accept_committed(self._state.settings.max_apply_bytes)
        if not entries:
            return None
        apply = MsgStorageApply(entries)
        self._applies.append(apply)
        return apply

    def _appended(self, done: MsgStorageAppend) -> None:
        state = self._state
        if done.snapshot is not None:
            state.log.stable_snapshot_to(done.snapshot.index)
            state.log.applied_to(done.snapshot.index)
        if done.term != state.term:
            # What was written may have been replaced since; a later write attests to the log.
            return
        state.log.stable_to(done.last_index, done.last_term)
        if state.role is Role.LEADER:
            replication.own_log_durable(state, done.last_index)
        else:
            campaign.vote_durable(state)

    def _applied(self, done: MsgStorageApply) -> None:
        state = self._state
        state.log.applied_to(done.entries[-1].index)
        if state.role is Role.LEADER:
            size = sum([len(entry.data) for entry in done.entries])
            size += len(done.entries) * ENTRY_OVERHEAD_BYTES
            state.uncommitted_bytes = max(0, state.uncommitted_bytes - size)
            membership.leave_joint(state)


def _take_first(
    under_way: deque[MsgStorageAppend] | deque[MsgStorageApply],
    done: MsgStorageAppend | MsgStorageApply,
) -> None:
    if not under_way or under_way[0] is not done:
        raise ValueError("only the oldest of what ready handed out can be done next")
    under_way.popleft()
