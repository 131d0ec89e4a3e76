"""Sessions: a command that comes again is answered the same, and what is remembered stays bounded."""

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from warren.raft.errors import RaftError, Refused, SessionExpired
from warren.raft.session import (
    UNACKNOWLEDGED_MAX,
    Command,
    OpenSession,
    Plain,
    Session,
    Sessions,
    decode_number,
    decode_proposal,
    decode_sessions,
    encode_number,
    encode_proposal,
    encode_sessions,
)


def use(
    sessions: Sessions, client: int, sequence: int, acknowledged: int = 1, now_ms: int = 0
) -> bytes | RaftError:
    """What a state machine around the sessions would do."""
    found = sessions.find(Command(client, sequence, acknowledged, b""), now_ms)
    if not isinstance(found, Session):
        return found
    result = found.results[sequence] = b"result of %d" % sequence
    return result


@pytest.mark.parametrize(
    "proposal", [OpenSession(), Plain(b"data"), Command(3, 2, 1, b"\x00data"), Plain(b"")]
)
def test_proposal_comes_back_as_it_was(proposal: OpenSession | Plain | Command) -> None:
    assert decode_proposal(encode_proposal(proposal)) == proposal


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x91\x63", b"\x92\x02\x01", b"garbage"])
def test_proposal_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_proposal(data)


def test_number_comes_back_as_it_was() -> None:
    assert decode_number(encode_number(1 << 40)) == 1 << 40


def test_command_that_comes_again_finds_its_result() -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    assert use(sessions, 7, 1) == b"result of 1"
    found = sessions.find(Command(7, 1, 1, b""), 0)
    assert found == b"result of 1"


def test_empty_result_is_remembered_too() -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    session = sessions.find(Command(7, 1, 1, b""), 0)
    assert isinstance(session, Session)
    session.results[1] = b""
    assert sessions.find(Command(7, 1, 1, b""), 0) == b""


def test_commands_may_come_in_any_order_and_with_gaps() -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    for sequence in (3, 1, 9, 2):
        assert use(sessions, 7, sequence) == b"result of %d" % sequence


def test_acknowledged_results_are_forgotten_and_late_commands_are_not_carried_out() -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    use(sessions, 7, 1)
    use(sessions, 7, 3, acknowledged=3)
    assert [row[3] for row in sessions.freeze()] == [{3: b"result of 3"}]
    for late in (1, 2):
        refusal = use(sessions, 7, late)
        assert isinstance(refusal, Refused)
        assert "not carried out any more" in str(refusal)


def test_acknowledging_far_ahead_takes_no_longer_than_there_are_results() -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    use(sessions, 7, 1)
    assert use(sessions, 7, 1 << 60, acknowledged=1 << 60) == b"result of %d" % (1 << 60)
    assert [row[3] for row in sessions.freeze()] == [{1 << 60: b"result of %d" % (1 << 60)}]


def test_acknowledging_more_than_the_command_itself_means_nothing() -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    assert use(sessions, 7, 2, acknowledged=5) == b"result of 2"
    assert use(sessions, 7, 1) == b"result of 1"


@pytest.mark.parametrize("sequence", [UNACKNOWLEDGED_MAX + 1, 1 << 62])
def test_client_that_acknowledges_nothing_is_stopped(sequence: int) -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    assert use(sessions, 7, UNACKNOWLEDGED_MAX) == b"result of %d" % UNACKNOWLEDGED_MAX
    refusal = use(sessions, 7, sequence)
    assert isinstance(refusal, Refused)
    assert "too far ahead" in str(refusal)


@pytest.mark.parametrize("sequence", [0, -1])
def test_command_number_below_one_is_refused(sequence: int) -> None:
    sessions = Sessions()
    sessions.open(7, 0)
    assert isinstance(use(sessions, 7, sequence), Refused)


def test_unknown_session_is_expired() -> None:
    refusal = use(Sessions(), 7, 1)
    assert isinstance(refusal, SessionExpired)
    assert "open another" in str(refusal)


def test_session_expires_when_it_was_not_used_for_the_time_it_is_kept() -> None:
    sessions = Sessions(keep_ms=100)
    sessions.open(1, 0)
    sessions.open(2, 50)
    use(sessions, 1, 1, now_ms=60)
    sessions.expire(149)
    assert len(sessions) == 2
    sessions.expire(150)
    assert isinstance(use(sessions, 2, 1, now_ms=150), SessionExpired)
    assert use(sessions, 1, 2, now_ms=150) == b"result of 2"


def test_beyond_the_limit_the_session_unused_for_longest_goes() -> None:
    sessions = Sessions(limit=3)
    for client in (1, 2, 3):
        sessions.open(client, client)
    use(sessions, 1, 1, now_ms=4)
    sessions.open(4, 5)
    assert [row[0] for row in sessions.freeze()] == [3, 1, 4]


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 12), st.integers(1, 12), st.integers(0, 9)),
        max_size=120,
    )
)
@settings(max_examples=100, deadline=None)
def test_sessions_read_back_behave_as_those_that_were_frozen(
    steps: list[tuple[int, int, int, int]],
) -> None:
    sessions, now_ms = Sessions(limit=5, keep_ms=30), 0
    middle = len(steps) // 2
    again = Sessions(limit=5, keep_ms=30)
    for place, (client, sequence, acknowledged, later_ms) in enumerate(steps):
        if place == middle:
            for piece in encode_sessions(sessions.freeze()):
                again.load(decode_sessions(piece))
        now_ms += later_ms
        for each in (sessions, again) if place >= middle else (sessions,):
            each.expire(now_ms)
            if acknowledged == 1:
                each.open(client, now_ms)
            else:
                use(each, client, sequence, acknowledged - 1, now_ms)
    if steps:
        assert again.freeze() == sessions.freeze()
