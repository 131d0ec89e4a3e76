"""What clients saw, and whether one machine, used by one after the other, could have shown it to them."""

import json
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from warren.testing.linearizability import Operation, find_violation, register


def read_history(path: Path) -> list[Operation]:
    """The lines that ``workload`` wrote."""
    return list(_operations(path))


def _operations(path: Path) -> Iterator[Operation]:
    with path.open() as lines:
        for line in lines:
            client, key, request, answer, called, returned = json.loads(line)
            yield Operation(
                key=key,
                request=tuple(request),
                answer=answer,
                called=called,
                returned=returned,
                client=client,
            )


def acknowledged(history: Sequence[Operation]) -> dict[Hashable, Hashable]:
    """What was written once and acknowledged, by key."""
    return {
        each.key: each.request[1]
        for each in history
        if str(each.key).startswith("u") and each.returned is not None
    }


def check(history: Sequence[Operation]) -> None:
    """Fail if no order explains the history."""
    violation = find_violation(history, None, register)
    assert violation is None, str(violation)


def longest_silence(history: Sequence[Operation]) -> float:
    """Seconds between two writes that were answered one after the other."""
    ends = sorted(
        each.returned for each in history if each.returned is not None and each.request[0] != "read"
    )
    return max((b - a) / 1e9 for a, b in pairwise(ends))
