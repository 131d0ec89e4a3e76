"""Sealing: what opens, what does not, and what rotation changes."""

import os

import pytest
from hypothesis import given, settings, strategies as st

from warren.model.errors import CorruptState, Denied, InvalidInput, PermanentError, WarrenError
from warren.model.hidden import Secret
from warren.pki.sealing import KeyRing, UnlockKey, new_key_ring, unwrap

RING = new_key_ring(os.urandom)
CONTEXT = "secret/sec_1/1"


def seal(ring: KeyRing, plaintext: bytes, context: str = CONTEXT) -> bytes:
    return ring.seal(Secret(plaintext), context=context, random_bytes=os.urandom)


def key_file(value: bytes | None = None) -> UnlockKey:
    return UnlockKey(method="key_file", value=Secret(value or os.urandom(32)))


@given(st.binary())
def test_what_was_sealed_opens_and_does_not_show(plaintext: bytes) -> None:
    sealed = seal(RING, plaintext)
    assert RING.open(sealed, context=CONTEXT).reveal() == plaintext
    assert len(plaintext) < 4 or plaintext not in sealed
    assert sealed != seal(RING, plaintext)


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=40), st.data())
def test_no_altered_byte_opens(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(RING, plaintext))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WarrenError):
        RING.open(bytes(sealed), context=CONTEXT)
    with pytest.raises(WarrenError):
        RING.open(bytes(sealed[: data.draw(st.integers(0, len(sealed) - 1))]), context=CONTEXT)


def test_sealed_value_moved_to_another_record_does_not_open() -> None:
    with pytest.raises(CorruptState, match="secret/sec_2/1: what is sealed was altered"):
        RING.open(seal(RING, b"x"), context="secret/sec_2/1")


def test_rotation_keeps_what_was_sealed_readable_until_it_is_pruned() -> None:
    old = seal(RING, b"old")
    rotated = RING.rotated(os.urandom)
    new = seal(rotated, b"new")
    assert rotated.open(old, context=CONTEXT).reveal() == b"old"
    assert (rotated.is_current(old), rotated.is_current(new)) == (False, True)
    with pytest.raises(Denied, match="sealed under data key"):
        RING.open(new, context=CONTEXT)
    with pytest.raises(Denied, match="not known"):
        rotated.pruned().open(old, context=CONTEXT)


@pytest.mark.parametrize(
    "unlock",
    [key_file(), UnlockKey(method="passphrase", value=Secret("correct horse battery"))],
    ids=lambda unlock: unlock.method,
)
def test_data_keys_open_with_their_unlock_key_only(unlock: UnlockKey) -> None:
    sealed = seal(RING, b"x")
    recorded = RING.wrap(unlock, random_bytes=os.urandom)
    assert unlock.value.reveal() not in recorded
    assert unwrap(recorded, unlock).open(sealed, context=CONTEXT).reveal() == b"x"
    wrong = UnlockKey(method=unlock.method, value=Secret(unlock.value.reveal()[::-1]))
    with pytest.raises(Denied, match="does not open the cluster's data keys"):
        unwrap(recorded, wrong)


def test_wrong_kind_of_unlock_key_is_named() -> None:
    recorded = RING.wrap(key_file(), random_bytes=os.urandom)
    with pytest.raises(Denied, match="unlocked by a key file, not by a passphrase"):
        unwrap(recorded, UnlockKey(method="passphrase", value=Secret("correct horse battery")))


def test_new_unlock_key_leaves_what_is_sealed_as_it_is() -> None:
    sealed, first, second = seal(RING, b"x"), key_file(), key_file()
    recorded = RING.wrap(first, random_bytes=os.urandom)
    again = unwrap(recorded, first).wrap(second, random_bytes=os.urandom)
    assert unwrap(again, second).open(sealed, context=CONTEXT).reveal() == b"x"
    with pytest.raises(Denied):
        unwrap(again, first)


@pytest.mark.parametrize(("method", "value"), [("key_file", b"short"), ("passphrase", b"hunter2")])
def test_unlock_key_that_protects_nothing_is_refused(method: str, value: bytes) -> None:
    with pytest.raises(InvalidInput, match="bytes") as refused:
        UnlockKey(method=method, value=Secret(value))  # type: ignore[arg-type]
    assert value.decode() not in str(refused.value).replace("hold", "")


@pytest.mark.parametrize("recorded", [b"", b"nonsense", b"\x81"])
def test_damaged_record_of_the_data_keys_is_said_to_be_damaged(recorded: bytes) -> None:
    with pytest.raises(CorruptState, match="cannot be read"):
        unwrap(recorded, key_file())


def test_sealing_of_a_later_format_is_refused() -> None:
    with pytest.raises(PermanentError, match="format 02, not 1"):
        RING.open(b"\x02" + seal(RING, b"x")[1:], context=CONTEXT)


def test_key_ring_shows_no_key() -> None:
    assert repr(RING) == "<KeyRing of 1>"
