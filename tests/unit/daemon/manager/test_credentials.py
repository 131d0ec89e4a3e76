"""Certificates of managers: whom they are for, whom they are believed, when they are replaced."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.daemon.manager.clusters import NOW, founded
from warren.daemon.manager.authority import issue
from warren.daemon.manager.credentials import Credentials, identity_as_manager
from warren.model.errors import Denied
from warren.pki.authority import make_request, read_certificate
from warren.pki.identity import Identity, Role, identity_of


async def test_first_manager_is_certified_for_its_addresses(tmp_path: Path) -> None:
    cluster = await founded(tmp_path)
    certificate = cluster.credentials().certificate
    seat = cluster.seat
    assert identity_of(certificate) == identity_as_manager(seat.cluster_id, "m1", 1)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == [
        "10.0.0.1",
        "127.0.0.1",
        "::1",
    ]


async def test_certificate_is_renewed_after_two_thirds_of_its_life_with_a_new_key(
    tmp_path: Path,
) -> None:
    cluster = await founded(tmp_path)
    credentials = cluster.credentials()
    before = credentials.certificate

    def sign(request: bytes, identity: Identity) -> bytes:
        return issue(cluster.store, cluster.quarters.unlock_key(), request, identity, now=now)

    now = NOW + timedelta(days=59)
    assert not credentials.renew(sign, now=now)
    assert credentials.certificate == before
    now = NOW + timedelta(days=61)
    shown = credentials.keys()
    assert credentials.renew(sign, now=now)
    assert credentials.keys() != shown, "the API shows the new one from now on"
    after = credentials.certificate
    assert after.not_valid_after_utc == now + timedelta(days=90)
    assert after.public_key() != before.public_key()
    assert identity_of(after) == identity_of(before)
    assert not credentials.renew(sign, now=now), "once is enough"


async def test_removed_manager_gets_no_certificate_and_is_not_believed(tmp_path: Path) -> None:
    cluster = await founded(tmp_path)
    record = next(iter(cluster.store.authority))
    identity = identity_as_manager(cluster.seat.cluster_id, "m2", 2)
    request = make_request("m2").pem
    unlock = cluster.quarters.unlock_key()
    pem = issue(cluster.store, unlock, request, identity, now=NOW)
    der = read_certificate(pem).public_bytes(Encoding.DER)
    removed: set[int] = set()
    credentials = Credentials(
        cluster.quarters, cluster.seat, is_removed=lambda member: member in removed
    )
    assert credentials.caller(der) == identity
    assert credentials.security.identify(der) == 2
    removed.add(2)
    assert credentials.security.identify(der) is None
    with pytest.raises(Denied, match=r"manager m2 \(2\) was removed"):
        credentials.caller(der)
    gone = record.model_copy(update={"removed_members": (2,), "version": 2})
    await cluster.store.write(puts=[gone])
    with pytest.raises(Denied, match="was removed from the cluster"):
        issue(cluster.store, unlock, request, identity, now=NOW)


async def test_people_and_managers_of_other_clusters_take_no_part_in_the_consensus(
    tmp_path: Path,
) -> None:
    cluster = await founded(tmp_path)
    credentials = cluster.credentials()
    unlock = cluster.quarters.unlock_key()
    for identity in (
        Identity(cluster=cluster.seat.cluster_id, role=Role.ADMIN, name="ann"),
        identity_as_manager("clu_other", "m1", 1),
    ):
        pem = issue(cluster.store, unlock, make_request("x").pem, identity, now=NOW)
        der = read_certificate(pem).public_bytes(Encoding.DER)
        assert credentials.security.identify(der) is None


async def test_key_file_of_another_cluster_opens_nothing(tmp_path: Path) -> None:
    one, other = await founded(tmp_path / "one"), await founded(tmp_path / "other")
    identity = identity_as_manager(one.seat.cluster_id, "m2", 2)
    with pytest.raises(Denied, match="does not open the cluster's data keys"):
        issue(one.store, other.quarters.unlock_key(), make_request("m2").pem, identity, now=NOW)
