"""What every stored thing has in common."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from warren.model.quantities import Text
from warren.model.validation import Frozen

RESERVED_PREFIX = "warren."
LABELS_MAX = 64
_LABEL_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,253}[A-Za-z0-9])?")


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """Check the labels a user gives.

    Raises:
        ValueError: a key is malformed or reserved.
    """
    for key in labels:
        if key.startswith(RESERVED_PREFIX):
            raise ValueError(f"label {key!r} is reserved: {RESERVED_PREFIX} belongs to Warren")
        if not _LABEL_KEY.fullmatch(key):
            raise ValueError(f"label {key!r} must be letters, digits, '.', '_', '/' and '-'")
    return labels


Labels = Annotated[dict[str, Text], Field(max_length=LABELS_MAX), AfterValidator(check_labels)]


class Resource(Frozen):
    """A stored thing.

    Attributes:
        id: type prefix and UUIDv7; sorts by creation.
        name: unique per tenant and kind.
        tenant: the namespace it belongs to.
        labels: the user's own.
        created_at: when it was first stored.
        updated_at: when it was last changed.
        version: rises by one with each change; compared when a change is proposed.
    """

    id: str
    name: str
    tenant: str = "default"
    labels: dict[str, str] = Field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    version: int = 1
