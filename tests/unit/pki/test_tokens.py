"""Join tokens: what is shown, what is recorded, what is refused."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from tests.unit.pki.samples import NOW
from warren.model.errors import Denied, InvalidInput
from warren.model.hidden import Secret
from warren.model.token import JoinToken
from warren.pki.tokens import (
    LIFETIME,
    check_token,
    digest_of,
    new_token_secret,
    read_token,
    used,
    write_token,
)

FINGERPRINT = bytes(range(32))


def counting(length: int) -> bytes:
    return bytes(range(length))


def made(**fields: object) -> tuple[JoinToken, Secret]:
    token_id, secret = new_token_secret(counting)
    record = JoinToken.model_validate(
        {
            "id": token_id,
            "name": token_id,
            "role": "manager",
            "digest": digest_of(secret),
            "expires_at": NOW + LIFETIME,
            "created_at": NOW,
            "updated_at": NOW,
            **fields,
        }
    )
    return record, write_token(token_id, secret, FINGERPRINT)


def test_token_is_read_back_with_the_fingerprint_and_the_record_tells_no_secret() -> None:
    record, text = made()
    presented = read_token(text)
    assert (presented.id, presented.fingerprint) == (record.id, FINGERPRINT)
    assert check_token(record, presented, now=NOW) is record
    secret = text.reveal().decode().split(".")[1]
    assert secret not in record.model_dump_json()
    assert secret not in repr(presented)


@given(st.data())
def test_one_changed_or_missing_character_is_told_from_a_refused_token(data: st.DataObject) -> None:
    text = made()[1].reveal().decode()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from("abcdefghijklmnopqrstuvwxyz234567.").filter(lambda c: c != text[place])
    )
    for broken in (text[:place] + other + text[place + 1 :], text[:place] + text[place + 1 :]):
        with pytest.raises(InvalidInput, match="no join token, or not all of one") as refused:
            read_token(Secret(broken))
        assert text[10:30] not in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"revoked": True}, "was revoked"),
        ({"uses_left": 0}, "was used already"),
        ({"expires_at": NOW}, "expired at"),
    ],
)
def test_token_is_refused_saying_why(fields: dict[str, object], message: str) -> None:
    record, text = made(**fields)
    with pytest.raises(Denied, match=message):
        check_token(record, read_token(text), now=NOW)


def test_unknown_token_and_wrong_secret_get_the_same_answer() -> None:
    record, text = made()
    presented = read_token(text)
    with pytest.raises(Denied) as unknown:
        check_token(None, presented, now=NOW)
    wrong = record.model_copy(update={"digest": digest_of(Secret(b"x"))})
    with pytest.raises(Denied) as mismatch:
        check_token(wrong, presented, now=NOW)
    assert str(unknown.value) == str(mismatch.value)


def test_use_is_counted_down_with_a_new_version() -> None:
    record, text = made()
    after = used(record, now=NOW + timedelta(minutes=1))
    assert (after.uses_left, after.version) == (0, 2)
    with pytest.raises(Denied, match="used already"):
        check_token(after, read_token(text), now=NOW)
