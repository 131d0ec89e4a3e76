"""Framing: whatever arrives, in whatever pieces."""

import pytest
from hypothesis import given, strategies as st

from warren.raft.errors import Incompatible
from warren.raft.transport.frames import (
    GREETING_BYTES,
    HEAD_BYTES,
    LIMITS_BYTES,
    FrameKind,
    FrameReader,
    encode_frame,
)

FRAMES = st.lists(st.tuples(st.sampled_from(FrameKind), st.binary(max_size=300)), max_size=8)


@given(FRAMES, st.data())
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    frames: list[tuple[FrameKind, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(encode_frame(kind, payload) for kind, payload in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader, found = FrameReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == frames


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waits_for_more_and_never_grows_beyond_a_frame(noise: bytes) -> None:
    reader = FrameReader()
    try:
        frames = reader.feed(noise)
    except Incompatible:
        return
    assert sum(HEAD_BYTES + len(payload) for _kind, payload in frames) <= len(noise)


@pytest.mark.parametrize("kind", list(FrameKind))
def test_announced_length_beyond_the_limit_is_refused_before_the_payload_comes(
    kind: FrameKind,
) -> None:
    limit = LIMITS_BYTES[kind]
    head = (limit + 1).to_bytes(4, "little") + bytes([kind])
    with pytest.raises(Incompatible, match=f"{limit + 1} bytes of {kind.name}"):
        greeted().feed(head)
    assert greeted().feed(limit.to_bytes(4, "little") + bytes([kind])) == []


def greeted() -> FrameReader:
    reader = FrameReader()
    reader.feed(encode_frame(FrameKind.HELLO, b""))
    return reader


@pytest.mark.parametrize("kind", list(FrameKind))
def test_first_frame_is_short(kind: FrameKind) -> None:
    head = (GREETING_BYTES + 1).to_bytes(4, "little") + bytes([kind])
    with pytest.raises(Incompatible, match=f"at most {GREETING_BYTES} are taken"):
        FrameReader().feed(head)


def test_long_frame_in_many_pieces_is_put_together_without_copying_it_each_time() -> None:
    stream = encode_frame(FrameKind.MESSAGES, bytes(LIMITS_BYTES[FrameKind.MESSAGES]))
    reader, found = greeted(), []
    for start in range(0, len(stream), 256):  # copied each time, these would be 500 GB
        found += reader.feed(stream[start : start + 256])
    assert [len(payload) for _kind, payload in found] == [LIMITS_BYTES[FrameKind.MESSAGES]]


@pytest.mark.parametrize("number", [0, 10, 255])
def test_unknown_kind_is_refused(number: int) -> None:
    with pytest.raises(Incompatible, match=f"unknown kind {number}"):
        FrameReader().feed(bytes([0, 0, 0, 0, number]))
