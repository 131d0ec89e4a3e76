"""Errors to gRPC statuses and back: the one table, for servers and clients alike.

A failed call carries its status code, its message, and in the trailer ``grpc-status-details-bin`` a
``Status`` with a ``Failure``, from which the client makes the same error again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from google.protobuf.message import DecodeError

from warren.model import errors
from warren.model.errors import (
    InvalidInput,
    PermanentError,
    Place,
    Problem,
    SyntaxProblem,
    TransientError,
    WarrenError,
)
from warren.wire.v1 import failure_pb2

Value = TypeVar("Value")
TRAILER = "grpc-status-details-bin"
PROBLEMS_MAX = 50
TEXT_CHARACTERS_MAX = 4096
"""Trailers have to stay small: clients refuse those above 8 KiB unless told otherwise."""
TRAILER_BYTES_MAX = 7 << 10


class StatusCode(IntEnum):
    """The status codes of gRPC that Warren answers with; their numbers are those of ``grpc``."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


STATUS_CODES: Mapping[type[WarrenError], StatusCode] = {
    WarrenError: StatusCode.UNKNOWN,
    errors.PermanentError: StatusCode.FAILED_PRECONDITION,
    errors.TransientError: StatusCode.UNAVAILABLE,
    errors.InvalidInput: StatusCode.INVALID_ARGUMENT,
    errors.SyntaxProblem: StatusCode.INVALID_ARGUMENT,
    errors.NotFound: StatusCode.NOT_FOUND,
    errors.AlreadyExists: StatusCode.ALREADY_EXISTS,
    errors.Conflict: StatusCode.ABORTED,
    errors.InUse: StatusCode.FAILED_PRECONDITION,
    errors.Denied: StatusCode.PERMISSION_DENIED,
    errors.Unidentified: StatusCode.UNAUTHENTICATED,
    errors.Unsupported: StatusCode.FAILED_PRECONDITION,
    errors.CorruptState: StatusCode.DATA_LOSS,
    errors.StaleEpoch: StatusCode.ABORTED,
    errors.CommandFailed: StatusCode.FAILED_PRECONDITION,
    errors.HostRefused: StatusCode.FAILED_PRECONDITION,
    errors.HostUnreachable: StatusCode.UNAVAILABLE,
    errors.CommandTimedOut: StatusCode.DEADLINE_EXCEEDED,
    errors.Busy: StatusCode.RESOURCE_EXHAUSTED,
    errors.NotLeader: StatusCode.FAILED_PRECONDITION,
    errors.DeadlineExceeded: StatusCode.DEADLINE_EXCEEDED,
}
"""An error of a class that is not here has the code of its nearest ancestor."""

_FAMILIES: Mapping[StatusCode, type[WarrenError]] = {
    StatusCode.CANCELLED: TransientError,
    StatusCode.DEADLINE_EXCEEDED: errors.DeadlineExceeded,
    StatusCode.NOT_FOUND: errors.NotFound,
    StatusCode.ALREADY_EXISTS: errors.AlreadyExists,
    StatusCode.PERMISSION_DENIED: errors.Denied,
    StatusCode.RESOURCE_EXHAUSTED: errors.Busy,
    StatusCode.ABORTED: errors.Conflict,
    StatusCode.UNIMPLEMENTED: errors.Unsupported,
    StatusCode.UNAVAILABLE: TransientError,
    StatusCode.DATA_LOSS: errors.CorruptState,
    StatusCode.UNAUTHENTICATED: errors.Unidentified,
}
"""What a status without a ``Failure`` is: from a proxy, a full queue, a connection that broke."""

_CODES = frozenset(StatusCode)
_ATTRIBUTES: Mapping[str, Mapping[str, type]] = {
    errors.StaleEpoch.code: {"host": str, "ours": int, "theirs": int},
    errors.CommandFailed.code: {"host": str, "command": str, "status": int, "stderr_tail": str},
    errors.HostRefused.code: {"host": str},
    errors.HostUnreachable.code: {"host": str},
    errors.CommandTimedOut.code: {"host": str, "command": str, "timeout_seconds": float},
    errors.NotLeader.code: {"leader": str},
}
_CLASSES: Mapping[str, type[WarrenError]] = {each.code: each for each in STATUS_CODES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a failed call is answered.

    Attributes:
        code: the status.
        message: for people whose tools show no details; one line.
        details: for the trailer ``TRAILER``.
    """

    code: StatusCode
    message: str
    details: bytes


def status_code_of(error: WarrenError) -> StatusCode:
    """The status code that an error is answered with."""
    return next(STATUS_CODES[each] for each in type(error).__mro__ if each in STATUS_CODES)


def encode_failure(error: WarrenError) -> failure_pb2.Failure:
    """An error as it travels; what is too long for a trailer is cut."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    place = error.place if isinstance(error, SyntaxProblem) else None
    attributes = {name: str(getattr(error, name)) for name in _ATTRIBUTES.get(error.code, ())}
    if place is not None:
        attributes |= {"file": place.file, "line": str(place.line), "column": str(place.column)}
    transient = error if isinstance(error, TransientError) else None
    return failure_pb2.Failure(
        code=error.code,
        message=_sendable("" if problems else error.message, TEXT_CHARACTERS_MAX),
        hint=_sendable(error.hint, 1000),
        problems=[_encode_problem(problem) for problem in problems[:PROBLEMS_MAX]],
        transient=transient is not None,
        retry_after_seconds=transient.retry_after_seconds if transient else 0.0,
        attributes={name: _sendable(value, 1000) for name, value in attributes.items()},
    )


def answer_of(error: WarrenError) -> Answer:
    """How a call that ends with ``error`` is answered."""
    failure = encode_failure(error)
    while failure.ByteSize() > TRAILER_BYTES_MAX and len(failure.problems) > 1:
        del failure.problems[-1]
    if failure.ByteSize() > TRAILER_BYTES_MAX:
        failure.message = failure.message[:1000]
    code = status_code_of(error)
    message = _sendable(error.message.replace("\n", "; "), 1000)
    status = failure_pb2.Status(code=code, message=message)
    status.details.add().Pack(failure)
    return Answer(code=code, message=message, details=status.SerializeToString())


def decode_failure(failure: failure_pb2.Failure) -> WarrenError:
    """The error that was sent.

    One of a class that this Warren does not know is of its family, and keeps its code.
    """
    if failure.code == InvalidInput.code:
        problems = [_decode_problem(each) for each in failure.problems]
        return InvalidInput(problems or [_whole(failure.message)], hint=failure.hint)
    family = TransientError if failure.transient else PermanentError
    known = _CLASSES.get(failure.code, family)
    error = known.__new__(known)  # the message is made already: constructors would make it anew
    WarrenError.__init__(error, failure.message, hint=failure.hint)
    if failure.code and failure.code not in _CLASSES:
        error.__dict__["code"] = failure.code
    if isinstance(error, TransientError):
        error.retry_after_seconds = failure.retry_after_seconds
    sent = failure.attributes
    for name, kind in _ATTRIBUTES.get(failure.code, {}).items():
        setattr(error, name, _value(kind, sent.get(name, "")))
    if isinstance(error, SyntaxProblem):
        line, column = (_value(int, sent.get(name, "")) for name in ("line", "column"))
        error.place = Place(sent.get("file", ""), line, column)
    return error


def error_of(code: int, message: str, details: bytes | None) -> WarrenError:
    """The error that a failed call means.

    Args:
        code: its gRPC status.
        message: its status message.
        details: of the trailer ``TRAILER``, if there was one.
    """
    failure = _failure_in(details) if details else None
    if failure is not None:
        return decode_failure(failure)
    if code == StatusCode.INVALID_ARGUMENT:
        return InvalidInput([_whole(message)])
    known = StatusCode(code) if code in _CODES else StatusCode.UNKNOWN
    return _FAMILIES.get(known, PermanentError)(message or f"the call ended with {known.name}")


def _whole(message: str) -> Problem:
    return Problem(field="", value="", rule=message or "was refused")


def _failure_in(details: bytes) -> failure_pb2.Failure | None:
    failure = failure_pb2.Failure()
    try:
        status = failure_pb2.Status.FromString(details)
        found = any(each.Unpack(failure) for each in status.details)
    except DecodeError:
        return None
    return failure if found else None


def _encode_problem(problem: Problem) -> failure_pb2.Problem:
    place = problem.place
    return failure_pb2.Problem(
        field=_sendable(problem.field, 500),
        value=_sendable(problem.value, 200),
        rule=_sendable(problem.rule, 1000),
        suggestion=_sendable(problem.suggestion, 200),
        place=failure_pb2.Place(
            file=_sendable(place.file, 500), line=place.line, column=place.column
        )
        if place
        else None,
    )


def _decode_problem(problem: failure_pb2.Problem) -> Problem:
    place = problem.place
    return Problem(
        field=problem.field,
        value=problem.value,
        rule=problem.rule,
        suggestion=problem.suggestion,
        place=Place(place.file, place.line, place.column) if problem.HasField("place") else None,
    )


def _sendable(text: str, characters_max: int) -> str:
    whole = text.encode(errors="replace").decode()
    return whole if len(whole) <= characters_max else whole[: characters_max - 1] + "…"


def _value(kind: Callable[..., Value], text: str) -> Value:
    try:
        return kind(text)
    except ValueError:
        return kind()
