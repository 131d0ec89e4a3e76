"""Who a certificate speaks for.

The identity stands in a URI among the certificate's subject alternative names, after the fashion of
SPIFFE: ``warren://clu_01…/manager/m1?member=3`` or ``warren://clu_01…/operator/ann?tenant=shop``. The
common name repeats the name for people; nothing is ever decided by it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from cryptography import x509

from warren.model.errors import Denied

SCHEME = "warren"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?")


class Role(StrEnum):
    """What an identity may do; each RPC declares the roles it is open to."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    MANAGER = "manager"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a certificate names.

    Attributes:
        cluster: id of the cluster whose authority vouches for it.
        role: what it may do.
        name: of the person, program or manager.
        tenant: the only tenant it may touch; empty for all.
        member: a manager's number in the consensus; 0 for all others.
    """

    cluster: str
    role: Role
    name: str
    tenant: str = ""
    member: int = 0

    def __post_init__(self) -> None:
        """Refuse what a URI could not carry without doubt.

        Raises:
            ValueError: a part is malformed, or does not go with the role.
        """
        for what, value in (("cluster", self.cluster), ("name", self.name)):
            if not _NAME.fullmatch(value):
                raise ValueError(f"{what} {value!r} must be letters, digits, '.', '_', '@' and '-'")
        if self.tenant and not _NAME.fullmatch(self.tenant):
            raise ValueError(f"tenant {self.tenant!r} must be letters, digits, '.', '_' and '-'")
        if (self.role is Role.MANAGER) != (self.member > 0):
            raise ValueError("a manager, and nobody else, has a member number above 0")
        if self.tenant and self.role in {Role.ADMIN, Role.MANAGER}:
            raise ValueError(f"role {self.role} is for all tenants")

    @property
    def uri(self) -> str:
        """How certificates carry it."""
        query = {"tenant": self.tenant} if self.tenant else {}
        if self.member:
            query["member"] = str(self.member)
        suffix = f"?{urlencode(query)}" if query else ""
        return f"{SCHEME}://{self.cluster}/{self.role}/{quote(self.name)}{suffix}"


def identity_of(certificate: x509.Certificate) -> Identity:
    """Read the identity of a certificate, whose signature and dates TLS has checked.

    Raises:
        Denied: it carries none, or more than one.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except x509.ExtensionNotFound:
        uris = []
    found = [uri for uri in uris if uri.startswith(f"{SCHEME}://")]
    if len(found) != 1:
        raise Denied(
            f"certificate {certificate.serial_number:x} names {len(found)} identities, not one",
            hint="use a certificate that this cluster's managers issued",
        )
    return parse_identity(found[0])


def parse_identity(uri: str) -> Identity:
    """Read an identity's URI.

    Raises:
        Denied: it is none.
    """
    try:
        parts = urlsplit(uri)
        role, name = parts.path.removeprefix("/").split("/")
        query = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
        identity = Identity(
            cluster=parts.netloc,
            role=Role(role),
            name=unquote(name),
            tenant=query.pop("tenant", ""),
            member=int(query.pop("member", "0")),
        )
    except ValueError as error:
        raise Denied(f"identity {uri!r} of a certificate cannot be read: {error}") from error
    if query or parts.scheme != SCHEME or parts.fragment or identity.uri != uri:
        raise Denied(f"identity {uri!r} of a certificate is not written as this Warren writes it")
    return identity
