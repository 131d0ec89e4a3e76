"""Typed tables: frozen models out, no dicts.

A model is made from its document once and kept as long as the document is the recorded one, so
getting a thing costs two dict lookups.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from enum import Enum
from typing import Any, Generic, TypeVar

from tinydb import where

from warren.model.errors import CorruptState, WarrenError
from warren.model.resource import Resource
from warren.model.validation import parse
from warren.store.schema import TableSchema
from warren.store.storage import Document, WarrenTable

__all__ = ["Condition", "Table", "where"]

T = TypeVar("T", bound=Resource)
Condition = Callable[[Mapping[str, Any]], bool]
"""What ``find`` takes: a TinyDB query (``where("spec")["mode"] == "global"``) or any predicate on
the document as plain data."""


class Table(Generic[T]):
    """Read access to one table, always at the current state.

    Args:
        schema: what the table holds.
        rows: the table itself.
    """

    def __init__(self, schema: TableSchema[T], rows: WarrenTable) -> None:
        self._schema = schema
        self._rows = rows
        self._models: dict[int, tuple[Document, T]] = {}

    def get(self, resource_id: str) -> T | None:
        """The thing with that id."""
        return self._only(self._rows.ids("id", resource_id))

    def named(self, name: str, tenant: str = "default") -> T | None:
        """The thing of that name."""
        return self._only(self._rows.ids("name", (tenant, name)))

    def by_index(self, index: str, key: Hashable) -> tuple[T, ...]:
        """The things at ``key`` of a declared index (``state``, ``service_id``, ``node``).

        An enumeration member counts as its value; ``None`` finds those without one.
        """
        plain = key.value if isinstance(key, Enum) else key
        rows = self._rows.rows()
        ids = sorted(self._rows.ids(index, plain))
        return tuple(self.decode(doc_id, rows[str(doc_id)]) for doc_id in ids)

    def find(self, condition: Condition) -> tuple[T, ...]:
        """The things whose documents satisfy ``condition``; looks at every one."""
        return tuple(
            self.decode(int(doc_id), document)
            for doc_id, document in self._rows.rows().items()
            if condition(document)
        )

    def list(self) -> tuple[T, ...]:
        """Everything, oldest first."""
        return tuple(self)

    def decode(self, doc_id: int, document: Document) -> T:
        """The model of a document, recorded or past.

        Raises:
            CorruptState: the document is none of this table; the message says which and why.
        """
        known = self._models.get(doc_id)
        if known is not None and known[0] is document:
            return known[1]
        try:
            model = parse(self._schema.model, document)
        except WarrenError as error:
            raise CorruptState(
                f"{self._schema.noun} {document.get('id')} as recorded is not valid: {error.message}"
            ) from error
        if self._rows.rows().get(str(doc_id)) is document:
            self._models[doc_id] = (document, model)
        return model

    def remember(self, model: T) -> None:
        """Spare the decoding of a model that was just recorded, if it still is the recorded one."""
        for doc_id in self._rows.ids("id", model.id):
            document = self._rows.rows()[str(doc_id)]
            if document["version"] == model.version:
                self._models[doc_id] = (document, model)

    def forget(self, doc_id: int) -> None:
        """Let go of the model of a document that was removed."""
        self._models.pop(doc_id, None)

    def __len__(self) -> int:
        return len(self._rows.rows())

    def __contains__(self, resource_id: object) -> bool:
        return bool(self._rows.ids("id", resource_id))

    def __iter__(self) -> Iterator[T]:
        rows = self._rows.rows()
        for doc_id in tuple(rows):
            if (document := rows.get(doc_id)) is not None:
                yield self.decode(int(doc_id), document)

    def _only(self, ids: tuple[int, ...]) -> T | None:
        if not ids:
            return None
        return self.decode(ids[0], self._rows.rows()[str(ids[0])])
