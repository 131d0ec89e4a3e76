"""All members as a leader sees them, and as a candidate counts their votes."""

from collections.abc import Sequence

from warren.raft.core.changer import next_progress
from warren.raft.core.entry import Configuration
from warren.raft.core.progress import (
    MAX_INFLIGHT_BYTES,
    MAX_INFLIGHT_MESSAGES,
    Inflights,
    Progress,
    ProgressState,
)
from warren.raft.core.quorum import VoteResult, joint_committed, joint_vote


class Tracker:
    """The members of a configuration.

    Attributes:
        configuration: who takes part; set by ``configure``.
        progress: one record for each member, by ascending id.
        votes: what members answered in the election under way.
    """

    __slots__ = (
        "_max_inflight_bytes",
        "_max_inflight_messages",
        "_voters",
        "configuration",
        "progress",
        "votes",
    )

    def __init__(
        self,
        *,
        max_inflight_messages: int = MAX_INFLIGHT_MESSAGES,
        max_inflight_bytes: int = MAX_INFLIGHT_BYTES,
    ) -> None:
        self._max_inflight_messages = max_inflight_messages
        self._max_inflight_bytes = max_inflight_bytes
        self._voters: tuple[int, ...] = ()
        self.configuration = Configuration()
        self.progress: dict[int, Progress] = {}
        self.votes: dict[int, bool] = {}

    @property
    def is_singleton(self) -> bool:
        """Whether one voter decides alone."""
        configuration = self.configuration
        return len(configuration.voters) == 1 and not configuration.outgoing

    def configure(self, configuration: Configuration, last_index: int) -> None:
        """Let a configuration take effect; new members are sent to from ``last_index`` on."""
        self.configuration = configuration
        self._voters = tuple(sorted({*configuration.voters, *configuration.outgoing}))
        self.progress = next_progress(
            self.progress,
            configuration,
            last_index,
            max_inflight_messages=self._max_inflight_messages,
            max_inflight_bytes=self._max_inflight_bytes,
        )

    def begin_term(self, last_index: int, leader: int) -> None:
        """A member leads whose durable log ends at ``last_index``; nothing is known of the others."""
        for member, known in self.progress.items():
            record = Progress(
                next=last_index + 1,
                is_learner=known.is_learner,
                inflights=Inflights(self._max_inflight_messages, self._max_inflight_bytes),
            )
            if member == leader:
                record.match = last_index
                record.state = ProgressState.REPLICATE
                record.recent_active = True
            self.progress[member] = record

    def committed(self) -> int:
        """The highest index that a quorum holds."""
        configuration = self.configuration
        match = {member: record.match for member, record in self.progress.items()}
        return joint_committed(configuration.voters, configuration.outgoing, match)

    def quorum_active(self) -> bool:
        """Whether a quorum was heard from lately."""
        configuration = self.configuration
        active = {member: record.recent_active for member, record in self.progress.items()}
        result = joint_vote(configuration.voters, configuration.outgoing, active)
        return result is VoteResult.WON

    def voter_nodes(self) -> Sequence[int]:
        """The ids of all who have a vote, ascending."""
        return self._voters

    def learner_nodes(self) -> Sequence[int]:
        """The ids of all who have none yet, ascending."""
        return self.configuration.learners

    def reset_votes(self) -> None:
        """Begin a new election."""
        self.votes = {}

    def record_vote(self, voter: int, granted: bool) -> None:  # noqa: FBT001 - the answer itself
        """Count an answer; whoever answers twice is held to the first."""
        self.votes.setdefault(voter, granted)

    def tally_votes(self) -> tuple[int, int, VoteResult]:
        """How many voters granted, how many rejected, and how the election stands."""
        configuration = self.configuration
        answers = [self.votes[voter] for voter in self._voters if voter in self.votes]
        granted = sum(answers)
        result = joint_vote(configuration.voters, configuration.outgoing, self.votes)
        return granted, len(answers) - granted, result
