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
        self._models: dict[int, T] = rows.models

    def get(self, resource_id: str) -> T | None:
        """The thing with that id."""
        return self._one("id", resource_id)

    def named(self, name: str, tenant: str = "default") -> T | None:
        """The thing of that name; the newest of several, where names are not unique (instances)."""
        doc_ids = self._rows.ids("name", (tenant, name))
        return self._recorded(doc_ids[-1]) if doc_ids else None

    def by_index(self, index: str, key: Hashable) -> tuple[T, ...]:
        """The things at ``key`` of a declared index (``state``, ``service_id``, ``node``).

        An enumeration member counts as its value; ``None`` finds those without one.
        """
        plain = key.value if isinstance(key, Enum) else key
        return tuple([self._recorded(doc_id) for doc_id in self._rows.ids(index, plain)])

    def find(self, condition: Condition) -> tuple[T, ...]:
        """The things whose documents satisfy ``condition``; looks at every one."""
        return tuple(
            self._recorded(int(doc_id))
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
        if self._rows.rows().get(str(doc_id)) is document:
            return self._recorded(doc_id)
        return self._parse(document)

    def remember(self, model: T, document: Document) -> None:
        """Spare the decoding of what was just recorded, if ``document`` still is what is recorded.

        Equal versions would not do: the thing may have been removed and made anew since.
        """
        doc_id = self._rows.id("id", model.id)
        if doc_id is not None and self._rows.rows()[str(doc_id)] == document:
            self._models[doc_id] = model

    def __len__(self) -> int:
        return len(self._rows.rows())

    def __contains__(self, resource_id: object) -> bool:
        return self._rows.id("id", resource_id) is not None

    def __iter__(self) -> Iterator[T]:
        for doc_id in tuple(self._rows.rows()):
            if doc_id in self._rows.rows():  # a snapshot may have replaced them all
                yield self._recorded(int(doc_id))

    def _one(self, index: str, key: Hashable) -> T | None:
        doc_id = self._rows.id(index, key)
        return None if doc_id is None else self._recorded(doc_id)

    def _recorded(self, doc_id: int) -> T:
        model = self._models.get(doc_id)
        if model is None:
            model = self._models[doc_id] = self._parse(self._rows.rows()[str(doc_id)])
        return model

    def _parse(self, document: Document) -> T:
        try:
            return parse(self._schema.model, document)
        except WarrenError as error:
            raise CorruptState(
                f"{self._schema.noun} {document.get('id')} as recorded is not valid: {error.message}"
            ) from error
