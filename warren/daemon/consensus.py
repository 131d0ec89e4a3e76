"""The store on the replicated log: what each calls errors, and how entries get from one to the other."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

from warren.model.errors import (
    CorruptState,
    InvalidInput,
    PermanentError,
    Problem,
    TransientError,
    WarrenError,
)
from warren.raft.errors import Broken, Damaged, DiskFull, RaftError, Refused, Unavailable
from warren.raft.machine import Restoring
from warren.store.machine import StoreMachine
from warren.store.outcome import Outcome, decode_outcome


class Log(Protocol):
    """What the store needs of a member.

    Attributes:
        failed: ends with the reason why nothing can be proposed any more.
    """

    failed: "asyncio.Future[None]"

    async def propose(self, data: bytes) -> bytes:
        """Have an entry agreed on and applied here; its result.

        Raises:
            RaftError: it was not, or that is not known.
        """
        ...


class Machine:
    """The store's state machine, whose errors consensus understands.

    Args:
        store: see there.
    """

    def __init__(self, store: StoreMachine) -> None:
        self._store = store

    def apply(self, index: int, data: bytes) -> bytes:
        """Carry out an entry.

        Raises:
            Broken: this Warren cannot.
        """
        try:
            return self._store.apply(index, data)
        except WarrenError as error:
            raise Broken(f"entry {index} cannot be applied: {error}") from error

    def query(self, data: bytes) -> bytes:
        """Nothing is asked but when; the answer is the question."""
        return self._store.query(data)

    def fingerprint(self) -> bytes:
        """Equal on two managers at an equal index, or one of them is wrong."""
        return self._store.fingerprint()

    def freeze(self) -> Iterator[bytes]:
        """The state as it is now."""
        return self._store.freeze()

    def restore(self) -> Restoring:
        """Begin to take over a state."""
        return _Restoring(self._store)


class _Restoring:
    def __init__(self, store: StoreMachine) -> None:
        self._restoring = store.restore()

    def add(self, piece: bytes) -> None:
        try:
            self._restoring.add(piece)
        except WarrenError as error:
            raise _as_damage(error) from error

    def finish(self) -> None:
        try:
            self._restoring.finish()
        except WarrenError as error:
            raise _as_damage(error) from error


class LogProposer:
    """Proposes the store's entries to a member."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def propose(self, entry: bytes) -> Outcome:
        """Have an entry agreed on.

        Raises:
            TransientError: it may be proposed again; the message says if it may have been applied.
            PermanentError: nothing can be proposed any more.
        """
        try:
            return decode_outcome(await self._log.propose(entry))
        except RaftError as error:
            raise translate(self._reason() or error) from error

    def _reason(self) -> RaftError | None:
        """Why the member cannot go on, if that is why it did not answer."""
        failed = self._log.failed
        error = failed.exception() if failed.done() else None
        return error if isinstance(error, RaftError) else None


def translate(error: RaftError) -> PermanentError | TransientError:
    """An error of consensus as callers of Warren know errors."""
    if isinstance(error, DiskFull):
        return TransientError(
            f"the disk is full: {error}",
            hint="free some space; reading goes on, and writing does by itself",
            retry_after_seconds=max(error.retry_after_seconds, 1.0),
        )
    if isinstance(error, Unavailable):
        return TransientError(str(error), retry_after_seconds=error.retry_after_seconds)
    if isinstance(error, Damaged):
        return CorruptState(
            str(error),
            hint="the disk or somebody changed it: restore the state directory from a copy, or move it "
            "away and begin anew; containers keep running and are found again by their labels",
        )
    if isinstance(error, Refused):
        return InvalidInput([Problem(field="", value="", rule=str(error))])
    return PermanentError(
        f"the disk failed: {error}", hint="have the disk looked at; nothing more is written to it"
    )


def _as_damage(error: WarrenError) -> RaftError:
    return Damaged(str(error)) if isinstance(error, CorruptState) else Broken(str(error))
