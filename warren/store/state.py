"""What the log adds up to.

``apply`` is the only way in: a plain function of the state, an entry and its index, so that every
manager that applies the same log holds the same state, down to document ids and the fingerprint.
Whether a write still fits (compare-and-set on versions, unique names) is decided here, at apply,
because only here is the order of all writes known.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from tinydb import TinyDB

from warren.model.errors import AlreadyExists, Conflict, PermanentError
from warren.store.entry import Delete, Put, decode_entry
from warren.store.schema import SCHEMA, TableSchema
from warren.store.sharing import Sharing
from warren.store.storage import Document, Edit, RowChange, Rows, WarrenStorage, WarrenTable

DOC_ID_STRIDE = 1_000_003
"""Document ids leave room for this many operations per entry (the largest one holds fewer). It is prime because
ids that are multiples of a power of two all fall on the same slots of a dict."""
_FINGERPRINT_MODULUS = 1 << 128

_TABLES: dict[str, TableSchema[Any]] = {schema.name: schema for schema in SCHEMA}

_encode = msgspec.msgpack.Encoder().encode


class Database(TinyDB):
    """TinyDB over the live dict."""

    table_class = WarrenTable


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """One document that an entry changed.

    Attributes:
        sequence: counts changes from the beginning of the cluster, without gaps.
        index: of the entry in the log.
        table: its table.
        doc_id: its number within TinyDB.
        before: the document before, or ``None`` if it is new.
        after: the document now, or ``None`` if it is gone.
    """

    sequence: int
    index: int
    table: str
    doc_id: int
    before: Document | None
    after: Document | None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry did.

    Attributes:
        index: of the entry.
        changes: none if it was refused.
        refusal: why it was refused as a whole.
    """

    index: int
    changes: tuple[StateChange, ...] = ()
    refusal: Conflict | AlreadyExists | None = None


class State:
    """All tables at one index of the log.

    Attributes:
        index: of the last entry applied.
        sequence: of the last change made.
        fingerprint: equal on all managers at an equal index; kept up to date with every change.
        sharing: keeps equal parts of documents once.
    """

    def __init__(self) -> None:
        self.index = 0
        self.sequence = 0
        self.fingerprint = 0
        self.sharing = Sharing()
        self._database = Database(storage=WarrenStorage)
        self.tables = {
            schema.name: self._open(schema.name, schema.all_indexes) for schema in SCHEMA
        }

    def copy(self) -> "State":
        """An independent state that shares the (immutable) documents."""
        other = State()
        other.index, other.sequence, other.fingerprint = (
            self.index,
            self.sequence,
            self.fingerprint,
        )
        other.load(self.rows())
        return other

    def rows(self) -> dict[str, Rows]:
        """Every table's documents as they are now; later changes do not show in it."""
        return {name: dict(table.rows()) for name, table in self.tables.items()}

    def load(self, rows: dict[str, Rows]) -> None:
        """Replace all documents; the counters are the caller's to set."""
        self._database.storage.write({name: rows.get(name, {}) for name in self.tables})
        for table in self.tables.values():
            table.clear_cache()

    def _open(self, name: str, indexes: Sequence[Any]) -> WarrenTable:
        table = self._database.table(name, indexes=indexes)
        assert isinstance(table, WarrenTable)
        return table


def apply(state: State, entry: bytes, index: int) -> Applied:
    """Carry out an entry, as a whole or not at all.

    Args:
        state: as the entries before left it; changed in place.
        entry: see ``entry``.
        index: of the entry: higher than that of the last (the log holds more than the store's).

    Raises:
        PermanentError: a newer Warren wrote the entry; the state must not be used any further.
    """
    assert index > state.index, f"entry {index} after {state.index}"
    operations = decode_entry(entry)
    pending = _Pending(state, index)
    try:
        for number, operation in enumerate(operations):
            if isinstance(operation, Put):
                pending.put(operation, number)
            else:
                pending.delete(operation)
        changes = pending.check_unique()
    except (Conflict, AlreadyExists) as refusal:
        state.index = index
        return Applied(index=index, refusal=refusal)
    state.index = index
    return Applied(index=index, changes=_commit(state, changes, index))


def row_fingerprint(table: str, doc_id: int, document: Document) -> int:
    """One document's share of the state's fingerprint."""
    digest = hashlib.blake2b(_encode((table, doc_id, document)), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def add_fingerprints(fingerprints: Iterable[int]) -> int:
    """The fingerprint of a set of documents: a sum, so that order does not matter."""
    return sum(fingerprints) % _FINGERPRINT_MODULUS


def _commit(
    state: State, changes: dict[str, list[RowChange]], index: int
) -> tuple[StateChange, ...]:
    changed: list[StateChange] = []
    for table in _TABLES if len(changes) > 1 else changes:
        if not (of_table := changes.get(table)):
            continue
        state.tables[table].commit(of_table)
        for change in of_table:
            _account(state, table, change)
            changed.append(
                StateChange(
                    sequence=state.sequence,
                    index=index,
                    table=table,
                    doc_id=change.doc_id,
                    before=change.before,
                    after=change.after,
                )
            )
    return tuple(changed)


def _account(state: State, table: str, change: RowChange) -> None:
    delta = 0
    if change.before is not None:
        delta -= row_fingerprint(table, change.doc_id, change.before)
    if change.after is not None:
        delta += row_fingerprint(table, change.doc_id, change.after)
    state.fingerprint = (state.fingerprint + delta) % _FINGERPRINT_MODULUS
    state.sequence += 1


class _Pending:
    """The edits of one entry before it is known whether all of it fits."""

    def __init__(self, state: State, index: int) -> None:
        self.edits: dict[str, Edit] = {}
        self._state = state
        self._index = index
        self._created: dict[tuple[str, str], int] = {}

    def put(self, operation: Put, number: int) -> None:
        document = self._state.sharing.share(operation.document)
        resource_id: str = document["id"]
        edit = self._edit(operation.table)
        doc_id = self._locate(operation.table, resource_id)
        stored = None if doc_id is None else edit.peek(doc_id)
        self._compare(operation.table, resource_id, stored, operation.expected)
        if stored is None:
            # Made from the log alone: TinyDB's own counter would differ after a restart.
            assert number < DOC_ID_STRIDE, "an entry is too small for that many operations"
            doc_id = self._index * DOC_ID_STRIDE + number
            self._created[operation.table, resource_id] = doc_id
        assert doc_id is not None
        edit[doc_id] = document

    def delete(self, operation: Delete) -> None:
        edit = self._edit(operation.table)
        doc_id = self._locate(operation.table, operation.id)
        stored = None if doc_id is None else edit.peek(doc_id)
        self._compare(operation.table, operation.id, stored, operation.version)
        if doc_id is not None:
            del edit[doc_id]

    def check_unique(self) -> dict[str, list[RowChange]]:
        """What the entry changes, by table.

        Raises:
            AlreadyExists: it must not.
        """
        changes = {}
        for name, edit in self.edits.items():
            changes[name] = edit.changes()
            broken = self._state.tables[name].violation(edit, changes[name])
            if broken is not None:
                _index, key = broken
                raise AlreadyExists(_taken(_schema(name), key))
        return changes

    def _compare(
        self, table: str, resource_id: str, stored: Document | None, expected: int
    ) -> None:
        recorded = 0 if stored is None else stored["version"]
        if recorded == expected:
            return
        noun = _schema(table).noun
        name = f"{noun} {stored['name']} ({resource_id})" if stored else f"{noun} {resource_id}"
        raise Conflict(
            f"{name} changed since it was read: version {recorded or 'none'} is recorded, "
            f"version {expected or 'none'} was expected",
            hint="read it again and decide anew",
        )

    def _locate(self, table: str, resource_id: str) -> int | None:
        created = self._created.get((table, resource_id))
        if created is not None:
            return created
        return self._state.tables[table].id("id", resource_id)

    def _edit(self, table: str) -> Edit:
        edit = self.edits.get(table)
        if edit is None:
            edit = self.edits[table] = self._state.tables[_schema(table).name].edit()
        return edit


def _schema(table: str) -> TableSchema[Any]:
    schema = _TABLES.get(table)
    if schema is None:
        raise PermanentError(
            f"an entry of the log writes table {table!r}, which this Warren does not know",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    return schema


def _taken(schema: TableSchema[Any], key: Any) -> str:
    tenant, name = key
    return f"{schema.noun} {name!r} exists already in tenant {tenant!r}"
