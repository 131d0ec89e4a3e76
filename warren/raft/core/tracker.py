"""Who takes part, how far each of them is, and how they voted."""

from warren.raft.core import changer, quorum
from warren.raft.core.entry import Configuration
from warren.raft.core.progress import Inflights, Progress
from warren.raft.core.quorum import VoteResult


class Tracker:
    """The members of the present configuration.

    Args:
        max_inflight_messages: messages with entries under way to one member.
        max_inflight_bytes: of their entries.

    Attributes:
        configuration: who takes part.
        progress: of each member, in the order of their ids.
        votes: in the present election.
    """

    __slots__ = ("_max_bytes", "_max_messages", "configuration", "progress", "votes")

    def __init__(
        self, *, max_inflight_messages: int = 256, max_inflight_bytes: int = 4 << 20
    ) -> None:
        self._max_messages = max_inflight_messages
        self._max_bytes = max_inflight_bytes
        self.configuration = Configuration()
        self.progress: dict[int, Progress] = {}
        self.votes: dict[int, bool] = {}

    @property
    def is_singleton(self) -> bool:
        """Whether one voter decides alone."""
        return len(self.configuration.voters) == 1 and not self.configuration.outgoing

    def configure(self, configuration: Configuration, last_index: int) -> None:
        """Let a configuration take effect; new members are probed from the end of the log."""
        self.configuration = configuration
        self.progress = changer.next_progress(
            self.progress, configuration, lambda: self._make(last_index + 1)
        )

    def begin_term(self, last_index: int, leader: int) -> None:
        """Forget how far the members are: ``leader`` begins to lead."""
        learners = set(self.configuration.learners)
        self.progress = {member: self._make(last_index + 1) for member in self.progress}
        for member, progress in self.progress.items():
            progress.is_learner = member in learners
        own = self.progress.get(leader)
        if own is not None:
            own.become_replicate()
            own.recent_active = True

    def voter_nodes(self) -> list[int]:
        """All who vote, in order."""
        configuration = self.configuration
        return sorted(set(configuration.voters) | set(configuration.outgoing))

    def learner_nodes(self) -> list[int]:
        """All who do not, in order."""
        return list(self.configuration.learners)

    def committed(self) -> int:
        """The highest index that the voters have agreed on."""
        configuration = self.configuration
        match = {member: progress.match for member, progress in self.progress.items()}
        return quorum.joint_committed(configuration.voters, configuration.outgoing, match)

    def quorum_active(self) -> bool:
        """Whether a quorum was heard of since the last check."""
        active = {member: each.recent_active for member, each in self.progress.items()}
        configuration = self.configuration
        result = quorum.joint_vote(configuration.voters, configuration.outgoing, active)
        return result is VoteResult.WON

    def record_vote(self, voter: int, granted: bool) -> None:  # noqa: FBT001 - a vote is yes or no
        """Count a vote; the first one of a member stands."""
        self.votes.setdefault(voter, granted)

    def reset_votes(self) -> None:
        """Begin a new election."""
        self.votes = {}

    def tally_votes(self) -> tuple[int, int, VoteResult]:
        """How many voters granted and refused, and how the election stands."""
        voters = self.voter_nodes()
        cast = [self.votes[voter] for voter in voters if voter in self.votes]
        configuration = self.configuration
        result = quorum.joint_vote(configuration.voters, configuration.outgoing, self.votes)
        return sum(cast), len(cast) - sum(cast), result

    def _make(self, next_index: int) -> Progress:
        return Progress(
            next_index=next_index, inflights=Inflights(self._max_messages, self._max_bytes)
        )
