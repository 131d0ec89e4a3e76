"""Whether a history of concurrent operations could have happened one after the other.

Each operation takes effect at one moment between its call and its return. The search is that of
Wing and Gong, with Lowe's memory of configurations (which operations took effect, which state they
led to) that were tried before. Objects that do not touch each other are checked one by one: a
history is linearizable if and only if its part for each object is (Herlihy and Wing, 1990).

An operation without an answer may have taken effect at any moment after its call, or never.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)

Step = Callable[[State, tuple[Hashable, ...]], tuple[State, Hashable]]
"""The object, one operation at a time: (state, request) to (state after it, answer)."""

CONFIGURATIONS_MAX = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request of one client.

    Attributes:
        key: the object it was for.
        request: what was asked.
        answer: what came back; without meaning if nothing did.
        called: when, on a clock that all clients share.
        returned: when the answer came; ``None`` if the client never learned one.
        client: for whoever reads the report.
    """

    key: Hashable
    request: tuple[Hashable, ...]
    answer: Hashable = None
    called: int
    returned: int | None
    client: int = 0

    def __str__(self) -> str:
        end = "?" if self.returned is None else self.returned
        answer = "?" if self.returned is None else repr(self.answer)
        return f"[{self.called}, {end}] client {self.client}: {self.request} -> {answer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A part of a history that no order explains.

    Attributes:
        key: of the object.
        order: the longest order found that explains a part of it.
        stuck: operations of which none can follow, each of which would have to.
    """

    key: Hashable
    order: tuple[Operation, ...]
    stuck: tuple[Operation, ...]

    def __str__(self) -> str:
        lines = [f"the history of {self.key!r} is not linearizable; explained as far as:"]
        lines += [f"  {operation}" for operation in self.order]
        lines += ["and then none of:", *(f"  {operation}" for operation in self.stuck)]
        return "\n".join(lines)


class Undecided(Exception):
    """The search was given up: too many operations at once."""


def find_violation(
    operations: Iterable[Operation], initial: State, step: Step[State]
) -> Violation | None:
    """The first object whose history no order explains; ``None`` if the history is linearizable.

    Raises:
        Undecided: more than ``CONFIGURATIONS_MAX`` configurations of one object were tried.
    """
    by_key: dict[Hashable, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_key[operation.key].append(operation)
    for key, part in by_key.items():
        # What nobody saw and nobody was told of is most likely not needed for an explanation.
        if _Search(_without_unseen(part), initial, step).run():
            continue
        search = _Search(part, initial, step)
        if not search.run():
            return Violation(key=key, order=search.longest, stuck=search.stuck)
    return None


def register(value: Hashable, request: tuple[Hashable, ...]) -> tuple[Hashable, Hashable]:
    """A ``Step``: one value, with ``read``, ``write v``, ``cas old new`` and ``append v``.

    ``cas`` answers whether it took place, ``append`` the value before it, a tuple or ``None``.
    """
    match request:
        case ("read",):
            return value, value
        case ("write", new):
            return new, None
        case ("cas", old, new):
            return (new, True) if value == old else (value, False)
        case ("append", new):
            before = value if isinstance(value, tuple) else ()
            return (*before, new), value
        case _:
            raise ValueError(f"a register does not know {request!r}")


class _Node:
    """The call or the return of an operation in the list of what is still to be explained."""

    __slots__ = ("after", "before", "end", "number", "operation")

    def __init__(self, number: int, operation: Operation, end: "_Node | None" = None) -> None:
        self.number = number
        self.operation = operation
        self.end = end
        self.before: _Node = self
        self.after: _Node | None = None


class _Search(Generic[State]):
    def __init__(self, operations: Sequence[Operation], initial: State, step: Step[State]) -> None:
        self.longest: tuple[Operation, ...] = ()
        self.stuck: tuple[Operation, ...] = ()
        self._step = step
        self._state = initial
        self._taken = 0
        self._seen: set[tuple[int, State]] = set()
        answered = [each for each in operations if each.returned is not None]
        self._head = _link(answered)
        self._unanswered = [
            _Node(number, operation)
            for number, operation in enumerate(
                sorted(
                    (each for each in operations if each.returned is None),
                    key=lambda each: each.called,
                ),
                len(answered),
            )
        ]

    def run(self) -> bool:
        """Try orders, deepest first, until all that was answered has taken effect or none is left."""
        frames = [(self._candidates(), self._state)]
        best = -1
        undo: list[_Node] = []
        while self._head.after is not None:
            candidates, _ = frames[-1]
            node = next((one for one in candidates if self._take(one)), None)
            if node is not None:
                undo.append(node)
                frames.append((self._candidates(), self._state))
                continue
            if len(undo) > best:
                best = len(undo)
                self.longest = tuple(taken.operation for taken in undo)
                self.stuck = tuple(one.operation for one in self._candidates())
            frames.pop()
            if not undo:
                return False
            self._put_back(undo.pop(), frames[-1][1])
        return True

    def _candidates(self) -> Iterator[_Node]:
        """What may take effect next: what was called before the first return.

        Those without an answer come last: most of them never took effect.
        """
        node = self._head.after
        while node is not None and node.number >= 0:
            yield node
            node = node.after
        assert node is not None, "the return of what was called is behind it"
        limit = node.operation.returned
        assert limit is not None
        for one in self._unanswered:
            if one.operation.called > limit:
                return
            if not self._taken >> one.number & 1:
                yield one

    def _take(self, node: _Node) -> bool:
        """Let the operation take effect now, unless its answer differs or this was tried."""
        operation = node.operation
        state, answer = self._step(self._state, operation.request)
        if operation.returned is None:
            if state == self._state:
                return False  # as good as never
        elif answer != operation.answer:
            return False
        taken = self._taken | 1 << node.number
        if (taken, state) in self._seen:
            return False
        if len(self._seen) >= CONFIGURATIONS_MAX:
            raise Undecided(f"{len(self._seen)} configurations of {operation.key!r} were tried")
        self._seen.add((taken, state))
        self._state, self._taken = state, taken
        if node.end is not None:
            _remove(node)
            _remove(node.end)
        return True

    def _put_back(self, node: _Node, state: State) -> None:
        """Undo the last one."""
        self._state = state
        self._taken &= ~(1 << node.number)
        if node.end is not None:
            _restore(node.end)
            _restore(node)


def _without_unseen(operations: Sequence[Operation]) -> list[Operation]:
    """All that were answered, and those of which something shows in an answer."""
    seen: set[Hashable] = set()
    for operation in operations:
        if operation.returned is not None:
            seen.update(_atoms(operation.answer))
    return [
        each
        for each in operations
        if each.returned is not None or not seen.isdisjoint(_atoms(each.request[1:]))
    ]


def _atoms(value: Hashable) -> Iterator[Hashable]:
    """A value's parts that have none themselves."""
    if isinstance(value, tuple):
        for part in value:
            yield from _atoms(part)
    elif value is not None:
        yield value


def _link(operations: Sequence[Operation]) -> _Node:
    """All calls and returns by time behind a head; of one moment, calls come first."""
    moments: list[tuple[int, int, _Node]] = []
    for number, operation in enumerate(operations):
        assert operation.returned is not None, "those without an answer have no place in the list"
        assert operation.called <= operation.returned, f"{operation} returned before its call"
        end = _Node(-1, operation)
        moments.append((operation.returned, 1, end))
        moments.append((operation.called, 0, _Node(number, operation, end)))
    moments.sort(key=lambda moment: moment[:2])
    last = head = _Node(-1, Operation(key=None, request=(), called=0, returned=None))
    for _, _, node in moments:
        last.after, node.before = node, last
        last = node
    return head


def _remove(node: _Node) -> None:
    node.before.after = node.after
    if node.after is not None:
        node.after.before = node.before


def _restore(node: _Node) -> None:
    node.before.after = node
    if node.after is not None:
        node.after.before = node
