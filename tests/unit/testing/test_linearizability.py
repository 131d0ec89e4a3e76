"""The checker on histories of known verdict, and against trying every order."""

from collections.abc import Hashable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies

from warren.testing import linearizability
from warren.testing.linearizability import Operation, Undecided, find_violation, register

CASES = Path(__file__).parents[2] / "cases" / "linearizability"


def hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def operations_of(history: list[list[Any]]) -> list[Operation]:
    return [
        Operation(
            key=row[4] if len(row) > 4 else "x",
            request=tuple(row[2]),
            answer=hashable(row[3]),
            called=row[0],
            returned=row[1],
            client=number,
        )
        for number, row in enumerate(history)
    ]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_history_is_judged_as_known(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    violation = find_violation(operations_of(case["history"]), None, register)
    assert (violation is None) == case["linearizable"], violation
    if violation is not None:
        assert violation.key == case.get("key", "x")


def test_violation_tells_how_far_the_history_is_explained() -> None:
    case = yaml.safe_load((CASES / "a_stale_read.yaml").read_text())
    violation = find_violation(operations_of(case["history"]), None, register)
    assert str(violation).splitlines() == [
        "the history of 'x' is not linearizable; explained as far as:",
        "  [0, 1] client 0: ('write', 1) -> None",
        "  [2, 3] client 1: ('write', 2) -> None",
        "and then none of:",
        "  [4, 5] client 2: ('read',) -> 1",
    ]


def explained_by_some_order(history: list[Operation]) -> bool:
    """Every order of every choice of unanswered operations, by definition."""
    answered = [item for item in history if item.returned is not None]
    pending = [item for item in history if item.returned is None]
    for choice in range(1 << len(pending)):
        chosen = [item for number, item in enumerate(pending) if choice >> number & 1]
        if any(explains(order) for order in permutations(answered + chosen)):
            return True
    return False


def explains(order: tuple[Operation, ...]) -> bool:
    value: Hashable = None
    for place, item in enumerate(order):
        if any(
            later.returned is not None and later.returned < item.called for later in order[place:]
        ):
            return False
        value, answer = register(value, item.request)
        if item.returned is not None and answer != item.answer:
            return False
    return True


REQUESTS = strategies.one_of(
    strategies.just(("read",)),
    strategies.tuples(strategies.just("write"), strategies.integers(0, 2)),
    strategies.tuples(strategies.just("cas"), strategies.integers(0, 2), strategies.integers(0, 2)),
)


@strategies.composite
def histories(draw: strategies.DrawFn) -> list[Operation]:
    found = []
    for number in range(draw(strategies.integers(1, 5))):
        request = draw(REQUESTS)
        called = draw(strategies.integers(0, 8))
        lasts = draw(strategies.one_of(strategies.none(), strategies.integers(0, 6)))
        answers: dict[str, strategies.SearchStrategy[Hashable]] = {
            "read": strategies.one_of(strategies.none(), strategies.integers(0, 2)),
            "write": strategies.none(),
            "cas": strategies.booleans(),
        }
        found.append(
            Operation(
                key="x",
                request=request,
                answer=draw(answers[request[0]]),
                called=called,
                returned=None if lasts is None else called + lasts,
                client=number,
            )
        )
    return found


@settings(max_examples=200, deadline=None)
@given(histories())
def test_verdict_is_that_of_trying_every_order(history: list[Operation]) -> None:
    found = find_violation(history, None, register)
    assert (found is None) == explained_by_some_order(history)


def test_long_history_with_many_unanswered_writes_is_judged_at_once() -> None:
    history = [
        Operation(key="x", request=("write", -number), called=number, returned=None)
        for number in range(1, 13)
    ]
    for number in range(2_000):
        at = 100 + 4 * number
        history.append(Operation(key="x", request=("write", number), called=at, returned=at + 6))
        history.append(
            Operation(key="x", request=("read",), answer=number, called=at + 1, returned=at + 3)
        )
    assert find_violation(history, None, register) is None


def test_search_is_given_up_when_it_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linearizability, "CONFIGURATIONS_MAX", 100)
    history = [
        Operation(key="x", request=("write", number), called=0, returned=9) for number in range(12)
    ]
    history.append(Operation(key="x", request=("read",), answer=-1, called=10, returned=11))
    with pytest.raises(Undecided, match="100 configurations of 'x'"):
        find_violation(history, None, register)


def test_register_knows_its_requests_only() -> None:
    with pytest.raises(ValueError, match="does not know"):
        register(None, ("increment",))
