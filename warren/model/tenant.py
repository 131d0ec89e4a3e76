"""Tenants: isolated namespaces of services, secrets, volumes, ingresses and the rest."""

from typing import Annotated

from pydantic import Field

from warren.model.quantities import DnsLabel
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen

DEFAULT_TENANT = "default"
DESCRIPTION_CHARACTERS_MAX = 1000

Description = Annotated[str, Field(max_length=DESCRIPTION_CHARACTERS_MAX)]


class TenantSpec(Frozen):
    """A namespace as it is asked for.

    Attributes:
        name: what others write in their field ``tenant``; never changes.
        description: for people.
    """

    name: DnsLabel
    labels: Labels = Field(default_factory=dict)
    description: Description = ""


class Tenant(Resource):
    """A namespace as Warren records it; its own ``tenant`` is its name.

    Attributes:
        spec: what was asked for.
    """

    spec: TenantSpec
