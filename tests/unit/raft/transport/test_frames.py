"""Framing: whatever arrives, in whatever pieces."""

import pytest
from hypothesis import given, strategies as st

from warren.raft.errors import Incompatible
from warren.raft.transport.frames import (
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
        FrameReader().feed(head)
    assert FrameReader().feed(limit.to_bytes(4, "little") + bytes([kind])) == []


@pytest.mark.parametrize("number", [0, 10, 255])
def test_unknown_kind_is_refused(number: int) -> None:
    with pytest.raises(Incompatible, match=f"unknown kind {number}"):
        FrameReader().feed(bytes([0, 0, 0, 0, number]))
