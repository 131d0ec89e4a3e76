"""Certificates for members and clients of a test, under an authority of its own."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from warren.raft.transport.security import Security

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Files:
    """Where the PEM files of one party are."""

    certificate: Path
    key: Path
    authority: Path

    def security(self) -> Security:
        """What the transport needs of them."""
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for context in (server, client):
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(self.certificate, self.key)
            context.load_verify_locations(self.authority)
        server.verify_mode = ssl.CERT_REQUIRED
        return Security(server, client, identify)


class Authority:
    """Issues certificates whose common name is the member's id; a client's is 0."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority")
        certificate = (
            _builder(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._pem = directory / "authority.pem"
        self._pem.write_bytes(certificate.public_bytes(_PEM))

    def issue(self, member: int, *addresses: str, days: int = 30) -> Files:
        """Make a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ip_address(each)) for each in addresses or ("127.0.0.1",)]
        certificate = (
            _builder(_name(str(member)), self._name, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        stem = self._directory / f"party-{member}"
        files = Files(stem.with_suffix(".pem"), stem.with_suffix(".key"), self._pem)
        files.certificate.write_bytes(certificate.public_bytes(_PEM))
        files.key.write_bytes(
            key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return files


def identify(certificate: bytes) -> int | None:
    """The member that a certificate names."""
    name = x509.load_der_x509_certificate(certificate).subject
    return int(str(name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int = 30
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
