"""The store: what is recorded, how to change it, how to follow it."""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

from pydantic_core import PydanticSerializationError

from warren.model.errors import InvalidInput, Problem
from warren.model.resource import Resource
from warren.model.validation import parse
from warren.store import schema
from warren.store.entry import Delete, Operation, Put, encode_entry
from warren.store.machine import StoreMachine
from warren.store.proposer import InMemoryProposer, Proposer
from warren.store.state import StateChange
from warren.store.tables import Table
from warren.store.watch import Change, Feed, Watch


class Transaction:
    """Writes that happen together or not at all.

    Reading happens at the store's tables; what was read is protected by the versions that the
    writes expect.

    Attributes:
        operations: what is to be written, in order.
        models: what is put, as it will be read back, each with its document.
        index: of the log entry, once committed; 0 if there was nothing to write.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.models: list[tuple[Resource, dict[str, Any]]] = []
        self.index = 0

    def put(self, resource: Resource, *, expected_version: int | None = None) -> None:
        """Record ``resource``.

        Args:
            resource: as it shall be.
            expected_version: what must be recorded now, 0 for nothing; by default the version
                before that of ``resource``.

        Raises:
            InvalidInput: it breaks a rule of its model (``model_copy`` does not check any).
        """
        table = schema.schema_of(resource)
        try:
            document: dict[str, Any] = resource.model_dump(mode="json")
        except PydanticSerializationError as error:
            raise InvalidInput([Problem(field="", value="", rule=str(error))]) from error
        expected = resource.version - 1 if expected_version is None else expected_version
        if resource.version <= expected:
            rule = f"must be above {expected}, the version it replaces"
            raise InvalidInput([Problem(field="version", value=str(resource.version), rule=rule)])
        self.models.append((parse(table.model, document), document))
        self.operations.append(Put(table.name, expected, document))

    def delete(self, table: str, resource_id: str, version: int) -> None:
        """Remove the thing that has exactly that version."""
        self.operations.append(Delete(table, resource_id, version))

    def remove(self, resource: Resource) -> None:
        """Remove ``resource`` if it still is as it was read."""
        self.delete(schema.schema_of(resource).name, resource.id, resource.version)


class Store:
    """Tables, transactions and watches over one state.

    Args:
        machine: holds the state; only the log changes it.
        proposer: gets entries into the log.
    """

    def __init__(self, machine: StoreMachine, proposer: Proposer) -> None:
        self._machine = machine
        self._proposer = proposer
        self.cluster_id = machine.cluster_id
        state = self._state = machine.state
        self.cluster = Table(schema.CLUSTER, state.tables["cluster"])
        self.nodes = Table(schema.NODES, state.tables["nodes"])
        self.services = Table(schema.SERVICES, state.tables["services"])
        self.instances = Table(schema.INSTANCES, state.tables["instances"])
        self.authority = Table(schema.AUTHORITY, state.tables["authority"])
        self.managers = Table(schema.MANAGERS, state.tables["managers"])
        self.tokens = Table(schema.TOKENS, state.tables["tokens"])
        self._tables: dict[str, Table[Any]] = {
            "cluster": self.cluster,
            "nodes": self.nodes,
            "services": self.services,
            "instances": self.instances,
            "authority": self.authority,
            "managers": self.managers,
            "tokens": self.tokens,
        }
        self._feed = Feed(state.sequence, self._decode)
        machine.changed = self._feed_changes
        machine.restored = self._restart_feed

    @property
    def index(self) -> int:
        """Of the last entry applied."""
        return self._state.index

    @property
    def sequence(self) -> int:
        """Of the last change; what is read now and a watch from here miss nothing."""
        return self._state.sequence

    @property
    def fingerprint(self) -> str:
        """Equal on two managers at an equal index, or one of them is wrong."""
        return f"{self._state.fingerprint:032x}"

    async def write(
        self, *, puts: Iterable[Resource] = (), deletes: Iterable[Resource] = ()
    ) -> int:
        """Record ``puts`` and remove ``deletes``, all or nothing, durably.

        A put carries the version recorded plus one (1 for a new thing), a delete the version
        recorded.

        Returns:
            The index of the log entry; 0 if there was nothing to write.

        Raises:
            Conflict: something changed since it was read.
            AlreadyExists: a name is taken.
            InvalidInput: a thing breaks a rule of its model.
            TransientError: nothing was written; it may be tried again.
            PermanentError: the store cannot be written any more.
        """
        async with self.transaction() as transaction:
            for resource in deletes:
                transaction.remove(resource)
            for resource in puts:
                transaction.put(resource)
        return transaction.index

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Collect writes and commit them at the end of the block; an exception drops them.

        Raises:
            As ``write``, at the end of the block.
        """
        transaction = Transaction()
        yield transaction
        if not transaction.operations:
            return
        outcome = await self._proposer.propose(encode_entry(transaction.operations))
        transaction.index = outcome.index
        if outcome.refusal is not None:
            raise outcome.refusal
        for model, document in transaction.models:
            self._tables[schema.schema_of(model).name].remember(model, document)

    def watch(self, from_sequence: int | None = None, *, tables: Collection[str] = ()) -> Watch:
        """Follow changes after ``from_sequence``, by default from now on.

        Raises:
            WatchLost: that is too long ago.
        """
        start = self.sequence if from_sequence is None else from_sequence
        return Watch(self._feed, start, tables=tables)

    def scratch(self) -> "Store":
        """An independent copy in memory that accepts writes and never touches a disk."""
        machine = StoreMachine(self._state.copy(), self.cluster_id)
        return Store(machine, InMemoryProposer(machine))

    def close(self) -> None:
        """End all watches."""
        self._feed.close()

    def _feed_changes(self, _index: int, changes: tuple[StateChange, ...]) -> None:
        self._feed.publish(changes)

    def _restart_feed(self) -> None:
        self._feed.restart(self._state.sequence)

    def _decode(self, change: StateChange) -> Change:
        table = self._tables[change.table]
        verb = "deleted" if change.after is None else "updated" if change.before else "created"
        return Change(
            sequence=change.sequence,
            index=change.index,
            table=change.table,
            verb=verb,  # type: ignore[arg-type]  # one of the three
            before=None if change.before is None else table.decode(change.doc_id, change.before),
            after=None if change.after is None else table.decode(change.doc_id, change.after),
        )
