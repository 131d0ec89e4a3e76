"""A manager's certificate and key, and what TLS makes of them.

Both lie in one file, so that they are replaced together; and the contexts are those of all connections
to come, so a renewed certificate is shown from then on without anything being closed.
"""

import ssl
from collections.abc import Callable
from datetime import datetime

from cryptography import x509

from warren.api.keys import Keys
from warren.daemon.manager.seat import Quarters, Seat
from warren.model.errors import CorruptState, Denied, WarrenError
from warren.model.hidden import Secret
from warren.pki.authority import Request, is_due, make_request, read_certificate
from warren.pki.identity import Identity, Role, identity_of
from warren.pki.tls import client_context, server_context
from warren.raft.transport.security import Security

Sign = Callable[[bytes, Identity], bytes]
"""From a request and an identity to a certificate, both PEM."""


def identity_as_manager(cluster_id: str, name: str, member: int) -> Identity:
    """Who a manager is."""
    return Identity(cluster=cluster_id, role=Role.MANAGER, name=name, member=member)


def keep(quarters: Quarters, request: Request, certificate: bytes) -> None:
    """Write a certificate and its key, in one step."""
    quarters.write(quarters.identity, certificate + request.key.reveal())


class Credentials:
    """What a manager shows, and whom it believes.

    Args:
        quarters: where the files are.
        seat: whose they are.
        is_removed: whether the manager of that number was removed.

    Attributes:
        server: for connections from managers and clients; it asks for a certificate.
        client: for connections to managers.
        reception: for connections from anybody; a certificate that is shown must be one of ours.

    Raises:
        PermanentError: a file cannot be used.
    """

    def __init__(
        self, quarters: Quarters, seat: Seat, *, is_removed: Callable[[int], bool]
    ) -> None:
        files = (quarters.identity, quarters.identity, quarters.authority)
        self._quarters = quarters
        self._seat = seat
        self._is_removed = is_removed
        self.server = server_context(*files, revocation=False)
        self.client = client_context(*files, revocation=False)
        self.reception = server_context(*files, revocation=False)
        self.reception.verify_mode = ssl.CERT_OPTIONAL
        self._keys = self._read_keys()

    @property
    def certificate(self) -> x509.Certificate:
        """The own certificate, as it lies in the file."""
        try:
            return read_certificate(self._quarters.identity.read_bytes())
        except (OSError, WarrenError) as error:
            raise CorruptState(
                f"certificate {self._quarters.identity} cannot be read: {error}",
                hint="remove this manager at another one, and let it join again",
            ) from error

    @property
    def security(self) -> Security:
        """For the consensus: managers of this cluster that were not removed."""
        return Security(self.server, self.client, self._member_of)

    def caller(self, certificate: bytes) -> Identity:
        """Whom a certificate (DER) that TLS has verified stands for.

        Raises:
            Denied: nobody whom this cluster still knows.
        """
        identity = identity_of(x509.load_der_x509_certificate(certificate))
        if identity.cluster != self._seat.cluster_id:
            raise Denied(
                f"the certificate of {identity.name} is for cluster {identity.cluster}, "
                f"this is {self._seat.cluster_id}"
            )
        if identity.member and self._is_removed(identity.member):
            raise Denied(f"manager {identity.name} ({identity.member}) was removed")
        return identity

    def renew(self, sign: Sign, *, now: datetime) -> bool:
        """Replace the certificate and its key if it is time to. Whether that was done.

        Raises:
            WarrenError: it could not be; the old one stays.
        """
        if not is_due(self.certificate, now=now):
            return False
        seat = self._seat
        request = make_request(seat.name)
        identity = identity_as_manager(seat.cluster_id, seat.name, seat.member)
        keep(self._quarters, request, sign(request.pem, identity))
        for context in (self.server, self.client, self.reception):
            context.load_cert_chain(self._quarters.identity)
        self._keys = self._read_keys()
        return True

    def keys(self) -> Keys:
        """Certificate and key of now, for the API; may be called on any thread."""
        return self._keys

    def is_revoked(self, identity: Identity, _serial: int) -> bool:
        """Whether a certificate of this identity counts no more."""
        return identity.member > 0 and self._is_removed(identity.member)

    def _read_keys(self) -> Keys:
        certificate, key = _split(self._quarters.identity.read_bytes())
        return Keys(
            certificate=certificate,
            key=Secret(key),
            authority=self._quarters.authority.read_bytes(),
        )

    def _member_of(self, certificate: bytes) -> int | None:
        try:
            identity = self.caller(certificate)
        except Denied:
            return None
        return identity.member or None


def _split(pem: bytes) -> tuple[bytes, bytes]:
    """The certificate and the key of what ``keep`` wrote."""
    certificate, begin, key = pem.partition(b"-----BEGIN PRIVATE KEY-----")
    return certificate, begin + key
