"""Certificates that ingresses serve: uploaded, obtained by ACME, or self-signed for development."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from warren.model.hidden import Hidden, Sealed
from warren.model.quantities import DnsLabel, check_dns_label
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen

HOST_CHARACTERS_MAX = 253
HOSTS_MAX = 100
PEM_CHARACTERS_MAX = 256 << 10
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s.+?\s-----END CERTIFICATE-----", re.DOTALL)


def check_host(value: str) -> str:
    """Check a host name, or ``*.`` and one, in lower case.

    Raises:
        ValueError: it is none.
    """
    name = value.removeprefix("*.")
    if not name or len(value) > HOST_CHARACTERS_MAX:
        raise ValueError(f"must be a host name of 1 to {HOST_CHARACTERS_MAX} characters")
    if "*" in name:
        raise ValueError("may have '*' as its first label only")
    for label in name.split("."):
        try:
            check_dns_label(label)
        except ValueError:
            raise ValueError(f"has the label {label!r}, which is no DNS label") from None
    return value


def covers(pattern: str, host: str) -> bool:
    """Whether a certificate for ``pattern`` is valid for ``host`` (RFC 6125 §6.4.3: one label)."""
    if pattern == host:
        return True
    return pattern.startswith("*.") and host.partition(".")[2] == pattern[2:]


Host = Annotated[str, AfterValidator(check_host)]


class CertificateSource(StrEnum):
    """Where a certificate comes from."""

    UPLOADED = "uploaded"
    ACME = "acme"
    SELF_SIGNED = "self-signed"


class CertificateSpec(Frozen):
    """A certificate as it is asked for, or handed over.

    Attributes:
        name: how ingresses refer to it; never changes.
        source: uploaded, acme or self-signed.
        hosts: what it is for; those of an uploaded one are read from it if none are given.
        certificate_pem: the chain of an uploaded one, its own certificate first.
        key_pem: the key of an uploaded one.
        email: where the ACME authority writes to.
        auto_renew: renew before it ends; an uploaded one cannot be.
    """

    hidden_fields: ClassVar[frozenset[str]] = frozenset({"key_pem"})

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    source: CertificateSource = CertificateSource.UPLOADED
    hosts: Annotated[tuple[Host, ...], Field(max_length=HOSTS_MAX)] = ()
    certificate_pem: Annotated[str, Field(max_length=PEM_CHARACTERS_MAX)] = ""
    key_pem: Hidden | None = None
    email: str = ""
    auto_renew: bool = True

    @model_validator(mode="after")
    def _parts_fit_source(self) -> Self:
        if len(set(self.hosts)) != len(self.hosts):
            raise ValueError("hosts must differ from each other")
        if self.source is CertificateSource.UPLOADED:
            if not _PEM.search(self.certificate_pem):
                raise ValueError("certificate_pem of an uploaded certificate must hold one as PEM")
            if self.key_pem is None or b"PRIVATE KEY-----" not in self.key_pem.reveal():
                raise ValueError("key_pem of an uploaded certificate must hold its key as PEM")
            return self
        if self.certificate_pem or self.key_pem is not None:
            raise ValueError(f"source {self.source} makes certificate and key: give neither")
        if not self.hosts:
            raise ValueError(f"source {self.source} needs hosts")
        if self.source is CertificateSource.ACME and "@" not in self.email:
            raise ValueError("source acme needs an email address")
        return self


class Certificate(Resource):
    """What anybody may see of a certificate.

    Attributes:
        source: where it comes from.
        hosts: what it is for.
        certificate_pem: the chain, its own certificate first; empty until it was obtained.
        issuer: who vouches for it.
        serial: its number in hexadecimal.
        not_before: valid from.
        not_after: valid until.
        email: where the ACME authority writes to.
        auto_renew: renewed before it ends.
        message: why it could not be obtained or renewed.
    """

    source: CertificateSource
    hosts: tuple[str, ...] = ()
    certificate_pem: str = ""
    issuer: str = ""
    serial: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    email: str = ""
    auto_renew: bool = True
    message: str = ""


class SealedCertificate(Certificate):
    """A certificate as Warren records it.

    Attributes:
        sealed_key: its key, for the context ``certificate/ID/VERSION``; empty until it was obtained.
    """

    sealed_key: Sealed = b""
