"""Following a table: what there is, then every change, without a gap between the two."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from warren.model.resource import Resource
from warren.store.store import Store
from warren.store.tables import Table

T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[T]):
    """One thing that is there or has changed.

    Attributes:
        sequence: of the change; what a watch may begin after.
        verb: what became of it.
        thing: as it is; as it was, if it was deleted; ``None`` says that all that there was has been
            told.
    """

    sequence: int
    verb: str
    thing: T | None


async def follow(
    store: Store,
    table: Table[T],
    name: str,
    *,
    after_sequence: int,
    concerns: Callable[[T], bool],
) -> AsyncIterator[Step[T]]:
    """Tell what happens in a table until the store closes.

    Args:
        store: see there.
        table: what is followed.
        name: of the table.
        after_sequence: changes after this one; 0 begins with what there is.
        concerns: whether somebody wants to know of a thing.

    Raises:
        WatchLost: the changes are not known any more, or the reader is too slow: begin anew.
    """
    start = after_sequence or store.sequence
    watch = store.watch(start, tables=(name,))
    if not after_sequence:
        for thing in table.list():  # as it is at ``start``: nothing was waited for since
            if concerns(thing):
                yield Step(sequence=start, verb="created", thing=thing)
        yield Step(sequence=start, verb="unchanged", thing=None)
    async for change in watch:
        sides: list[Any] = [side for side in (change.after, change.before) if side is not None]
        if any(map(concerns, sides)):
            yield Step(sequence=change.sequence, verb=change.verb, thing=sides[0])
