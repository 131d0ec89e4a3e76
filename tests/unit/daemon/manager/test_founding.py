"""What a new cluster's record holds, and what it does not."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.daemon.manager.clusters import NOW, Stopped, founded
from warren.daemon.manager.founding import found
from warren.daemon.manager.seat import Addresses, Quarters
from warren.model.errors import AlreadyExists, Denied, InvalidInput
from warren.pki.authority import fingerprint
from warren.pki.tokens import check_token, read_token


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


async def test_new_cluster_knows_its_authority_its_manager_and_its_tokens(tmp_path: Path) -> None:
    cluster = await founded(tmp_path, tokens=2)
    store = cluster.store
    (authority,) = store.authority
    (manager,) = store.managers
    assert (manager.name, manager.member, manager.peer_address) == ("m1", 1, "10.0.0.1:8081")
    assert fingerprint(authority.certificate_pem.encode()) == cluster.founded.fingerprint
    assert cluster.quarters.authority.read_text() == authority.certificate_pem
    assert [each.id for each in store.cluster] == [cluster.seat.cluster_id]
    for text in cluster.founded.tokens:
        presented = read_token(text)
        assert presented.fingerprint == cluster.founded.fingerprint
        record = check_token(store.tokens.get(presented.id), presented, now=NOW)
        assert (record.role, record.uses_left) == ("manager", 1)
        with pytest.raises(Denied, match="expired"):
            check_token(record, presented, now=NOW + timedelta(hours=1))


async def test_no_secret_lies_in_the_log_in_the_clear(tmp_path: Path) -> None:
    cluster = await founded(tmp_path)
    secret = read_token(cluster.founded.tokens[0]).secret.reveal()
    unlock = cluster.quarters.unlock_key().value.reveal()
    for path in (tmp_path / "raft").iterdir():
        content = path.read_bytes()
        assert b"PRIVATE KEY" not in content
        assert secret not in content
        assert unlock not in content


async def test_founding_again_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    cluster = await founded(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(AlreadyExists, match=cluster.seat.cluster_id):
        await founded(tmp_path)
    assert contents(tmp_path) == before


async def test_name_that_no_certificate_could_carry_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidInput, match="'m 1' must be letters"):
        await found(
            Quarters(tmp_path),
            "m 1",
            Addresses(host="10.0.0.1"),
            tokens=0,
            clock=Stopped(),
            random_bytes=bytes,
        )
    assert contents(tmp_path) == {}
