"""TLS for gRPC: version 1.3 only, a certificate on both sides, changed without a restart.

gRPC for Python cannot be told a least version. But all certificates of a cluster are ECDSA, and TLS
1.2 names the kind of certificate in its cipher suites, which 1.3 does not: where only suites for RSA
may be used with 1.2, no 1.2 handshake succeeds. gRPC reads which ones while it is loaded, so this
package sets that before; see ``warren.api``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from warren.api import SUITES, SUITES_VARIABLE, are_suites_set
from warren.model.errors import PermanentError
from warren.model.hidden import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What one side shows and whom it trusts, all PEM.

    Attributes:
        certificate: its own; two that are equal have one key.
        key: the private key that belongs to it.
        authority: who vouches for the other side.
    """

    certificate: bytes
    key: Secret = field(compare=False)
    authority: bytes


def server_credentials(keys: Callable[[], Keys], *, asks_callers: bool) -> grpc.ServerCredentials:
    """Credentials of a server that looks for new keys at each handshake.

    Args:
        keys: those of now; called from threads of gRPC, so it must not block and not raise.
        asks_callers: whether callers have to show a certificate.

    Raises:
        PermanentError: gRPC was loaded by somebody else and would speak TLS 1.2.
    """
    if not are_suites_set():
        raise PermanentError(
            "gRPC was loaded before warren.api, and would speak TLS 1.2",
            hint=f"import warren.api first, or start with {SUITES_VARIABLE}={SUITES}",
        )
    shown = [keys()]

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        current = keys()
        if current == shown[0]:
            return None
        shown[0] = current
        return _configuration(current)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(shown[0]),
        renewed,  # type: ignore[arg-type]  # ``None`` for no change is missing in the stubs
        require_client_authentication=asks_callers,
    )


def client_credentials(keys: Keys) -> grpc.ChannelCredentials:
    """Credentials of somebody who calls and shows a certificate."""
    return grpc.ssl_channel_credentials(
        root_certificates=keys.authority,
        private_key=keys.key.reveal(),
        certificate_chain=keys.certificate,
    )


def _configuration(keys: Keys) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(keys.key.reveal(), keys.certificate)], root_certificates=keys.authority
    )
