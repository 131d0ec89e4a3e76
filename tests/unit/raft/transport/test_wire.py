"""What travels, and what is refused at the door."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from warren.raft import errors
from warren.raft.core.messages import MsgHeartbeat
from warren.raft.errors import (
    DiskFull,
    Incompatible,
    NotLeader,
    Overloaded,
    RaftError,
    Refused,
    SessionExpired,
    Unavailable,
    Uncertain,
)
from warren.raft.transport.handshake import Self, check_hello
from warren.raft.transport.wire import (
    PROTOCOL,
    Hello,
    Purpose,
    decode_chunk,
    decode_error,
    decode_messages,
    decode_numbered,
    decode_refusal,
    encode,
    encode_error,
    encode_numbered,
)

OURS = Self(cluster="c", member=2)


@pytest.mark.parametrize(
    "error",
    [
        NotLeader("another leads", leader=3, address="h:1"),
        Overloaded("too much", retry_after_seconds=0.5),
        DiskFull("no room"),
        Uncertain("who knows"),
        Unavailable("later"),
        Refused("no"),
        SessionExpired("gone"),
        Incompatible("never"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_arrives_as_the_kind_it_was_sent_as(error: RaftError) -> None:
    again = decode_error(encode_error(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_every_error_that_members_answer_with_can_travel() -> None:
    kinds = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, (Unavailable, Refused))
    ]
    assert len(kinds) > 6
    for kind in kinds:
        assert type(decode_error(encode_error(kind("x")))) is kind


def test_error_of_a_kind_unknown_here_is_a_refusal() -> None:
    class Newer(Refused):
        pass

    assert type(decode_error(encode_error(Newer("x")))) is Refused


@given(st.binary(max_size=60))
def test_unreadable_answers_are_errors_and_no_crash(noise: bytes) -> None:
    assert isinstance(decode_error(noise), RaftError)
    for read, shortest in ((decode_numbered, 9), (decode_chunk, 8)):
        if len(noise) < shortest:
            with pytest.raises(Incompatible):
                read(noise)


@given(st.integers(0, 2**64 - 1), st.integers(0, 255), st.binary(max_size=50))
def test_numbered_payload_is_read_back(number: int, kind: int, payload: bytes) -> None:
    assert decode_numbered(encode_numbered(number, kind, payload)) == (number, kind, payload)


def hello(**fields: Any) -> bytes:
    known = {
        "protocol": PROTOCOL,
        "cluster": "c",
        "member": 1,
        "to": 2,
        "purpose": Purpose.PEER,
    }
    return encode(Hello(**{**known, **fields}))


@pytest.mark.parametrize("purpose", [Purpose.PEER, Purpose.SNAPSHOT])
def test_member_with_its_own_certificate_is_let_in(purpose: Purpose) -> None:
    assert check_hello(hello(purpose=purpose), 1, OURS).member == 1


@pytest.mark.parametrize("cluster", ["", "c"])
def test_client_is_let_in_whether_it_knows_the_cluster_or_not(cluster: str) -> None:
    greeting = hello(purpose=Purpose.CLIENT, member=0, to=0, cluster=cluster)
    assert check_hello(greeting, 0, OURS).purpose is Purpose.CLIENT


@pytest.mark.parametrize(
    ("fields", "certified", "message"),
    [
        ({"protocol": 9}, 1, "protocol 9 is spoken; this member speaks 1"),
        ({"cluster": "other"}, 1, "this is cluster c, not other"),
        ({"cluster": ""}, 1, "this is cluster c, not unknown"),
        ({"cluster": "d", "purpose": Purpose.CLIENT}, 0, "this is cluster c, not d"),
        ({"to": 3}, 1, "this is member 2, not 3"),
        ({}, None, "names nobody who may connect"),
        ({}, 3, "certificate is that of member 3, not of member 1"),
        ({}, 0, "certificate is that of a client, not of member 1"),
        ({"member": 0}, 0, "certificate is that of a client, not of member 0"),
    ],
)
def test_stranger_is_refused_saying_why(
    fields: dict[str, Any], certified: int | None, message: str
) -> None:
    with pytest.raises(Incompatible, match=message):
        check_hello(hello(**fields), certified, OURS)


HEARTBEATS = encode([MsgHeartbeat(2, 1, 1, 0)])


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        HEARTBEATS[:-1],
        HEARTBEATS + b"\x00",
        b"\x91\x91\xcd\xff\xff",
        b"\x91\xdc\xff\xff" + HEARTBEATS[2:] + b"\x91" * 70_000,
    ],
    ids=range(7),
)
def test_batch_that_is_none_is_refused(noise: bytes) -> None:
    with pytest.raises(Incompatible, match="a batch of messages cannot be read"):
        decode_messages(noise)


@given(st.binary(max_size=60), st.integers(0, len(HEARTBEATS)))
def test_altered_batch_is_read_or_refused(noise: bytes, at: int) -> None:
    with suppress(Incompatible):
        decode_messages(HEARTBEATS[:at] + noise + HEARTBEATS[at + len(noise) :])


def test_text_that_is_none_is_refused() -> None:
    with pytest.raises(Incompatible, match="the refusal of our greeting cannot be read"):
        decode_refusal(b"\x91\xa1\xff")


@given(st.binary(max_size=80))
def test_noise_in_place_of_a_greeting_is_refused(noise: bytes) -> None:
    with pytest.raises(Incompatible):
        check_hello(noise, 1, OURS)
