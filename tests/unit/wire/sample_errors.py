"""One error of every class."""

from warren.model import errors
from warren.model.errors import InvalidInput, Place, Problem, WarrenError

SAMPLES: tuple[WarrenError, ...] = (
    WarrenError("odd", hint="look"),
    errors.PermanentError("for ever"),
    errors.TransientError("not now", retry_after_seconds=2.5),
    InvalidInput(
        [
            Problem(field="spec.name", value="'A'", rule="must be a DNS label", suggestion="a"),
            Problem(field="", value="", rule="is odd", place=Place("f.yml", 1, 2)),
        ],
        hint="read the documentation",
    ),
    errors.SyntaxProblem("expected ':'", Place("f.yml", 3, 4), hint="quote it"),
    errors.NotFound("no service is named 'a'"),
    errors.AlreadyExists("service 'a' exists"),
    errors.Conflict("service 'a' changed"),
    errors.InUse("secret 'a' is used by 'b'"),
    errors.Denied("viewers may not"),
    errors.Unidentified("no certificate"),
    errors.Unsupported("docker cannot"),
    errors.CorruptState("damaged"),
    errors.StaleEpoch("h1", ours=3, theirs=4),
    errors.CommandFailed(host="h1", command="false", status=1, stderr_tail="no", hint="try"),
    errors.HostRefused("h1", "host key changed"),
    errors.HostUnreachable("h1", "no route", retry_after_seconds=5.0),
    errors.CommandTimedOut(host="h1", command="sleep 9", timeout_seconds=1.5),
    errors.Busy("queue is full", retry_after_seconds=0.5),
    errors.NotLeader("m2 leads", leader="m2:8080"),
    errors.DeadlineExceeded("2 of 3 run"),
)


def all_errors() -> list[type[WarrenError]]:
    return [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, WarrenError)
    ]
