"""The cluster's certificate authority: ECDSA on P-256, certificates of 90 days (RFC 5280).

Whoever wants a certificate makes the key and sends a request; the authority takes nothing from the
request but its public key, for names and roles are what the token or the caller's identity grants.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from warren.model.errors import Denied, InvalidInput, Problem
from warren.model.hidden import Secret
from warren.pki.identity import Identity, Role

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 90
RENEW_AFTER_DAYS = 60
REVOCATION_LIST_DAYS = 7
CLOCK_SKEW = timedelta(minutes=5)
"""Certificates are valid from a little before they are made: hosts' clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a joiner makes.

    Attributes:
        key: the private key, PEM (PKCS #8); it never leaves the joiner.
        pem: the request to send.
    """

    key: Secret
    pem: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A certificate that is no longer trusted."""

    serial: int
    at: datetime


class Authority:
    """Signs certificates and revocation lists.

    Args:
        certificate: the authority's own, PEM.
        key: the private key that belongs to it, PEM.

    Raises:
        InvalidInput: they cannot be read or do not belong together.
    """

    def __init__(self, certificate: bytes, key: Secret) -> None:
        self.certificate = read_certificate(certificate)
        loaded = _read_key(key)
        if loaded.public_key() != self.certificate.public_key():
            raise _invalid("the authority's key does not belong to its certificate")
        self._key = loaded
        self.pem = certificate

    def issue(
        self,
        request: bytes,
        identity: Identity,
        *,
        now: datetime,
        addresses: Sequence[str] = (),
        days: int = CERTIFICATE_DAYS,
    ) -> bytes:
        """Make a certificate, PEM, for the key of a request.

        Args:
            request: PEM; only its key counts.
            identity: whom the certificate speaks for.
            now: wall-clock time.
            addresses: IP addresses and DNS names that a server listens on.
            days: how long it is valid; never beyond the authority itself.

        Raises:
            Denied: the request is not signed by its own key, or its key is weak.
            InvalidInput: it is no request.
        """
        key = _key_of(request)
        until = min(now + timedelta(days=days), self.certificate.not_valid_after_utc)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if identity.role is Role.MANAGER:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(identity.uri)]
        names += map(_general_name, addresses)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(identity.name, identity.cluster))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(self._key_identifier(), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def revocation_list(self, revoked: Iterable[Revoked], *, now: datetime, number: int) -> bytes:
        """The list of revoked certificates, PEM; it has to be made anew every few days.

        Args:
            revoked: all that are revoked and have not expired.
            now: wall-clock time.
            number: higher than that of the list before.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - CLOCK_SKEW)
            .next_update(now + timedelta(days=REVOCATION_LIST_DAYS))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(self._key_identifier(), critical=False)
        )
        for each in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(each.serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(each.at).build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _key_identifier(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def make_authority(cluster: str, *, now: datetime) -> tuple[bytes, Secret]:
    """A new authority's certificate and key, both PEM; the key is to be sealed at once."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Warren cluster authority", cluster)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM), _write_key(key)


def make_request(name: str) -> Request:
    """A new key, and a request for a certificate of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = request.sign(key, hashes.SHA256())
    return Request(key=_write_key(key), pem=signed.public_bytes(serialization.Encoding.PEM))


def read_certificate(pem: bytes) -> x509.Certificate:
    """Read a certificate.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise _invalid(f"is no certificate in PEM: {error}") from error


def fingerprint(certificate: bytes) -> bytes:
    """The SHA-256 of a certificate (DER): what join tokens carry of the authority."""
    return read_certificate(certificate).fingerprint(hashes.SHA256())


def is_due(certificate: x509.Certificate, *, now: datetime) -> bool:
    """Whether a certificate should be renewed: after 60 of 90 days, or two thirds of any life."""
    begun = certificate.not_valid_before_utc
    life = certificate.not_valid_after_utc - begun
    return now - begun >= life * RENEW_AFTER_DAYS / CERTIFICATE_DAYS


def _key_of(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(pem)
        valid = request.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise _invalid(f"is no certificate request in PEM: {error}") from error
    key = request.public_key()
    if not valid:
        raise Denied("the certificate request is not signed by its own key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Denied(
            "the key of the certificate request is not ECDSA on P-256", hint="make one of that kind"
        )
    return key


def _read_key(pem: Secret) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.reveal(), password=None)
    except (ValueError, TypeError):
        raise _invalid("the authority's key cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _invalid("the authority's key is not ECDSA")
    return key


def _write_key(key: ec.EllipticCurvePrivateKey) -> Secret:
    return Secret(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _name(common: str, cluster: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, cluster),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _invalid(rule: str) -> InvalidInput:
    return InvalidInput([Problem(field="certificate", value="", rule=rule)])
