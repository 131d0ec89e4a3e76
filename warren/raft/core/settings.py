"""What can be set about the algorithm. Times are counted in ticks, whose length the caller chooses."""

from dataclasses import dataclass

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The same for all members of a cluster, but for ``member``.

    Attributes:
        member: this member's id, 1 or more, never used before in the cluster.
        election_ticks: without a word from the leader for a random time of [n, 2n) ticks, a member
            stands for election; a leader that hears no quorum for n ticks steps down.
        heartbeat_ticks: how often a leader shows that it lives.
        max_entry_bytes: the largest command.
        max_message_bytes: entries in one message stay below, but for a single larger one.
        max_inflight_messages: messages with entries under way to one member.
        max_inflight_bytes: bytes of entries under way to one member.
        max_uncommitted_bytes: proposals are refused while more than this waits to be committed.
        max_apply_bytes: committed entries handed out by one ``ready`` stay below.
        max_read_rounds: rounds of reading that may be under way at once; what arrives meanwhile
            shares the next one.
        lease_reads: whether a leader answers reads without asking, for as long as the ticks since a
            quorum last answered show that nobody else can have been elected. The members' ticks must
            then be equally long, and must be made up for after a pause before anything is read.
        eager_commit: whether followers learn at once, by a message of its own, how far the log is
            committed, rather than with the next entries or heartbeat.
    """

    member: int
    election_ticks: int = 6
    heartbeat_ticks: int = 1
    max_entry_bytes: int = 3 * _MIB // 2
    max_message_bytes: int = _MIB
    max_inflight_messages: int = 256
    max_inflight_bytes: int = 4 * _MIB
    max_uncommitted_bytes: int = 64 * _MIB
    max_apply_bytes: int = 4 * _MIB
    max_read_rounds: int = 2
    lease_reads: bool = False
    eager_commit: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not work.

        Raises:
            ValueError: a value is out of its range.
        """
        if self.member < 1:
            raise ValueError(f"member is {self.member}: ids begin at 1")
        if not 1 <= self.heartbeat_ticks < self.election_ticks:
            raise ValueError(
                f"heartbeat_ticks is {self.heartbeat_ticks}: at least 1 and fewer than "
                f"election_ticks, {self.election_ticks}"
            )
        for name in (
            "max_entry_bytes",
            "max_message_bytes",
            "max_inflight_messages",
            "max_inflight_bytes",
            "max_uncommitted_bytes",
            "max_apply_bytes",
            "max_read_rounds",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: at least 1")
