"""A manager's data directory: what it says, what is refused, what a crash leaves."""

import stat
from pathlib import Path

import pytest

from warren.daemon.manager.asking import reception_address
from warren.daemon.manager.seat import Addresses, Quarters, Seat
from warren.model.errors import (
    AlreadyExists,
    CorruptState,
    Denied,
    InvalidInput,
    NotFound,
    PermanentError,
)

SEAT = Seat(
    cluster_id="clu_1", member=3, name="m3", addresses=Addresses(host="10.0.0.3"), peers={1: "a:1"}
)


def begun(directory: Path) -> Quarters:
    directory.mkdir(exist_ok=True)
    quarters = Quarters(directory)
    quarters.begin()
    return quarters


def test_seat_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    quarters = begun(tmp_path)
    with pytest.raises(NotFound, match="there is no manager in"):
        quarters.read()
    quarters.finish(SEAT)
    assert quarters.read() == SEAT
    assert stat.S_IMODE((tmp_path / "manager").stat().st_mode) == 0o600


def test_what_a_crash_left_half_made_is_made_anew(tmp_path: Path) -> None:
    quarters = begun(tmp_path)
    (tmp_path / "raft" / "log-1").write_bytes(b"half")
    quarters.begin()
    assert list((tmp_path / "raft").iterdir()) == []


def test_a_manager_is_never_made_over_another_one(tmp_path: Path) -> None:
    quarters = begun(tmp_path)
    (tmp_path / "raft" / "log-1").write_bytes(b"all")
    quarters.finish(SEAT)
    with pytest.raises(AlreadyExists, match="holds manager m3 of cluster clu_1"):
        quarters.begin()
    assert (tmp_path / "raft" / "log-1").read_bytes() == b"all"


@pytest.mark.parametrize("name", ["format", "raft/log-1"])
def test_a_state_that_is_no_managers_is_left_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"something")
    with pytest.raises(AlreadyExists, match="no manager's"):
        Quarters(tmp_path).begin()
    assert path.read_bytes() == b"something"


def test_damaged_and_newer_seats_are_told_apart(tmp_path: Path) -> None:
    quarters = begun(tmp_path)
    quarters.finish(SEAT)
    path = tmp_path / "manager"
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(CorruptState, match="is damaged"):
        quarters.read()
    path.write_bytes(whole.replace(b'"format":1', b'"format":9'))
    with pytest.raises(PermanentError, match="has format 9; this Warren knows 1"):
        quarters.read()


def test_a_removed_manager_does_not_come_back(tmp_path: Path) -> None:
    quarters = begun(tmp_path)
    quarters.finish(SEAT)
    quarters.check_not_removed(SEAT)
    quarters.mark_removed()
    with pytest.raises(Denied, match=r"m3 \(3\) was removed"):
        quarters.check_not_removed(SEAT)


def test_key_file_is_read_and_its_absence_is_explained(tmp_path: Path) -> None:
    quarters = begun(tmp_path)
    with pytest.raises(PermanentError, match="cannot be read"):
        quarters.unlock_key()
    quarters.write(quarters.unlock, bytes(31))
    with pytest.raises(InvalidInput, match="holds 31 bytes"):
        quarters.unlock_key()
    quarters.write(quarters.unlock, bytes(32))
    assert quarters.unlock_key().value.reveal() == bytes(32)


def test_certificate_names_every_address_that_is_listened_on_and_none_twice() -> None:
    addresses = Addresses(host="m1.example", listen="10.0.0.1", names=("vip", "10.0.0.1"))
    assert addresses.certified == (
        "m1.example",
        "10.0.0.1",
        "vip",
        "localhost",
        "127.0.0.1",
        "::1",
    )
    assert "0.0.0.0" not in Addresses(host="m1", listen="0.0.0.0").certified
    assert Addresses(host="fd00::1").peer == "[fd00::1]:8081"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0.0.1", "10.0.0.1:8082"),
        ("m1:90", "m1:90"),
        ("fd00::1", "[fd00::1]:8082"),
        ("[fd00::1]:90", "[fd00::1]:90"),
    ],
)
def test_address_of_a_reception_has_a_port_by_default(written: str, meant: str) -> None:
    assert reception_address(written) == meant


@pytest.mark.parametrize("written", ["", ":1", "m1:x", "m1:0", "m1:70000", "[fd00::1"])
def test_address_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match="must be a host"):
        reception_address(written)
