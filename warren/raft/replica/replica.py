"""One member, but for waiting: whoever drives it carries out what ``collect`` returns and reports back.

Inputs are gathered: all that is proposed or read between two calls of ``collect`` becomes one append
and one round of reading. Nothing here blocks for longer than it takes to apply some entries.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

import msgspec

from warren.raft.core.entry import (
    NONE,
    Entry,
    EntryKind,
    HardState,
    SnapshotMeta,
    decode_change,
)
from warren.raft.core.messages import Message, MsgSnap, MsgStorageAppend, MsgStorageApply
from warren.raft.core.raft import Raft
from warren.raft.core.ready import Ready, Role
from warren.raft.errors import (
    DiskFull,
    NotLeader,
    Overloaded,
    RaftError,
    Refused,
    Unavailable,
    Uncertain,
)
from warren.raft.machine import Restoring
from warren.raft.replica.leading import Leading
from warren.raft.replica.membership import Membership, MembershipRequest, plan_change
from warren.raft.replica.outbox import Answer, Outbox, SaveSnapshot
from warren.raft.replica.presence import Presence
from warren.raft.replica.replicated import STAMP_BYTES, Replicated
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.replica.snapshots import Snapshots
from warren.raft.replica.status import PeerStatus, Status
from warren.raft.replica.tickets import Proposals, Reads
from warren.raft.session import decode_proposal, encode_number

_CHANGE = EntryKind.CHANGE
_LEADER = Role.LEADER
_TICKS_MADE_UP = 2
"""After a pause a follower lets few ticks pass, for what its leader sent meanwhile is yet to be read. A
leader makes up for all that may matter to it, lest it trust in a lease that has ended."""


class Replica:
    """A member. Call ``tick`` before other inputs if time may have passed, ``collect`` after them.

    Args:
        settings: see there.
        replicated: the state at ``snapshot``.
        hard_state: as recovered.
        snapshot: as recovered.
        entries: as recovered.
        draw: ``draw(n)`` is a random number of [0, n).
        now_ms: of a clock that never goes back; where it starts does not matter.
    """

    def __init__(
        self,
        settings: ReplicaSettings,
        replicated: Replicated,
        *,
        hard_state: HardState,
        snapshot: SnapshotMeta,
        entries: Sequence[Entry],
        draw: Callable[[int], int],
        now_ms: int,
    ) -> None:
        self._settings = settings
        self._member = settings.core.member
        self._core = Raft(
            settings.core, hard_state=hard_state, snapshot=snapshot, entries=entries, draw=draw
        )
        self._replicated = replicated
        self._now_ms = self._ticked_ms = now_ms
        self._presence = Presence(settings, draw)
        self._leading = Leading(replicated, settings.snapshot_entries)
        self._proposals = Proposals()
        self._reads = Reads()
        self._snapshots = Snapshots(settings, snapshot.index)
        self._applied_term = snapshot.term
        self._outbox = Outbox()
        self._shown_members: Mapping[int, str] = {}
        self._is_disk_full = False
        self._deferred: deque[MsgStorageApply] = deque()
        self._is_news = True
        """Whether something may be due that depends on the time or on what was applied."""
        if self._core.configuration.members == {self._member}:
            self._core.campaign()  # there is nobody to wait for

    @property
    def core(self) -> Raft:
        """The algorithm's state, to be looked at."""
        return self._core

    @property
    def wake_ms(self) -> int:
        """When ``tick`` has something to do at the latest."""
        next_ms = self._ticked_ms + self._settings.tick_ms
        stand_ms = self._presence.stand_ms
        return next_ms if stand_ms is None else min(next_ms, stand_ms)

    @property
    def status(self) -> Status:
        """How things stand."""
        core, live = self._core, self._presence.live(self._now_ms)
        peers = {
            member: PeerStatus(match=progress.match, state=progress.state, is_live=member in live)
            for member, progress in core.progress.items()
            if core.role is _LEADER and member != self._member
        }
        return Status(
            member=self._member,
            role=core.role,
            term=core.term,
            leader=core.leader,
            committed=core.commit,
            applied=core.applied,
            last_index=core.last_index,
            snapshot_index=core.snapshot.index,
            configuration=core.configuration,
            members=dict(self._replicated.members),
            peers=peers,
            sessions=len(self._replicated.sessions),
            waiting=len(self._proposals) + self._reads.count,
            is_disk_full=self._is_disk_full,
        )

    def tick(self, now_ms: int) -> None:
        """Say what time it is."""
        core, tick_ms = self._core, self._settings.tick_ms
        self._now_ms = max(now_ms, self._now_ms)
        due = (self._now_ms - self._ticked_ms) // tick_ms
        if due:
            self._ticked_ms += due * tick_ms
            self._is_news = True
            leads = core.role is _LEADER
            most = self._settings.core.election_ticks if leads else _TICKS_MADE_UP
            for _ in range(min(due, most)):
                core.tick()
            if self._is_disk_full:
                self._offer_leadership()
        if self._presence.is_time_to_stand(self._now_ms, leaderless=self._is_leaderless):
            core.campaign()

    def receive(self, message: Message) -> None:
        """Take a message from another member.

        A ``MsgSnap`` counts only if what it stands for is here already (``snapshot_received``).

        Raises:
            Broken: somebody forgot what it had promised.
        """
        self._presence.hear(message.sender, self._now_ms)
        if type(message) is not MsgSnap or message.snapshot.index <= self._core.commit:
            self._core.step(message)

    def unreachable(self, peer: int) -> None:
        """Messages to a member were lost."""
        self._core.report_unreachable(peer)

    def connection_lost(self, peer: int) -> None:
        """The connection from a member broke: its process has ended, or a link has."""
        core = self._core
        self._presence.lose(peer)
        core.report_unreachable(peer)
        if peer == core.leader:
            core.forget_leader()
            if core.leader == NONE:
                self._presence.hasten(self._now_ms)

    def propose(self, ticket: object, payload: bytes) -> None:
        """Have a proposal (``session.encode_proposal``) agreed on and carried out.

        The answer is the result, or an error: all but ``Uncertain`` say that it was not and will not
        be carried out.
        """
        if (refusal := self._refuse_proposal(payload)) is None:
            self._proposals.wait(ticket, payload)
        else:
            self._outbox.answers.append((ticket, refusal))

    def read(self, ticket: object, query: bytes) -> None:
        """Ask the state machine about a state no older than this call."""
        if self._reads.count >= self._settings.max_waiting:
            error = Overloaded(f"{self._reads.count} reads wait for member {self._member} already")
            self._outbox.answers.append((ticket, error))
        elif self._is_disk_full and self._core.role is not _LEADER:
            # What it must see first may never be applied here, for it cannot be written.
            self._outbox.answers.append((ticket, self._not_leader()))
        else:
            self._reads.wait(ticket, query)

    def change(self, ticket: object, request: MembershipRequest) -> None:
        """Change who takes part; the answer is the id of the member (``session.decode_number``)."""
        core = self._core
        try:
            self._require_writable()
            plan = plan_change(request, self._membership())
            if isinstance(plan, int):
                self._outbox.answers.append((ticket, encode_number(plan)))
            else:
                self._proposals.expect([core.propose_change(plan)], core.term, [ticket])
        except RaftError as error:
            self._outbox.answers.append((ticket, error))

    def transfer(self, to: int = NONE) -> None:
        """Hand the leadership over, to the best of the others unless one is named.

        Raises:
            NotLeader: there is none to hand over.
            Refused: ``to`` has no vote.
            Unavailable: nobody else lives that has a vote.
        """
        if self._core.role is not _LEADER:
            raise self._not_leader()
        to = to or self._successor()
        if to == NONE:
            raise Unavailable(
                f"member {self._member} cannot hand the leadership over: "
                "no other voter was heard from lately"
            )
        self._core.transfer(to)

    def written(self, append: MsgStorageAppend) -> None:
        """A write that was asked for is durable.

        Raises:
            Damaged: the snapshot that it begins with cannot be put in the place of the state.
        """
        if append.snapshot is not None:
            self._snapshots.install(append.snapshot)
            self._applied_term = append.snapshot.term
            self._is_news = True
        self._core.advance(append)
        self._outbox.messages += append.responses

    def set_disk_full(self, is_full: bool) -> None:  # noqa: FBT001 - a state, not a mode
        """Writing failed for want of space, or succeeds again.

        Meanwhile nothing is proposed here, somebody else is to lead if anybody can, and a snapshot is
        taken at once, so that old files of the log can go.
        """
        self._is_disk_full = is_full
        self._is_news = True
        self._core.may_lead = not is_full
        if is_full:
            self._snapshots.hurry()
            self._offer_leadership()

    def snapshot_saved(self, meta: SnapshotMeta, *, ok: bool) -> None:
        """A snapshot that was asked for is durable, or could not be written."""
        self._snapshots.end(meta, self._now_ms, ok=ok)
        self._is_news = True
        if ok:
            core = self._core
            core.snapshot_saved(meta)
            core.compact(self._snapshots.compact_to(meta.index, core.progress.values()))

    def snapshot_received(self, message: MsgSnap, restoring: Restoring) -> None:
        """What ``message`` names is durable here, and its pieces were added to ``restoring``.

        ``restoring`` was begun by ``Replicated.restore``; it is finished when the log begins behind it.

        Raises:
            Broken: somebody forgot what it had promised.
        """
        self._presence.hear(message.sender, self._now_ms)
        known = self._core.snapshot
        while (
            self._deferred
        ):  # a change of membership among them is not to undo that of the snapshot
            self._apply(self._deferred.popleft(), self._outbox)
        self._core.step(message)
        if self._core.snapshot != known:
            self._snapshots.install_later(message.snapshot, restoring)

    def snapshot_sent(self, peer: int, *, ok: bool) -> None:
        """Sending a snapshot to a member has ended."""
        self._core.report_snapshot(peer, ok=ok)

    def collect(self) -> Outbox:
        """What is to be done because of all inputs since the last time.

        Raises:
            Broken: a committed entry cannot be carried out.
        """
        core = self._core
        outbox, self._outbox = self._outbox, Outbox()
        self._follow_role(outbox)
        self._propose(outbox)
        self._ask(outbox)
        left = self._settings.max_apply_entries
        while self._deferred and left > 0:
            left -= self._apply(self._deferred.popleft(), outbox)
        while core.has_ready():
            left -= self._carry_out(core.ready(), outbox, may_apply=left > 0)
        outbox.more = bool(self._deferred)
        self._follow_role(outbox)
        if self._reads.confirmed:
            self._answer_reads(outbox)
        if self._is_news:
            self._is_news = False
            self._look_after(outbox)
        return outbox

    def _refuse_proposal(self, payload: bytes) -> RaftError | None:
        try:
            self._require_writable()
            decode_proposal(payload)
        except RaftError as error:
            return error
        except msgspec.DecodeError as error:
            return Refused(f"what was proposed cannot be understood ({error})")
        if len(payload) + STAMP_BYTES > self._settings.core.max_entry_bytes:
            return Refused(
                f"a proposal has {len(payload)} bytes; "
                f"{self._settings.core.max_entry_bytes - STAMP_BYTES} is the most"
            )
        if len(self._proposals) >= self._settings.max_waiting:
            return Overloaded(f"{len(self._proposals)} proposals wait to be agreed on already")
        return None

    def _require_writable(self) -> None:
        if self._core.role is not _LEADER:
            raise self._not_leader()
        if self._is_disk_full:
            raise DiskFull(
                f"the disk of member {self._member} is full: nothing is written until there is "
                "space, reading goes on",
                retry_after_seconds=1.0,
            )

    def _not_leader(self) -> NotLeader:
        core = self._core
        if core.leader not in {NONE, self._member}:
            address = self._replicated.members.get(core.leader, "")
            return NotLeader(f"member {core.leader} leads", leader=core.leader, address=address)
        voters = core.configuration.voters
        live = len(self._presence.live(self._now_ms).intersection(voters))
        return NotLeader(
            f"there is no leader: of {len(voters)} voters, member {self._member} has heard from "
            f"{live} lately, itself included, and {len(voters) // 2 + 1} must agree on one; "
            "until then nothing can be written"
        )

    @property
    def _is_leaderless(self) -> bool:
        return self._core.leader == NONE and self._core.role in {Role.FOLLOWER, Role.PRE_CANDIDATE}

    def _follow_role(self, outbox: Outbox) -> None:
        core, leading = self._core, self._leading
        term = core.term if core.role is _LEADER else 0
        if term == leading.term:
            return
        if leading.term:
            error = Uncertain(
                f"member {self._member} stopped leading: "
                "what was proposed to it may or may not take effect"
            )
            self._proposals.abandon(error, outbox.answers)
        if term:
            leading.begin(term, self._now_ms)
        else:
            leading.end()

    def _propose(self, outbox: Outbox) -> None:
        if not self._proposals.tickets:
            return
        tickets, payloads = self._proposals.take()
        prefix = self._leading.stamp(self._now_ms)
        try:
            indexes = self._core.propose([prefix + payload for payload in payloads])
        except RaftError as error:
            reason = self._not_leader() if isinstance(error, NotLeader) else error
            outbox.answers += [(ticket, reason) for ticket in tickets if ticket is not None]
        else:
            self._proposals.expect(indexes, self._core.term, tickets)

    def _ask(self, outbox: Outbox) -> None:
        if self._reads.waiting:
            context = self._reads.ask()
            try:
                self._core.read(context)
            except NotLeader:
                self._reads.drop(context, self._not_leader(), outbox.answers)

    def _carry_out(self, ready: Ready, outbox: Outbox, *, may_apply: bool) -> int:
        for message in ready.messages:
            if type(message) is MsgSnap:
                outbox.send_snapshots.append(message)
            else:
                outbox.messages.append(message)
        if ready.append is not None:
            outbox.writes.append(ready.append)
        for read in ready.reads:
            self._reads.confirm(read.context, read.index)
        for context in ready.dropped_reads:
            self._reads.drop(context, self._not_leader(), outbox.answers)
        if ready.apply is None:
            return 0
        if outbox.messages or outbox.writes or self._deferred or not may_apply:
            # Others and the disk can work on these while the state machine is busy.
            self._deferred.append(ready.apply)
            return 0
        return self._apply(ready.apply, outbox)

    def _apply(self, step: MsgStorageApply, outbox: Outbox) -> int:
        entries = step.entries
        apply, answer, answers = self._replicated.apply, self._proposals.answer, outbox.answers
        under_way = self._proposals.under_way
        result: Answer
        for entry in entries:
            if entry.kind is _CHANGE:
                change = decode_change(entry.data)
                result = self._replicated.apply_change(change, self._core.apply_change(change))
            elif entry.data:
                result = apply(entry.index, entry.data)
            else:
                result = b""
            if under_way:
                answer(entry, result, answers)
        self._applied_term = entries[-1].term
        self._is_news = True
        self._core.advance(step)
        return len(entries)

    def _answer_reads(self, outbox: Outbox) -> None:
        query = self._replicated.machine.query
        for ticket, question in self._reads.ready(self._core.applied):
            try:
                outbox.answers.append((ticket, query(question)))
            except RaftError as error:
                outbox.answers.append((ticket, error))

    def _look_after(self, outbox: Outbox) -> None:
        """Do what is due now and then."""
        core, replicated = self._core, self._replicated
        if self._snapshots.is_due(core.applied, self._now_ms):
            meta = SnapshotMeta(core.applied, self._applied_term, core.configuration)
            self._snapshots.begin(meta)
            outbox.save = SaveSnapshot(meta, replicated.freeze())
        if replicated.members != self._shown_members:
            self._shown_members = outbox.members = dict(replicated.members)
        if replicated.divergences:
            outbox.divergences, replicated.divergences = replicated.divergences, []
        if self._leading.term and len(core.progress) > 1 and not self._is_disk_full:
            check = self._leading.check(core.applied, core.last_index)
            if check is not None:
                self._proposals.wait(None, check)
                outbox.more = True

    def _membership(self) -> Membership:
        core, replicated = self._core, self._replicated
        return Membership(
            configuration=core.configuration,
            members=replicated.members,
            next_member=replicated.next_member,
            live=self._presence.live(self._now_ms),
            unused=[member for member, progress in core.progress.items() if not progress.match],
            behind={
                member: core.commit - progress.match for member, progress in core.progress.items()
            },
            caught_up_entries=self._settings.caught_up_entries,
        )

    def _successor(self) -> int:
        """The other live voter that lacks least, ``NONE`` if there is none."""
        core, live = self._core, self._presence.live(self._now_ms)
        others = live.intersection(core.configuration.voters) - {self._member}
        return max(others, key=lambda member: core.progress[member].match, default=NONE)

    def _offer_leadership(self) -> None:
        core = self._core
        if core.role is _LEADER and core.transferee == NONE:
            successor = self._successor()
            if successor != NONE:
                core.transfer(successor)
