"""Writes: how a decider says what to remember, and who remembers it.

A decider never touches the store. It returns writes; the loop applies them to its snapshot, so that
the next decider sees them, and commits the sum of a pass at once, compare-and-set.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Service
from warren.model.states import InstanceState, check_instance_transition, check_service_transition

Record = Service | Instance | Node
_R = TypeVar("_R", Service, Instance, Node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change of one record.

    Attributes:
        before: the record it replaces; ``None`` creates.
        after: the record to store; ``None`` removes. Its version is that of ``before`` plus one.
    """

    before: Record | None
    after: Record | None

    @property
    def id(self) -> str:
        """The record's id."""
        record = self.after or self.before
        assert record is not None, "a write of nothing"
        return record.id


class Records(Protocol):
    """What the loop needs of the store."""

    def services(self) -> Iterable[Service]:
        """All services, as of the latest commit."""
        ...

    def instances(self) -> Iterable[Instance]:
        """All instances, as of the latest commit."""
        ...

    def nodes(self) -> Iterable[Node]:
        """All nodes, as of the latest commit."""
        ...

    async def commit(self, writes: Sequence[Write]) -> None:
        """Store all writes durably, or none.

        Raises:
            Conflict: a record's version is not that of its write's ``before``, a record to create
                exists, or one to change is gone.
        """
        ...


def change(record: _R, now: datetime, **fields: Any) -> Write:
    """A write that gives ``record`` these fields."""
    after = record.model_copy(update={**fields, "updated_at": now, "version": record.version + 1})
    return Write(before=record, after=after)


def move(instance: Instance, now: datetime, *states: InstanceState, **fields: Any) -> Write:
    """A write that takes ``instance`` through ``states`` in order and gives it these fields.

    Raises:
        Conflict: the table of transitions does not allow it.
    """
    state = instance.state
    for following in states:
        check_instance_transition(instance.name, state, following)
        state = following
    return change(instance, now, state=state, **fields)


def retire(instance: Instance, now: datetime, why: str) -> Write:
    """A write that says ``instance`` should be gone, for the reason given."""
    state = instance.state
    if state not in ENDED:
        check_instance_transition(instance.name, state, InstanceState.SHUTDOWN)
        state = InstanceState.SHUTDOWN
    return change(instance, now, desired="shutdown", state=state, message=why, retry_at=None)


def move_service(service: Service, now: datetime, **fields: Any) -> Write:
    """A write of a service whose new ``state``, if given, the table of transitions allows.

    Raises:
        Conflict: it does not.
    """
    check_service_transition(service.name, service.state, fields.get("state", service.state))
    return change(service, now, **fields)


ENDED = frozenset({InstanceState.COMPLETE, InstanceState.FAILED})
"""States in which nothing of an instance is expected to run."""
