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
from warren.raft.errors import (
    Broken,
    Damaged,
    DiskFull,
    RaftError,
    Refused,
    Unavailable,
    Uncertain,
)
from warren.raft.machine import Restoring
from warren.store.machine import StoreMachine
from warren.store.outcome import Outcome, decode_outcome

REACH_SECONDS = 30.0
"""For how long a write waits until this manager has come to what the leader did."""


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
    """Proposes the store's entries to a member.

    Args:
        log: the member.
        machine: what it applies entries to.
    """

    def __init__(self, log: Log, machine: StoreMachine) -> None:
        self._log = log
        self._machine = machine

    async def propose(self, entry: bytes) -> Outcome:
        """Have an entry agreed on, and wait until what it did can be read here, too.

        The answer is the leader's, which may be ahead of this manager.

        Raises:
            TransientError: it may be proposed again; the message says if it may have been applied.
            PermanentError: nothing can be proposed any more.
        """
        try:
            outcome = decode_outcome(await self._log.propose(entry))
        except RaftError as error:
            raise failure_of(self._log.failed, error) from error
        if self._machine.state.index < outcome.index:
            await self._reach(outcome.index)
        return outcome

    async def _reach(self, index: int) -> None:
        reached, failed = self._machine.reach(index), self._log.failed
        try:
            await asyncio.wait(
                {reached, failed},
                timeout=REACH_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if reached.done():
                return
        finally:
            reached.cancel()
        late = Uncertain(
            f"the write is recorded, as entry {index}, but this manager has not come to it in "
            f"{REACH_SECONDS:g} s: read before you write again"
        )
        raise failure_of(failed, late)


def failure_of(failed: "asyncio.Future[None]", error: RaftError) -> PermanentError | TransientError:
    """What callers are told of ``error``: why the member cannot go on, if that is the reason."""
    reason = failed.exception() if failed.done() else None
    if reason is None:
        return translate(error)
    if isinstance(reason, RaftError):
        return translate(reason)
    return PermanentError(
        f"this manager cannot go on: {type(reason).__name__}",
        hint="this is a defect of Warren; the log has more",
    )


def translate(error: RaftError) -> PermanentError | TransientError:
    """An error of consensus as callers of Warren know errors."""
    if isinstance(error, DiskFull):
        return TransientError(
            str(error),
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
        str(error), hint="nothing more is written here; what was acknowledged is kept"
    )


def _as_damage(error: WarrenError) -> RaftError:
    return Damaged(str(error)) if isinstance(error, CorruptState) else Broken(str(error))
