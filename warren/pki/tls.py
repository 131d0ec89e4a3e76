"""TLS as all of Warren speaks it: version 1.3, a certificate on both sides (RFC 8446)."""

import ssl
from pathlib import Path

from warren.model.errors import PermanentError


def server_context(
    certificate: Path, key: Path, trust: Path, *, revocation: bool
) -> ssl.SSLContext:
    """For those who are called; callers without a certificate of a trusted authority are refused.

    Args:
        certificate: PEM file of the server's certificate.
        key: PEM file of its key.
        trust: PEM file of the authorities, and of their revocation lists.
        revocation: whether revocation lists are there and are to be asked.

    Raises:
        PermanentError: a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, certificate, key, trust, revocation=revocation)
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0  # a session that is resumed would skip the revocation list
    return context


def client_context(
    certificate: Path, key: Path, trust: Path, *, revocation: bool
) -> ssl.SSLContext:
    """For those who call; the server's name is checked.

    Raises:
        PermanentError: a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load(context, certificate, key, trust, revocation=revocation)
    return context


def _load(
    context: ssl.SSLContext, certificate: Path, key: Path, trust: Path, *, revocation: bool
) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(trust)
    except OSError as error:  # ssl.SSLError is one
        raise PermanentError(
            f"certificate {certificate} with key {key} and authorities {trust} cannot be used: "
            f"{error}",
            hint="join again, or restore the files from one backup",
        ) from error
    if revocation:
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
