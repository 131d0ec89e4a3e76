"""All that a member knows, and the few steps that every part of the algorithm shares.

The parts (campaigning, replication, following, membership, reading, handing over) are functions of
this state. Messages that may leave at once and those that must wait until everything decided so far
is durable are kept apart here.
"""

from collections.abc import Callable

from warren.raft.core.entry import NONE, Configuration, HardState, SnapshotMeta
from warren.raft.core.log import Log
from warren.raft.core.messages import Message, MsgAppResp
from warren.raft.core.ready import ReadState, Role
from warren.raft.core.rounds import Reads
from warren.raft.core.settings import Settings
from warren.raft.core.tracker import Tracker
from warren.raft.errors import NotLeader, Unavailable

_CONTEXTS = 1 << 62


class State:
    """One member.

    Attributes:
        messages: may leave at once.
        durable: may leave when all that was decided before them is durable.
        reads: answered, to be handed out.
        dropped_reads: given up, to be handed out.
        queue: reads that wait.
        snapshot: the newest durable one.
        may_lead: whether this member stands for election at all.
        is_voter: whether it has a vote, as far as it knows.
        term_start: while leading, the index of the first entry of the own term.
        pending_change: no further change of the configuration before this index is applied.
        uncommitted_bytes: proposed here in this term and not applied yet.
        transferee: who is about to be handed the leadership.
        transfer_begun: whether anybody was told in this term to stand at once.
        unsent: whether members may lack entries that could be sent now.
        commit_unsent: whether members should hear how far the log is committed.
        save_commit: whether how far the log is committed must be durable before ``durable`` leaves.
    """

    __slots__ = (
        "commit_unsent",
        "draw",
        "dropped_reads",
        "durable",
        "election_elapsed",
        "election_timeout",
        "heartbeat_elapsed",
        "is_voter",
        "last_context",
        "leader",
        "log",
        "may_lead",
        "member",
        "messages",
        "pending_change",
        "queue",
        "reads",
        "role",
        "save_commit",
        "settings",
        "snapshot",
        "term",
        "term_start",
        "tracker",
        "transfer_begun",
        "transferee",
        "uncommitted_bytes",
        "unsent",
        "vote",
    )

    def __init__(
        self,
        settings: Settings,
        log: Log,
        *,
        hard_state: HardState,
        snapshot: SnapshotMeta,
        draw: Callable[[int], int],
    ) -> None:
        self.settings = settings
        self.member = settings.member
        self.log = log
        self.draw = draw
        self.snapshot = snapshot
        self.tracker = Tracker(
            max_inflight_messages=settings.max_inflight_messages,
            max_inflight_bytes=settings.max_inflight_bytes,
        )
        self.role = Role.FOLLOWER
        self.term = max(hard_state.term, log.last_term)
        self.vote = hard_state.vote
        self.leader = NONE
        self.may_lead = True
        self.save_commit = False
        self.messages: list[Message] = []
        self.durable: list[Message] = []
        self.queue = Reads()
        self.reads: list[ReadState] = []
        self.dropped_reads: list[int] = []
        # An answer to what an earlier life of this member asked must not answer this one.
        self.last_context = draw(_CONTEXTS)
        self._begin_role()
        self.configure(snapshot.configuration)

    @property
    def configuration(self) -> Configuration:
        """Who takes part, as far as it has been applied."""
        return self.tracker.configuration

    @property
    def committed_in_term(self) -> bool:
        """Whether an entry of the own term is committed: only then does a leader know them all."""
        return self.role is Role.LEADER and self.log.committed >= self.term_start

    @property
    def last_committed(self) -> tuple[int, int]:
        """Index and term of the last entry that is known to be committed."""
        index = self.log.committed
        return index, self.log.term(index) or 0

    def configure(self, configuration: Configuration) -> None:
        """Let a configuration take effect."""
        self.tracker.configure(configuration, self.log.last_index)
        self.is_voter = self.member in self.tracker.voter_nodes()

    def draw_timeout(self) -> None:
        """Choose anew how long to wait for a leader."""
        ticks = self.settings.election_ticks
        self.election_timeout = ticks + self.draw(ticks)

    def reset(self, term: int) -> None:
        """Begin a new role, perhaps in a new term, without a leader."""
        if term != self.term:
            self.term = term
            self.vote = NONE
        self.drop_reads()
        self.tracker.reset_votes()
        self._begin_role()

    def follow(self, term: int, leader: int) -> None:
        """Become a follower of ``leader``, which may be unknown."""
        self.reset(term)
        self.role = Role.FOLLOWER
        self.leader = leader

    def drop_reads(self) -> None:
        """Give up the reads of this member that nobody will answer now."""
        self.dropped_reads += self.queue.clear(self.member)

    def next_context(self) -> int:
        """A number that this member never gave to a message before."""
        self.last_context += 1
        return self.last_context

    def send_durable(self, response: MsgAppResp) -> None:
        """Acknowledge when it is durable; a later acknowledgement stands for an earlier one."""
        durable = self.durable
        if durable:
            last = durable[-1]
            if (
                type(last) is MsgAppResp
                and last.to == response.to
                and last.term == response.term
                and last.index <= response.index
            ):
                durable[-1] = response
                return
        durable.append(response)

    def require_proposals(self) -> None:
        """Check that this member leads, and goes on to.

        Raises:
            NotLeader: it does not lead.
            Unavailable: it hands the leadership over.
        """
        if self.role is not Role.LEADER:
            raise NotLeader(
                f"member {self.member} does not lead in term {self.term}", leader=self.leader
            )
        if self.transferee != NONE:
            raise Unavailable(
                f"member {self.member} hands the leadership over to {self.transferee}"
            )

    def _begin_role(self) -> None:
        self.leader = NONE
        self.election_elapsed = 0
        self.heartbeat_elapsed = 0
        self.draw_timeout()
        self.term_start = 0
        self.pending_change = 0
        self.uncommitted_bytes = 0
        self.transferee = NONE
        self.transfer_begun = False
        self.unsent = False
        self.commit_unsent = False
