"""The threads of a simulated process: one piece of work after the other, each taking time.

The disk calls of a piece are all made when its time is over. If power fails before that, a random part
of them is made first: the disk stops the work in the middle with ``PowerFailed``.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from warren.raft.errors import Broken, DiskFull
from warren.testing.disk import SimulatedDisk

Later = Callable[[Callable[[], None]], None]
"""Makes a call when a piece of work has taken its time."""


class PowerFailed(BaseException):
    """The process ends here, in the middle of what it was doing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a thread does, and what follows on the loop."""

    work: Callable[[], None]
    then: Callable[[DiskFull | None], None]


class Worker:
    """One thread.

    Args:
        later: how time passes.
        broke: called instead of what follows if the disk failed for good.
    """

    def __init__(self, later: Later, broke: Callable[[Broken], None]) -> None:
        self._later = later
        self._broke = broke
        self._pieces: deque[Piece] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether anything is being done."""
        return bool(self._pieces)

    def do(self, work: Callable[[], None], then: Callable[[DiskFull | None], None]) -> None:
        """Do it after what was asked for before."""
        self._pieces.append(Piece(work, then))
        if len(self._pieces) == 1:
            self._later(self._finish)

    def interrupt(self, disk: SimulatedDisk, operations: int) -> None:
        """Power fails after so many more calls of the disk, if the piece at hand has so many."""
        pieces, self._pieces = self._pieces, deque()
        if not pieces:
            return
        left = operations
        fails = disk.fail

        def fail(operation: str, name: str) -> int | None:
            nonlocal left
            if not left:
                raise PowerFailed
            left -= 1
            return fails(operation, name)

        disk.fail = fail
        try:
            pieces[0].work()
        except (PowerFailed, Broken, DiskFull):
            pass
        finally:
            disk.fail = fails

    def _finish(self) -> None:
        if not self._pieces:
            return  # the process ended meanwhile
        piece = self._pieces[0]
        full: DiskFull | None = None
        try:
            piece.work()
        except DiskFull as error:
            full = error
        except Broken as error:
            self._pieces.clear()
            self._broke(error)
            return
        self._pieces.popleft()
        if self._pieces:
            self._later(self._finish)
        piece.then(full)
