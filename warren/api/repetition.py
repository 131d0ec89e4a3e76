"""A change that is asked for twice is made once.

A client whose call breaks does not know whether it was carried out, so it sends it again with the
same random key. While the first is under way the second waits for it; afterwards it gets the same
answer. What failed is forgotten: the next one decides anew.

Answers are kept by the manager that leads, in memory and for a while. A repetition that comes after
another manager took over is decided anew, where versions and unique names keep it from being made
twice unnoticed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from warren.aio.companions import Companions
from warren.model.errors import InvalidInput, Problem

KEPT_MAX = 4096
KEPT_SECONDS = 600.0
KEY_CHARACTERS_MAX = 128


@dataclass(frozen=True, slots=True)
class _Kept:
    request: bytes
    answer: "asyncio.Future[bytes]"
    since: float


class Repetitions:
    """Remembers answers by caller, RPC and key.

    Args:
        companions: where changes go on whose caller has gone.
        monotonic: seconds.
    """

    def __init__(self, companions: Companions, monotonic: Callable[[], float]) -> None:
        self._companions = companions
        self._monotonic = monotonic
        self._kept: dict[tuple[str, str, str], _Kept] = {}

    async def once(
        self, key: tuple[str, str, str], request: bytes, work: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """The answer of ``work``, or of what was done for the same key before.

        Args:
            key: who, which RPC, and the caller's key.
            request: as it was sent.
            work: makes the change; goes on when the caller has gone.

        Raises:
            InvalidInput: the key is too long, or was used for another request.
        """
        if len(key[2]) > KEY_CHARACTERS_MAX:
            raise _invalid(f"must be at most {KEY_CHARACTERS_MAX} characters long")
        kept = self._kept.get(key)
        if kept is None:
            kept = self._begin(key, request, work)
        elif kept.request != request:
            raise _invalid("was used for another request: make a random one for each change")
        return await asyncio.shield(kept.answer)

    def _begin(
        self, key: tuple[str, str, str], request: bytes, work: Callable[[], Awaitable[bytes]]
    ) -> _Kept:
        self._forget_old()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        kept = self._kept[key] = _Kept(request, answer, self._monotonic())
        self._companions.start(self._carry_out(key, answer, work))
        return kept

    async def _carry_out(
        self,
        key: tuple[str, str, str],
        answer: "asyncio.Future[bytes]",
        work: Callable[[], Awaitable[bytes]],
    ) -> None:
        try:
            answer.set_result(await work())
        except BaseException as error:
            self._kept.pop(key, None)
            if isinstance(error, asyncio.CancelledError):
                answer.cancel()
                raise
            answer.set_exception(error)
            answer.exception()  # the caller may have gone: then nobody else hears of it
            if not isinstance(error, Exception):
                raise

    def _forget_old(self) -> None:
        """The oldest come first: they are remembered in the order in which they began."""
        limit = self._monotonic() - KEPT_SECONDS
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            if kept.since > limit and len(self._kept) < KEPT_MAX:
                return
            del self._kept[key]


def _invalid(rule: str) -> InvalidInput:
    return InvalidInput([Problem(field="write.idempotency_key", value="", rule=rule)])
