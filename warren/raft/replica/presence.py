"""Who was heard from lately, and when to stand for election without waiting for the timeout.

A connection to the leader that breaks says more than silence does. Its followers then ask for votes
after a short, random wait: apart, so that the first is done before the second begins, and more than
once, as the others may not have noticed yet.
"""

from collections.abc import Callable

from warren.raft.replica.settings import ReplicaSettings

_HASTY_ATTEMPTS = 3


class Presence:
    """Times are those that are passed in.

    Args:
        settings: see there.
        draw: ``draw(n)`` is a random number of [0, n).
    """

    def __init__(self, settings: ReplicaSettings, draw: Callable[[int], int]) -> None:
        self._member = settings.core.member
        self._lately_ms = 2 * settings.core.election_ticks * settings.tick_ms
        self._first_ms = settings.hasty_ms_min
        self._spread_ms = settings.hasty_ms_max - settings.hasty_ms_min + 1
        self._draw = draw
        self._heard_ms: dict[int, int] = {}
        self._attempts = 0
        self.stand_ms: int | None = None
        """When to stand for election if there is no leader by then."""

    def hear(self, member: int, now_ms: int) -> None:
        """A message came."""
        self._heard_ms[member] = now_ms

    def lose(self, member: int) -> None:
        """Nothing more will come over the connection to it."""
        self._heard_ms.pop(member, None)

    def live(self, now_ms: int) -> set[int]:
        """This member, and those that were heard from lately."""
        since = now_ms - self._lately_ms
        live = {member for member, heard_ms in self._heard_ms.items() if heard_ms >= since}
        live.add(self._member)
        return live

    def hasten(self, now_ms: int) -> None:
        """The leader is gone: stand soon."""
        self._attempts = _HASTY_ATTEMPTS
        self._plan(now_ms)

    def is_time_to_stand(self, now_ms: int, *, leaderless: bool) -> bool:
        """Whether to stand now."""
        if self.stand_ms is None or (leaderless and now_ms < self.stand_ms):
            return False
        self.stand_ms = None
        if leaderless and self._attempts:
            self._plan(now_ms)
        return leaderless

    def _plan(self, now_ms: int) -> None:
        self._attempts -= 1
        self.stand_ms = now_ms + self._first_ms + self._draw(self._spread_ms)
