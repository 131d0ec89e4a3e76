"""The store as control's loop wants it."""

from collections.abc import Iterable, Sequence

from warren.control.records import Write
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Service
from warren.store.store import Store


class StoreRecords:
    """Implements ``control.records.Records`` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def services(self) -> Iterable[Service]:
        """All services."""
        return self._store.services

    def instances(self) -> Iterable[Instance]:
        """All instances."""
        return self._store.instances

    def nodes(self) -> Iterable[Node]:
        """All nodes."""
        return self._store.nodes

    async def commit(self, writes: Sequence[Write]) -> None:
        """Store all writes durably, or none."""
        async with self._store.transaction() as transaction:
            for write in writes:
                if write.after is not None:
                    expected = write.before.version if write.before is not None else 0
                    transaction.put(write.after, expected_version=expected)
                elif write.before is not None:
                    transaction.remove(write.before)
