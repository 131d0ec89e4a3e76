"""What can go wrong, by what the caller does next.

``Unavailable`` and its kinds are transient: the same call may succeed later or at another member.
``Refused`` and its kinds are permanent: the same call will fail again. ``Broken`` ends the process.
"""


class RaftError(Exception):
    """Anything that this package raises."""


class Unavailable(RaftError):
    """Nothing can be decided here now; try again after ``retry_after_seconds``."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0.2) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotLeader(Unavailable):
    """Another member leads, or none does.

    Attributes:
        leader: the id of the leader as far as is known, 0 for none.
        address: where it listens, empty if that is not known.
    """

    def __init__(self, message: str, *, leader: int = 0, address: str = "") -> None:
        super().__init__(message)
        self.leader = leader
        self.address = address


class Overloaded(Unavailable):
    """Too much waits to be agreed on already; nothing was proposed."""


class DiskFull(Unavailable):
    """Nothing more can be written; reading goes on."""


class Uncertain(Unavailable):
    """The proposal may or may not take effect; repeated within its session it does so once."""


class Refused(RaftError):
    """The request itself cannot be met."""


class SessionExpired(Refused):
    """The client's session is unknown: too old, or never opened. Open another and decide anew."""


class Incompatible(Refused):
    """The other side is of another cluster, speaks another protocol or may not connect."""


class Broken(RaftError):
    """This member cannot go on: its process must stop."""


class Damaged(Broken):
    """What is on the disk was altered after it had been acknowledged."""
