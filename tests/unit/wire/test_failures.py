import pytest

from tests.unit.wire.sample_errors import SAMPLES, all_errors
from warren.model import errors
from warren.model.errors import InvalidInput, Place, Problem, TransientError, WarrenError
from warren.store.watch import WatchLost
from warren.wire.failures import (
    STATUS_CODES,
    TRAILER_BYTES_MAX,
    StatusCode,
    answer_of,
    error_of,
    status_code_of,
)
from warren.wire.v1 import failure_pb2


def travelled(error: WarrenError) -> WarrenError:
    answer = answer_of(error)
    return error_of(answer.code, answer.message, answer.details)


def test_table_of_status_codes_is_total() -> None:
    assert set(all_errors()) == set(STATUS_CODES)
    assert {type(each) for each in SAMPLES} == set(all_errors())


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [each.code for each in STATUS_CODES]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: error.code)
def test_error_is_the_same_after_a_journey(error: WarrenError) -> None:
    received = travelled(error)
    assert type(received) is type(error)
    assert str(received) == str(error)
    assert vars(received) == vars(error)
    assert received.code == error.code


def test_status_codes_are_numbered_as_grpc_numbers_them() -> None:
    import grpc  # noqa: PLC0415 - half a second that the other tests can do without

    assert {each.name: each.value for each in StatusCode} == {
        each.name: each.value[0] for each in grpc.StatusCode
    }


def test_error_of_an_unknown_class_keeps_its_family_and_its_code() -> None:
    lost = WatchLost("changes after 5 are not known", sequence=9)
    assert status_code_of(lost) is StatusCode.UNAVAILABLE
    received = travelled(lost)
    assert type(received) is TransientError
    assert (received.code, received.hint) == ("watch_lost", lost.hint)
    assert TransientError.code == "transient"


def test_details_are_a_status_as_common_tools_read_it() -> None:
    answer = answer_of(errors.NotFound("no service is named 'a'", hint="did you mean 'b'?"))
    status = failure_pb2.Status.FromString(answer.details)
    assert (status.code, status.message) == (5, "no service is named 'a'")
    assert status.details[0].type_url == "type.googleapis.com/warren.v1.Failure"


def test_too_many_and_too_long_problems_are_cut_to_what_a_trailer_holds() -> None:
    many = [Problem(field=f"f{index}", value="", rule="x" * 3000) for index in range(500)]
    answer = answer_of(InvalidInput(many))
    assert len(answer.details) <= TRAILER_BYTES_MAX + 1200
    received = error_of(answer.code, answer.message, answer.details)
    assert isinstance(received, InvalidInput)
    assert received.problems[0].field == "f0"


def test_characters_that_cannot_travel_are_replaced() -> None:
    received = travelled(errors.NotFound("no \ud800"))
    assert received.message == "no ?"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (StatusCode.UNAVAILABLE, TransientError),
        (StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded),
        (StatusCode.UNAUTHENTICATED, errors.Unidentified),
        (StatusCode.PERMISSION_DENIED, errors.Denied),
        (StatusCode.INVALID_ARGUMENT, InvalidInput),
        (StatusCode.INTERNAL, errors.PermanentError),
        (StatusCode.UNIMPLEMENTED, errors.Unsupported),
        (99, errors.PermanentError),
    ],
)
@pytest.mark.parametrize("details", [None, b"", b"\xff\xff", b"\x08\x05"])
def test_status_without_details_is_still_an_error_of_the_right_kind(
    code: int, expected: type[WarrenError], details: bytes | None
) -> None:
    received = error_of(code, "broken pipe", details)
    assert type(received) is expected
    assert "broken pipe" in str(received)


def test_place_of_a_problem_survives() -> None:
    place = Place("site.yml", 3, 7)
    received = travelled(InvalidInput([Problem(field="a", value="1", rule="r", place=place)]))
    assert isinstance(received, InvalidInput)
    assert received.problems[0].place == place
