"""Whom a member talks to."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

Identify = Callable[[bytes], int | None]
"""From a certificate (DER) to the member it names, 0 for a client, ``None`` for nobody we talk to."""


@dataclass(frozen=True, slots=True)
class Security:
    """Certificates, and what they mean.

    Attributes:
        server: for connections to us; it must ask for a certificate.
        client: for connections of ours.
        identify: what a certificate that TLS has verified stands for.
    """

    server: ssl.SSLContext
    client: ssl.SSLContext
    identify: Identify
