"""Certificates: what they say, whom TLS lets in, when they are renewed."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, strategies as st

from tests.unit.pki.samples import CLUSTER, NOW, Party, authority, identity, shake_hands
from warren.model.errors import Denied, InvalidInput, PermanentError
from warren.model.hidden import Secret
from warren.pki.authority import (
    Authority,
    Revoked,
    fingerprint,
    is_due,
    make_authority,
    make_request,
    read_certificate,
)
from warren.pki.identity import Identity, Role, identity_of, parse_identity

NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._@-]{0,20}[A-Za-z0-9])?", fullmatch=True)


@given(NAMES, st.sampled_from([Role.OPERATOR, Role.VIEWER, Role.TOOL]), st.just("") | NAMES)
def test_identity_is_read_back_as_it_was_written(name: str, role: Role, tenant: str) -> None:
    one = Identity(cluster=CLUSTER, role=role, name=name, tenant=tenant)
    assert parse_identity(one.uri) == one


@pytest.mark.parametrize(
    "uri",
    [
        "warren://clu_01/king/ann",
        "warren://clu_01/operator",
        "warren://clu_01/operator/ann/more",
        "warren://clu_01/operator/ann?tenant=a&tenant=b",
        "warren://clu_01/operator/ann?shoe=9",
        "warren://clu_01/operator/ann#part",
        "warren://clu_01/operator/ann?member=3",
        "warren://clu_01/manager/m1",
        "warren://clu_01/admin/ann?tenant=shop",
        "warren://clu_01/operator/%61nn",
        "warren:///operator/ann",
        "warren://clu_01/manager/m1?member=x",
        "https://clu_01/operator/ann",
    ],
)
def test_identity_that_could_be_read_in_two_ways_is_refused(uri: str) -> None:
    with pytest.raises(Denied):
        parse_identity(uri)


def test_certificate_speaks_for_the_identity_it_was_issued_to_and_nothing_else() -> None:
    signer = authority()
    request = make_request("mallory")
    certificate = read_certificate(
        signer.issue(
            request.pem, identity(Role.MANAGER, "m1"), now=NOW, addresses=["10.0.0.1", "a.b"]
        )
    )
    assert identity_of(certificate) == identity(Role.MANAGER, "m1")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.b"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    assert "mallory" not in certificate.subject.rfc4514_string()
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value.ca, constraints.critical) == (False, True)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(
        days=90, minutes=5
    )


def test_certificate_never_outlives_its_authority() -> None:
    old = authority(now=NOW - timedelta(days=3600))
    certificate = read_certificate(old.issue(make_request("a").pem, identity(), now=NOW))
    assert certificate.not_valid_after_utc == old.certificate.not_valid_after_utc


@pytest.mark.parametrize("kind", ["rsa", "p384"])
def test_request_with_another_kind_of_key_is_refused(kind: str) -> None:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP384R1())
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    pem = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(Denied, match="not ECDSA on P-256"):
        authority().issue(pem, identity(), now=NOW)


def test_request_not_signed_by_its_own_key_is_refused() -> None:
    der = x509.load_pem_x509_csr(make_request("a").pem).public_bytes(serialization.Encoding.DER)
    altered = x509.load_der_x509_csr(der[:-1] + bytes([der[-1] ^ 1]))
    with pytest.raises((Denied, InvalidInput)):
        authority().issue(altered.public_bytes(serialization.Encoding.PEM), identity(), now=NOW)


@pytest.mark.parametrize("pem", [b"", b"nonsense", make_authority("c", now=NOW)[0]])
def test_what_is_no_request_is_refused(pem: bytes) -> None:
    with pytest.raises(InvalidInput, match="no certificate request"):
        authority().issue(pem, identity(), now=NOW)


def test_authority_refuses_a_key_that_is_not_its_own() -> None:
    (certificate, _key), (_other, foreign) = (make_authority("c", now=NOW) for _ in range(2))
    with pytest.raises(InvalidInput, match="does not belong"):
        Authority(certificate, foreign)
    with pytest.raises(InvalidInput, match="cannot be read"):
        Authority(certificate, Secret(b"nonsense"))


def test_certificate_is_due_after_sixty_of_ninety_days() -> None:
    certificate = read_certificate(authority().issue(make_request("a").pem, identity(), now=NOW))
    assert not is_due(certificate, now=NOW + timedelta(days=59, hours=23))
    assert is_due(certificate, now=NOW + timedelta(days=60, hours=1))


def test_both_sides_of_one_authority_meet_in_tls_1_3(tmp_path: Path) -> None:
    signer = authority()
    server = Party(tmp_path / "s", signer, identity(Role.MANAGER, "m1"))
    client = Party(tmp_path / "c", signer, identity())
    for name in server.addresses:
        version = shake_hands(client.context(server=False), server.context(server=True), name)
        assert version == "TLSv1.3"


def test_older_tls_a_missing_certificate_and_a_wrong_name_are_refused(tmp_path: Path) -> None:
    signer = authority()
    server = Party(tmp_path / "s", signer, identity(Role.MANAGER, "m1")).context(server=True)
    client = Party(tmp_path / "c", signer, identity())
    old = client.context(server=False)
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        shake_hands(old, server)
    nobody = ssl.create_default_context(cadata=signer.pem.decode())
    with pytest.raises(ssl.SSLError):
        shake_hands(nobody, server)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(client.context(server=False), server, "10.9.9.9")


def test_other_authority_an_expired_and_a_client_posing_as_server_are_refused(
    tmp_path: Path,
) -> None:
    signer = authority()
    manager = identity(Role.MANAGER, "m1")
    server = Party(tmp_path / "s", signer, manager).context(server=True)
    stranger = Party(tmp_path / "x", authority(), identity(), trust=signer.pem)
    with pytest.raises(ssl.SSLError):
        shake_hands(stranger.context(server=False), server)
    expired = Party(tmp_path / "e", signer, identity(), now=NOW - timedelta(days=100))
    with pytest.raises(ssl.SSLError):
        shake_hands(expired.context(server=False), server)
    posing = Party(tmp_path / "p", signer, identity()).context(server=True)
    client = Party(tmp_path / "c", signer, identity()).context(server=False)
    with pytest.raises(ssl.SSLError, match="purpose"):
        shake_hands(client, posing)


def test_revoked_certificate_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    signer = authority()
    bad = Party(tmp_path / "bad", signer, identity(name="bob"))
    good = Party(tmp_path / "good", signer, identity())
    serial = read_certificate(bad.certificate).serial_number
    revoked = signer.revocation_list([Revoked(serial=serial, at=NOW)], now=NOW, number=1)
    server = Party(
        tmp_path / "s",
        signer,
        identity(Role.MANAGER, "m1"),
        trust=signer.pem + revoked,
        revocation=True,
    ).context(server=True)
    assert shake_hands(good.context(server=False), server) == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        shake_hands(bad.context(server=False), server)


def test_outdated_revocation_list_lets_nobody_in(tmp_path: Path) -> None:
    signer = authority()
    stale = signer.revocation_list([], now=NOW - timedelta(days=8), number=1)
    server = Party(
        tmp_path / "s",
        signer,
        identity(Role.MANAGER, "m1"),
        trust=signer.pem + stale,
        revocation=True,
    ).context(server=True)
    with pytest.raises(ssl.SSLError):
        shake_hands(Party(tmp_path / "c", signer, identity()).context(server=False), server)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    party = Party(tmp_path / "p", authority(), identity())
    (party.directory / "key.pem").write_bytes(make_request("x").key.reveal())
    with pytest.raises(PermanentError, match=r"certificate\.pem .*cannot be used"):
        party.context(server=False)


def test_fingerprint_tells_authorities_apart() -> None:
    one, other = authority(), authority()
    assert fingerprint(one.pem) == fingerprint(one.pem) != fingerprint(other.pem)
