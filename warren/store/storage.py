"""TinyDB without its cost per write.

Stock TinyDB rebuilds a whole table for every mutation, so a write costs as much as the table is
long. Here the storage *is* the live dict, and an update works on an ``Edit``: a mapping that looks
like the table, collects what changes beside it, and lays it in when everything went well. A write
then costs what it touches, an exception costs nothing, and secondary indexes follow the documents.

Documents are never changed in place: an edit hands out copies and puts whole documents back. So
whoever holds a document of yesterday still holds yesterday's, and copying a table is copying its
dict.
"""

from collections.abc import (
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from typing import Any, NamedTuple

from tinydb.queries import QueryLike
from tinydb.storages import Storage
from tinydb.table import Document as TinyDocument, Table

from warren.model.errors import AlreadyExists
from warren.store.indexes import Index, Places

Document = dict[str, Any]
Rows = dict[str, Document]


class WarrenStorage(Storage):
    """The live dict: reading returns it, writing the same dict back is nothing."""

    def __init__(self) -> None:
        self._tables: dict[str, Rows] = {}

    def read(self) -> dict[str, Rows]:
        """All tables by name, documents by decimal id; not a copy."""
        return self._tables

    def write(self, data: dict[str, Rows]) -> None:
        """Take ``data`` as the live dict from now on."""
        self._tables = data


class RowChange(NamedTuple):
    """One document before and after an edit; ``None`` where there is none."""

    doc_id: int
    before: Document | None
    after: Document | None


class WarrenTable(Table):
    """A TinyDB table whose writes cost what they touch.

    Args:
        storage: a ``WarrenStorage``.
        name: the table's name.
        cache_size: queries whose results are remembered until the next write.
        persist_empty: create the table now rather than with its first document.
        indexes: kept up to date with every write.

    Attributes:
        models: what readers made of recorded documents; an entry goes when its document changes.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        cache_size: int = Table.default_query_cache_capacity,
        persist_empty: bool = False,  # noqa: FBT001, FBT002 - TinyDB's signature
        *,
        indexes: Sequence[Index] = (),
    ) -> None:
        self._indexes = {index.name: index for index in indexes}
        self._unique = tuple([index for index in indexes if index.unique])
        self._places: dict[str, Places] = {}
        self.models: dict[int, Any] = {}
        self._indexed: Rows | None = None
        super().__init__(storage, name, cache_size, persist_empty)

    def rows(self) -> Rows:
        """The live documents by decimal id, in the order of their creation; not to be changed."""
        tables = self._storage.read()
        assert tables is not None, "a WarrenStorage always has its dict"
        rows: Rows | None = tables.get(self.name)
        if rows is None:
            rows = tables[self.name] = {}
        if rows is not self._indexed:
            self._build_indexes(rows)
        return rows

    def ids(self, index: str, key: Hashable) -> tuple[int, ...]:
        """Ids of the documents that stand at ``key`` of an index, ascending."""
        self.rows()
        return self._places[index].all(key)

    def id(self, index: str, key: Hashable) -> int | None:
        """Id of the document that stands at ``key`` of a unique index."""
        self.rows()
        return self._places[index].one(key)

    def update(
        self,
        fields: Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None],
        cond: QueryLike | None = None,
        doc_ids: Iterable[int] | None = None,
    ) -> list[int]:
        """As TinyDB's, but only the documents that match are copied."""
        return super().update(fields, cond, self._matching(cond, doc_ids))

    def remove(
        self, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None
    ) -> list[int]:
        """As TinyDB's, but only the documents that match are copied."""
        return super().remove(cond, self._matching(cond, doc_ids))

    def __iter__(self) -> Iterator[TinyDocument]:
        # Of the documents there are now: TinyDB's callers may write while they iterate.
        for doc_id, document in tuple(self.rows().items()):
            yield TinyDocument(document, int(doc_id))

    def edit(self) -> "Edit":
        """A new edit on what the table holds now."""
        return Edit(self.rows())

    def violation(
        self, edit: "Edit", changes: Sequence[RowChange]
    ) -> tuple[Index, Hashable] | None:
        """The first unique index that ``edit``, which makes ``changes``, would break, and where."""
        for index in self._unique:
            places, claimed = self._places[index.name], set()
            for change in changes:
                # One that stays where it is can only be in the way of another that comes there.
                if change.after is None or not index.moves(change.before, change.after):
                    continue
                key = index.key(change.after)
                others = (other for other in places.all(key) if other != change.doc_id)
                if key in claimed or any(edit.stands_at(other, index, key) for other in others):
                    return index, key
                claimed.add(key)
        return None

    def commit(self, changes: Sequence[RowChange]) -> None:
        """Lay in what an edit collected; ``violation`` has been asked before."""
        rows = self.rows()
        for change in changes:
            if change.after is None:
                del rows[str(change.doc_id)]
            else:
                rows[str(change.doc_id)] = change.after
            self._move(change)
            self.models.pop(change.doc_id, None)
        self.clear_cache()

    def _matching(
        self, cond: QueryLike | None, doc_ids: Iterable[int] | None
    ) -> Iterable[int] | None:
        if cond is None or doc_ids is not None:
            return doc_ids
        return [int(doc_id) for doc_id, document in self.rows().items() if cond(document)]

    def _move(self, change: RowChange) -> None:
        before, after = change.before, change.after
        for name, index in self._indexes.items():
            if not index.moves(before, after):
                continue
            if before is not None:
                self._places[name].discard(index.key(before), change.doc_id)
            if after is not None:
                self._places[name].add(index.key(after), change.doc_id)

    def _build_indexes(self, rows: Rows) -> None:
        self._places = {name: Places() for name in self._indexes}
        self.models.clear()
        self._indexed = rows
        for doc_id, document in rows.items():
            for name, index in self._indexes.items():
                self._places[name].add(index.key(document), int(doc_id))

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        edit = self.edit()
        updater(edit)  # type: ignore[arg-type]  # TinyDB calls a mapping a dict
        changes = edit.changes()
        if (broken := self.violation(edit, changes)) is not None:
            index, key = broken
            raise AlreadyExists(f"{self.name}: {', '.join(index.fields)} {key!r} exists already")
        self.commit(changes)


class Edit(MutableMapping[int, Document]):
    """A table as it would be: reads fall through to the table, writes stay here until committed.

    Args:
        rows: the live documents, which the edit never changes.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._written: dict[int, Document | None] = {}

    def __getitem__(self, doc_id: int) -> Document:
        if doc_id in self._written:
            written = self._written[doc_id]
            if written is None:
                raise KeyError(doc_id)
            return written
        if (document := self._rows.get(str(doc_id))) is None:
            raise KeyError(doc_id)
        # The caller may change what it gets, at any depth: that must not reach the live document.
        draft: Document = copy_value(document)
        self._written[doc_id] = draft
        return draft

    def __setitem__(self, doc_id: int, document: Document) -> None:
        self._written[doc_id] = document

    def __delitem__(self, doc_id: int) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._written[doc_id] = None

    def __contains__(self, doc_id: object) -> bool:
        if doc_id in self._written:
            return self._written[doc_id] is not None
        return str(doc_id) in self._rows

    def __iter__(self) -> Iterator[int]:
        written = dict(self._written)
        for key in self._rows:
            if written.get(int(key), self) is not None:
                yield int(key)
        for doc_id, document in written.items():
            if document is not None and str(doc_id) not in self._rows:
                yield doc_id

    def __len__(self) -> int:
        return len(self._rows) + sum(
            (document is not None) - (str(doc_id) in self._rows)
            for doc_id, document in self._written.items()
        )

    def clear(self) -> None:
        """Remove every document."""
        for doc_id in list(self):
            self._written[doc_id] = None

    def peek(self, doc_id: int) -> Document | None:
        """A document as it would be, not to be changed; ``None`` if there would be none."""
        if doc_id in self._written:
            return self._written[doc_id]
        return self._rows.get(str(doc_id))

    def stands_at(self, doc_id: int, index: Index, key: Hashable) -> bool:
        """Whether that document would be there and stand at ``key`` of ``index``."""
        document = self.peek(doc_id)
        return document is not None and index.key(document) == key

    def changes(self) -> list[RowChange]:
        """What differs from the table, in the order in which it was first touched."""
        changes = []
        for doc_id, after in self._written.items():
            before = self._rows.get(str(doc_id))
            if not _is_same(before, after):
                changes.append(RowChange(doc_id, before, after))
        return changes


def _is_same(before: Any, after: Any) -> bool:
    """Whether two values are written alike: ``1``, ``1.0`` and ``True`` are equal, but are not."""
    if type(before) is not type(after) or before != after:
        return False
    if isinstance(before, dict):
        pairs = zip(before.items(), after.items(), strict=True)
        return all(old[0] == new[0] and _is_same(old[1], new[1]) for old, new in pairs)
    if isinstance(before, list):
        return all(map(_is_same, before, after))
    return True


def copy_value(value: Any) -> Any:
    """A copy of plain data (dicts, lists, scalars) that shares nothing that could be changed."""
    if isinstance(value, dict):
        return {key: copy_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_value(item) for item in value]
    return value
