from itertools import pairwise

from hypothesis import given, strategies as st

from warren.fleet.frames import BEGIN, END, Frame, Frames

WHOLE = b"\nab12 begin 0\none\n\nab12 0 0\ntwo without newline\nab12 1 7\n\nab12 end 0\n"
FRAMES = [
    Frame(entry=BEGIN, output=b"", status=0),
    Frame(entry=0, output=b"one\n", status=0),
    Frame(entry=1, output=b"two without newline", status=7),
    Frame(entry=END, output=b"", status=0),
]


@given(st.lists(st.integers(min_value=1, max_value=len(WHOLE) - 1)))
def test_marks_are_found_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    frames = Frames("ab12", size_bytes_max=1000)
    pieces = [WHOLE[start:stop] for start, stop in pairwise(places)]
    assert [frame for piece in pieces for frame in frames.feed(piece)] == FRAMES


def test_another_nonce_is_output() -> None:
    frames = Frames("ab12", size_bytes_max=1000)
    found = frames.feed(b"\nab12 begin 0\n\nff00 0 0\n\nab12 0 0\n")
    assert found[1] == Frame(entry=0, output=b"\nff00 0 0\n", status=0)


@given(st.binary(max_size=200), st.integers(min_value=1, max_value=50))
def test_any_output_comes_back(output: bytes, step: int) -> None:
    stream = b"\nab12 begin 0\n" + output + b"\nab12 0 0\n"
    frames = Frames("ab12", size_bytes_max=1000)
    pieces = [stream[start : start + step] for start in range(0, len(stream), step)]
    found = [frame for piece in pieces for frame in frames.feed(piece)]
    assert found[1] == Frame(entry=0, output=output, status=0)
    assert not frames.overflowed


def test_more_than_the_limit_is_noted_and_the_marks_are_still_found() -> None:
    frames = Frames("ab12", size_bytes_max=100)
    frames.feed(b"\nab12 begin 0\n")
    for _ in range(50):
        frames.feed(b"x" * 99)
    assert frames.overflowed
    (end,) = frames.feed(b"\nab12 end 0\n")
    assert end.entry == END


def test_noise_before_the_beginning_is_no_overflow() -> None:
    frames = Frames("ab12", size_bytes_max=100)
    for _ in range(50):
        frames.feed(b"x" * 99)
    frames.feed(b"\nab12 begin 0\n")
    assert not frames.overflowed
