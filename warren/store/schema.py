"""Which tables there are, what they hold and by what their rows are found."""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from warren.model.cluster import Cluster
from warren.model.instance import Instance
from warren.model.manager import AuthorityRecord, ManagerRecord
from warren.model.node import Node
from warren.model.resource import Resource
from warren.model.service import Service
from warren.model.token import JoinToken
from warren.store.indexes import Index

T = TypeVar("T", bound=Resource)

BY_ID = Index("id", ("id",), unique=True)
BY_NAME = Index("name", ("tenant", "name"), unique=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema(Generic[T]):
    """One table.

    Attributes:
        name: of the table, plural.
        noun: what messages call one of its rows.
        model: what a row is.
        indexes: besides id and (tenant, name), which every table has.
        has_unique_names: whether a tenant has at most one row of a name. Instances have not: those
            of one slot follow each other under its name.
    """

    name: str
    noun: str
    model: type[T]
    indexes: tuple[Index, ...] = ()
    has_unique_names: bool = True

    @property
    def all_indexes(self) -> tuple[Index, ...]:
        """The declared indexes and the two of every table."""
        name = replace(BY_NAME, unique=self.has_unique_names)
        return (BY_ID, name, *self.indexes)


STATE = Index("state", ("state",))

CLUSTER = TableSchema(name="cluster", noun="cluster", model=Cluster)
NODES = TableSchema(name="nodes", noun="node", model=Node, indexes=(STATE,))
SERVICES = TableSchema(name="services", noun="service", model=Service, indexes=(STATE,))
INSTANCES = TableSchema(
    name="instances",
    noun="instance",
    model=Instance,
    has_unique_names=False,
    indexes=(Index("service_id", ("service_id",)), Index("node", ("node",)), STATE),
)

AUTHORITY = TableSchema(name="authority", noun="authority", model=AuthorityRecord)
MANAGERS = TableSchema(name="managers", noun="manager", model=ManagerRecord)
TOKENS = TableSchema(name="tokens", noun="join token", model=JoinToken)

SCHEMA: tuple[TableSchema[Any], ...] = (
    CLUSTER,
    NODES,
    SERVICES,
    INSTANCES,
    AUTHORITY,
    MANAGERS,
    TOKENS,
)
"""In the order in which changes of one transaction are reported."""


def schema_of(resource: Resource) -> TableSchema[Resource]:
    """The table that holds things like ``resource``."""
    for schema in SCHEMA:
        if type(resource) is schema.model:
            return schema
    raise AssertionError(f"no table holds a {type(resource).__name__}")
