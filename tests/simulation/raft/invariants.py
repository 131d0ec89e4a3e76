"""What must hold at every step, whatever happens.

Figure 3 of the Raft paper, and what durability adds to it:

* election safety: one leader per term; one vote per member and term, restarts included;
* leader append-only and log matching: the entry of an index and term is always the same, and always
  stands behind the same entry; by induction so do all before it;
* leader completeness: who is elected holds every entry committed in an earlier term;
* state machine safety: what is committed or applied at an index is the same everywhere, is applied
  once and in order, and leads to the same state;
* durability: what is committed is on the disks of a majority, what a member acknowledges or votes
  is on its own, and what is on a disk is found again;
* terms, and the commit index of a process, never go back.

Everything is checked against what was seen before, so a step costs what it changes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.simulation.raft.model import LogModel
from warren.raft.core.entry import Configuration, Entry, EntryKind, HardState, SnapshotMeta
from warren.raft.core.messages import Message, MsgAppResp, MsgStorageAppend, MsgVote, MsgVoteResp
from warren.raft.core.ready import Role


class Violated(AssertionError):
    """What must never happen did."""


class Visible(Protocol):
    """What the core shows of itself."""

    @property
    def term(self) -> int: ...
    @property
    def role(self) -> Role: ...
    @property
    def commit(self) -> int: ...
    @property
    def configuration(self) -> Configuration: ...


class Found(Protocol):
    """What a log yields when its member starts."""

    @property
    def hard_state(self) -> HardState: ...
    @property
    def snapshot(self) -> SnapshotMeta: ...
    @property
    def entries(self) -> Sequence[Entry]: ...


@dataclass(slots=True)
class Seen:
    """What was last seen of a member.

    Attributes:
        log: with all that was handed to its log thread.
        disk: with what that thread has reported as done.
        writing: what the thread is at.
        applied: the index of the last command that its state machine took.
        applying: commands, or snapshots (``None``), that it took in the present step.
    """

    log: LogModel = field(default_factory=LogModel)
    disk: LogModel = field(default_factory=LogModel)
    writing: tuple[MsgStorageAppend, ...] = ()
    term: int = 0
    commit: int = 0
    role: Role = Role.FOLLOWER
    configuration: Configuration = field(default_factory=Configuration)
    applied: int = 0
    applying: list[tuple[int, bytes | None]] = field(default_factory=list)


Content = tuple[int, EntryKind, bytes]


class Invariants:
    """Follows all members of a cluster.

    Attributes:
        committed: by index from 1 on: the entry's term and the term in which it was committed.
        leaders: who led each term.
        elections: how many there were.
    """

    def __init__(self) -> None:
        self.committed: list[tuple[int, int]] = [(1, 1)]  # what the cluster was founded with
        self.leaders: dict[int, int] = {}
        self._votes: dict[tuple[int, int], int] = {}
        self._entries: dict[tuple[int, int], Content] = {}
        self._commands: dict[int, bytes] = {}
        self._fingerprints: dict[int, bytes] = {}
        self._members: dict[int, Seen] = {}

    def started(self, member: int, found: Found) -> None:
        """A process begins with what its disk holds."""
        after = LogModel.of(found.snapshot, found.entries, found.hard_state)
        seen = self._members.get(member)
        if seen is not None:
            lost = seen.disk.difference(after)
            if lost and (not seen.writing or seen.disk.after(seen.writing).difference(after)):
                raise Violated(f"member {member} found another log than it had written: {lost}")
        self._note_entries(member, after, found.entries)
        self._members[member] = Seen(
            log=after.copy(),
            disk=after,
            term=after.term,
            commit=after.base,
            configuration=found.snapshot.configuration,
            applied=after.base,
        )

    def stepped(self, member: int, now: Visible) -> None:
        """The core has taken an input; what it wants written was given to ``appending`` before."""
        seen = self._members[member]
        if now.term < seen.term:
            raise Violated(f"member {member} went back from term {seen.term} to {now.term}")
        if now.commit < seen.commit:
            raise Violated(f"member {member} went back from commit {seen.commit} to {now.commit}")
        if now.role is Role.LEADER and (seen.role, seen.term) != (Role.LEADER, now.term):
            self._note_leader(member, now.term, seen)
        if now.commit > seen.commit:
            self._note_commit(member, now, seen)
        seen.term, seen.commit, seen.role = now.term, min(now.commit, seen.log.last), now.role
        seen.configuration = now.configuration
        for index, data in seen.applying:
            if data is None:
                self._check_restored(member, index)
            else:
                self._check_applied(member, index, data)
        seen.applying.clear()

    def appending(self, member: int, batch: MsgStorageAppend) -> None:
        """The core wants this written."""
        seen = self._members[member]
        if batch.entries:
            first = batch.entries[0].index
            if first <= seen.commit:
                raise Violated(f"member {member} replaces the committed entry {first}")
            if seen.role is Role.LEADER and batch.term == seen.term and first <= seen.log.last:
                raise Violated(f"leader {member} replaces its own entry {first}")
        if batch.snapshot is not None:
            self._check_snapshot(member, batch.snapshot)
        seen.log.write(batch)
        self._note_entries(member, seen.log, batch.entries)

    def writing(self, member: int, batches: Sequence[MsgStorageAppend]) -> None:
        """The log thread begins with these: they may be found after a crash, or not."""
        self._members[member].writing = tuple(batches)

    def written(self, member: int) -> None:
        """The log thread is done with them: they must be found."""
        seen = self._members[member]
        for batch in seen.writing:
            seen.disk.write(batch)
        seen.writing = ()

    def marked(self, member: int, snapshot: SnapshotMeta) -> None:
        """The member let a durable snapshot of its own stand for the beginning of its log."""
        seen = self._members[member]
        seen.log.mark(snapshot)
        seen.disk.mark(snapshot)

    def sent(self, member: int, message: Message) -> None:
        """A message leaves."""
        disk = self._members[member].disk
        if message.term > disk.term and _binds(message):
            raise Violated(f"member {member} says {message} but its disk is in term {disk.term}")
        if isinstance(message, MsgVoteResp) and not message.reject:
            before = self._votes.setdefault((member, message.term), message.to)
            if before != message.to:
                raise Violated(f"member {member} voted for {before} and {message.to}: {message}")
            if disk.term == message.term and disk.vote != message.to:
                raise Violated(f"member {member} votes without having written it: {message}")
        elif isinstance(message, MsgVote) and not _is_written(message, disk):
            raise Violated(
                f"member {member} asks for votes before it has written its own: {message}"
            )
        elif isinstance(message, MsgAppResp) and not message.reject and message.index > disk.last:
            raise Violated(f"member {member} acknowledges what it has not written: {message}")

    def applied(self, member: int, index: int, data: bytes) -> None:
        """A state machine takes a command, in the middle of a step."""
        self._members[member].applying.append((index, data))

    def restored(self, member: int, index: int) -> None:
        """A state machine takes over a snapshot, in the middle of a step."""
        self._members[member].applying.append((index, None))

    def fingerprint(self, member: int, index: int, fingerprint: bytes) -> None:
        """The state of a machine that has applied everything up to the index."""
        if self._fingerprints.setdefault(index, fingerprint) != fingerprint:
            raise Violated(f"member {member} has another state than others had at {index}")

    def terms(self, member: int) -> LogModel:
        """The member's log."""
        return self._members[member].log

    def durable(self, member: int) -> LogModel:
        """What its disk holds."""
        return self._members[member].disk

    def _check_applied(self, member: int, index: int, data: bytes) -> None:
        seen = self._members[member]
        if index <= seen.applied:
            raise Violated(f"member {member} applies {index} after {seen.applied}")
        if index > len(self.committed):
            raise Violated(f"member {member} applies {index}, which nobody committed")
        if self._commands.setdefault(index, data) != data:
            raise Violated(f"member {member} applies another command than others did at {index}")
        seen.applied = index

    def _check_restored(self, member: int, index: int) -> None:
        seen = self._members[member]
        if index > len(self.committed):
            raise Violated(f"member {member} restores {index}, which nobody committed")
        if index < seen.applied:
            raise Violated(f"member {member} goes back from {seen.applied} to snapshot {index}")
        seen.applied = index

    def _check_snapshot(self, member: int, snapshot: SnapshotMeta) -> None:
        index = snapshot.index
        if index > len(self.committed) or self.committed[index - 1][0] != snapshot.term:
            raise Violated(f"member {member} takes over {snapshot}, which nobody committed")
        if index <= self._members[member].commit:
            raise Violated(f"member {member} goes back to {snapshot}, which it had committed")

    def _note_leader(self, member: int, term: int, seen: Seen) -> None:
        other = self.leaders.setdefault(term, member)
        if other != member:
            raise Violated(f"members {other} and {member} both lead term {term}")
        last = max((at for at, (_, when) in enumerate(self.committed, 1) if when < term), default=0)
        if last and not seen.log.holds(last, self.committed[last - 1][0]):
            raise Violated(
                f"member {member} leads term {term} without the committed entry {last} "
                f"of term {self.committed[last - 1][0]}"
            )

    def _note_commit(self, member: int, now: Visible, seen: Seen) -> None:
        log, known = seen.log, len(self.committed)
        # A follower may commit entries that are not handed out to be written yet.
        last = min(now.commit, log.last)
        for index in range(max(seen.commit, log.base) + 1, min(last, known) + 1):
            if log.term_at(index) != self.committed[index - 1][0]:
                raise Violated(
                    f"member {member} commits entry {index} of term {log.term_at(index)}; others "
                    f"committed that of term {self.committed[index - 1][0]}"
                )
        if last > known:
            self._note_first_commit(member, now, seen)

    def _note_first_commit(self, member: int, now: Visible, seen: Seen) -> None:
        if Role.LEADER not in (now.role, seen.role):
            raise Violated(f"member {member} commits {now.commit} before any leader has")
        # It may have stepped down since, in the same turn.
        led = now.term if now.role is Role.LEADER else seen.term
        term = seen.log.term_at(now.commit)
        if term != led:
            raise Violated(f"leader {member} of {led} commits {now.commit} of term {term}")
        if not (
            self._on_a_quorum(seen.configuration, now.commit, term)
            or self._on_a_quorum(now.configuration, now.commit, term)
        ):
            raise Violated(f"leader {member} commits {now.commit}: no majority has written it")
        for index in range(len(self.committed) + 1, now.commit + 1):
            before = seen.log.term_at(index)
            assert before is not None, "a snapshot holds only what was committed"
            self.committed.append((before, led))

    def _on_a_quorum(self, configuration: Configuration, index: int, term: int) -> bool:
        def is_on_most(voters: Collection[int]) -> bool:
            disks = [self._members[voter].disk for voter in voters if voter in self._members]
            return 2 * sum(disk.holds(index, term) for disk in disks) > len(voters)

        return is_on_most(configuration.voters) and (
            not configuration.outgoing or is_on_most(configuration.outgoing)
        )

    def _note_entries(self, member: int, log: LogModel, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        before = log.term_at(entries[0].index - 1)
        assert before is not None, "entries stand behind others, or behind a snapshot"
        for entry in entries:
            content = (before, entry.kind, entry.data)
            if self._entries.setdefault((entry.index, entry.term), content) != content:
                raise Violated(f"member {member}: two entries {entry.index} of term {entry.term}")
            if before > entry.term:
                raise Violated(f"member {member}: term {entry.term} behind {before}")
            before = entry.term


def _is_written(message: MsgVote, disk: LogModel) -> bool:
    """Whether the candidate's own vote is on its disk, or a later term by now."""
    return disk.term > message.term or (disk.term, disk.vote) == (message.term, message.sender)


def _binds(message: Message) -> bool:
    """Whether it says something in its term that must still hold after a crash."""
    if isinstance(message, MsgAppResp):
        return not message.reject and message.index > 0
    return isinstance(message, MsgVoteResp) and not message.reject
