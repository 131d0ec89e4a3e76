"""Who calls: read from the connection, never from the request.

There are four ways in. A certificate names its identity; a manager may speak for somebody else whose
call it passes on; the Unix socket is open to whom the file system lets in, to look; and a connection
without a certificate gets no further than the calls where a token decides.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from cryptography import x509

from warren.model.errors import Denied, Unidentified
from warren.pki.identity import Identity, Role, identity_of, parse_identity

ON_BEHALF_OF = "warren-on-behalf-of"
"""Metadata of a call that a manager passes on: its caller's identity, or ``socket`` or ``token``."""
_KNOWN_MAX = 1024

Way = Literal["certificate", "socket", "token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever calls.

    Attributes:
        way: how the caller came.
        identity: whom the certificate names; ``None`` without one.
        serial: the certificate's number; 0 without one, and where another manager checked it.
        not_after: until when the certificate is valid; ``None`` as for ``serial``.
        passed_on_by: number of the manager that passed the call on; 0 if none did.
    """

    way: Way
    identity: Identity | None = None
    serial: int = 0
    not_after: datetime | None = None
    passed_on_by: int = 0

    @property
    def tenant(self) -> str:
        """The only tenant that the caller may touch; empty for all."""
        return self.identity.tenant if self.identity else ""

    @property
    def called(self) -> str:
        """How logs and events name the caller (``operator/ann``, ``socket``)."""
        return f"{self.identity.role}/{self.identity.name}" if self.identity else self.way

    @property
    def passed_on_as(self) -> str:
        """The value of ``ON_BEHALF_OF``."""
        return self.identity.uri if self.identity else self.way


SOCKET = Caller(way="socket")
NOBODY = Caller(way="token")


class Connection(Protocol):
    """What gRPC knows of the connection that a call came by."""

    def peer(self) -> str:
        """The other end's address."""
        ...

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """What the handshake showed."""
        ...


class Callers:
    """Reads callers from connections.

    Args:
        cluster: id of the cluster; certificates of another are not accepted.
        is_revoked: whether an identity's certificate with that number counts no more.
        now: wall-clock time. A connection may outlive its certificate.
    """

    def __init__(
        self,
        cluster: str,
        *,
        is_revoked: Callable[[Identity, int], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._is_revoked = is_revoked
        self._now = now
        self._known: dict[bytes, Caller] = {}

    def caller_of(self, connection: Connection, on_behalf_of: str | None = None) -> Caller:
        """Who calls.

        Args:
            connection: that the call came by.
            on_behalf_of: the call's metadata of that name.

        Raises:
            Unidentified: the certificate is not accepted (any more).
            Denied: somebody who is no manager speaks for somebody else.
        """
        caller = self._direct(connection)
        return caller if on_behalf_of is None else self._represented(caller, on_behalf_of)

    def _direct(self, connection: Connection) -> Caller:
        if connection.peer().startswith("unix:"):
            return SOCKET
        pem = next(iter(connection.auth_context().get("x509_pem_cert", ())), None)
        if pem is None:
            return NOBODY
        caller = self._known.get(pem)
        if caller is None:
            caller = self._read(pem)
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[pem] = caller
        assert caller.not_after is not None, "it came by a certificate"
        assert caller.identity is not None, "it came by a certificate"
        if self._now() >= caller.not_after:
            raise _refused(caller.serial, f"expired at {caller.not_after.isoformat()}")
        if self._is_revoked(caller.identity, caller.serial):
            raise _refused(caller.serial, "was revoked")
        return caller

    def _read(self, pem: bytes) -> Caller:
        certificate = x509.load_pem_x509_certificate(pem)
        try:
            identity = identity_of(certificate)
        except Denied as error:
            raise Unidentified(error.message, hint=error.hint) from error
        serial = certificate.serial_number
        if identity.cluster != self._cluster:
            raise _refused(serial, f"is of cluster {identity.cluster}, not {self._cluster}")
        return Caller(
            way="certificate",
            identity=identity,
            serial=serial,
            not_after=certificate.not_valid_after_utc,
        )

    def _represented(self, manager: Caller, on_behalf_of: str) -> Caller:
        by = manager.identity
        if by is None or by.role is not Role.MANAGER:
            raise Denied(f"{manager.called} may not call for others: only managers pass calls on")
        if on_behalf_of == "socket":
            return Caller(way="socket", passed_on_by=by.member)
        if on_behalf_of == "token":
            return Caller(way="token", passed_on_by=by.member)
        identity = parse_identity(on_behalf_of)
        if identity.cluster != self._cluster:
            raise Denied(f"a call for {on_behalf_of} is for another cluster")
        return Caller(way="certificate", identity=identity, passed_on_by=by.member)


def _refused(serial: int, why: str) -> Unidentified:
    return Unidentified(
        f"certificate {serial:x} {why}",
        hint="have a token made by an administrator and log in again: warren login TOKEN",
    )
