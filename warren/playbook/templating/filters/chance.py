"""Filters that need chance; its source is a parameter, so that a run can be repeated."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any


def filters(source: Random) -> dict[str, Callable[..., Any]]:
    """``random`` and ``shuffle`` drawing from ``source``, or from a seed of their own."""

    def random(
        end: Any, start: int | None = None, step: int | None = None, seed: Any = None
    ) -> Any:
        """A number below ``end``, or an item of a sequence."""
        drawing = source if seed is None else Random(str(seed))  # noqa: S311 - not for secrets
        if isinstance(end, int):
            return drawing.randrange(start or 0, end, step or 1)
        if start is not None or step is not None:
            raise TypeError("start and step are for numbers")
        return drawing.choice(list(end))

    def shuffle(items: Sequence[Any], seed: Any = None) -> list[Any]:
        """The items in another order."""
        drawing = source if seed is None else Random(str(seed))  # noqa: S311 - not for secrets
        mixed = list(items)
        drawing.shuffle(mixed)
        return mixed

    return {"random": random, "shuffle": shuffle}
