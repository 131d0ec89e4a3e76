"""Secrets: values that reach containers and are seen nowhere else.

What users write (``SecretSpec``) carries the value; what is recorded (``SealedSecret``) carries it
sealed; what is listed (``Secret``) does not carry it at all, so no list can leak one.
"""

import json
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from warren.model.hidden import Hidden, Sealed, Secret as HiddenBytes
from warren.model.quantities import DnsLabel
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen

SECRET_BYTES_MAX = 512 << 10
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"
_REGISTRY_FIELDS = ("registry", "username", "password")


class SecretType(StrEnum):
    """What a value is, and so what it must look like."""

    OPAQUE = "opaque"
    TLS = "tls"
    CA = "ca"
    REGISTRY = "registry"


class SecretSpec(Frozen):
    """A secret as it is handed over.

    Attributes:
        name: its file's name in containers; never changes.
        type: ``tls`` holds a certificate and its key as PEM, ``ca`` certificates as PEM, ``registry``
            a JSON object with ``registry``, ``username`` and ``password``; ``opaque`` anything.
        value: 1 byte to 512 KiB.
    """

    hidden_fields: ClassVar[frozenset[str]] = frozenset({"value"})

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    type: SecretType = SecretType.OPAQUE
    value: Hidden

    @model_validator(mode="after")
    def _value_fits_type(self) -> Self:
        check_secret_value(self.type, self.value)
        return self


def check_secret_value(kind: SecretType, value: HiddenBytes) -> None:
    """Check a value; no message contains any of it.

    Raises:
        ValueError: it is empty, too large, or not what its type says.
    """
    plain = value.reveal()
    if not plain:
        raise ValueError("value must not be empty")
    if len(plain) > SECRET_BYTES_MAX:
        raise ValueError(f"value is {len(plain)} bytes; at most {SECRET_BYTES_MAX} are kept")
    if kind is SecretType.TLS and not (_CERTIFICATE in plain and _KEY in plain):
        raise ValueError("value of a tls secret must hold a certificate and its key as PEM")
    if kind is SecretType.CA and not (_CERTIFICATE in plain and _KEY not in plain):
        raise ValueError("value of a ca secret must hold certificates as PEM, and no key")
    if kind is SecretType.REGISTRY and not _is_registry_login(plain):
        raise ValueError(
            f"value of a registry secret must be a JSON object of texts: {', '.join(_REGISTRY_FIELDS)}"
        )


def _is_registry_login(plain: bytes) -> bool:
    try:
        login = json.loads(plain)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(login, dict)
        and sorted(login) == sorted(_REGISTRY_FIELDS)
        and all(isinstance(part, str) and part for part in login.values())
    )


class Secret(Resource):
    """What anybody may see of a secret.

    Attributes:
        type: what the value is.
        size_bytes: of the value.
    """

    type: SecretType = SecretType.OPAQUE
    size_bytes: Annotated[int, Field(ge=1, le=SECRET_BYTES_MAX)]


class SealedSecret(Secret):
    """A secret as Warren records it.

    Attributes:
        sealed: the value, for the context ``secret/ID/VERSION``.
    """

    sealed: Sealed
