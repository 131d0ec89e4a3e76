"""Errors, in two families by what the caller does next.

A permanent error will happen again until somebody changes the input or the world: report it. A
transient one may pass: try again after a while. Retry reads the type, never the text. Every error
says what went wrong, with which thing, where, and (in ``hint``) what to do about it.

Expected negatives that are part of a normal answer (nothing to do, no node fits) are values, not
errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class WarrenError(Exception):
    """The root of all errors that Warren raises on purpose.

    Attributes:
        code: a stable word for programs (``invalid_input``).
        message: what, which, where; one sentence or a few lines, no trailing period needed.
        hint: what to do about it, or an empty string.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class PermanentError(WarrenError):
    """Will happen again until the input or the world is changed."""

    code = "permanent"


class TransientError(WarrenError):
    """May pass by itself.

    Attributes:
        retry_after_seconds: how long to wait before the next try.
    """

    code = "transient"

    def __init__(self, message: str, *, hint: str = "", retry_after_seconds: float = 1.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        field: dotted path of the field (``containers.0.ports.1.host_port``); empty for the whole.
        value: the offending value as text, shortened; empty where a value is missing or secret.
        rule: the rule it breaks, as a sentence fragment (``must be at least 0``).
        suggestion: the nearest known name for a typo, or an empty string.
        place: where it stands, if it came from a file.
    """

    field: str
    value: str
    rule: str
    suggestion: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        value = f" {self.value}" if self.value else ""
        suggestion = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        return f"{where}{self.field or 'input'}:{value} {self.rule}{suggestion}"


class InvalidInput(PermanentError):
    """What a user wrote breaks a rule; every problem found is listed.

    Attributes:
        problems: at least one; each with field, value, rule and place.
    """

    code = "invalid_input"

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        assert problems, "InvalidInput without a problem"
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems), hint=hint)


class SyntaxProblem(PermanentError):
    """A file cannot be parsed at all.

    Attributes:
        place: where the parser stopped.
    """

    code = "syntax"

    def __init__(self, message: str, place: Place, *, hint: str = "") -> None:
        self.place = place
        super().__init__(f"{place}: {message}", hint=hint)


class NotFound(PermanentError):
    """The named thing does not exist."""

    code = "not_found"


class AlreadyExists(PermanentError):
    """A thing of that name exists already."""

    code = "already_exists"


class Conflict(PermanentError):
    """The thing changed since it was read, or its state forbids this; read again and decide."""

    code = "conflict"


class InUse(PermanentError):
    """Something still uses the thing; the message names the users."""

    code = "in_use"


class Denied(PermanentError):
    """The caller is not allowed to do this."""

    code = "denied"


class Unidentified(PermanentError):
    """The caller has not shown who it is: no certificate, or none that is accepted."""

    code = "unidentified"


class Unsupported(PermanentError):
    """The provider, engine or host cannot do this; the message names which."""

    code = "unsupported"


class CorruptState(PermanentError):
    """Stored bytes are damaged in a way that must not be repaired silently."""

    code = "corrupt_state"


class StaleEpoch(PermanentError):
    """A host refused a command because a newer controller has already commanded it.

    Attributes:
        host: the host that refused.
        ours: the epoch sent.
        theirs: the epoch recorded on the host.
    """

    code = "stale_epoch"

    def __init__(self, host: str, *, ours: int, theirs: int) -> None:
        self.host = host
        self.ours = ours
        self.theirs = theirs
        super().__init__(
            f"host {host} refused epoch {ours}: epoch {theirs} has already commanded it",
            hint="another controller took over; this one must stop, or read the state again",
        )


class CommandFailed(PermanentError):
    """A command ran on a host and ended with a status that means failure.

    Attributes:
        host: where it ran.
        command: the command as it may be shown (secrets are never part of argv).
        status: exit status; 128 + N when signal N ended it.
        stderr_tail: the last lines of its standard error.
    """

    code = "command_failed"

    def __init__(
        self, *, host: str, command: str, status: int, stderr_tail: str, hint: str = ""
    ) -> None:
        self.host = host
        self.command = command
        self.status = status
        self.stderr_tail = stderr_tail
        tail = f": {stderr_tail}" if stderr_tail else ""
        super().__init__(f"host {host}: `{command}` ended with status {status}{tail}", hint=hint)


class HostRefused(PermanentError):
    """A host was reached but will not let us in (unknown or changed host key, wrong key, no user).

    Attributes:
        host: the host in question.
    """

    code = "host_refused"

    def __init__(self, host: str, message: str, *, hint: str = "") -> None:
        self.host = host
        super().__init__(f"host {host}: {message}", hint=hint)


class HostUnreachable(TransientError):
    """A host cannot be reached, or its connection broke.

    Attributes:
        host: the host in question.
    """

    code = "host_unreachable"

    def __init__(
        self, host: str, message: str, *, hint: str = "", retry_after_seconds: float = 1.0
    ) -> None:
        self.host = host
        super().__init__(
            f"host {host}: {message}", hint=hint, retry_after_seconds=retry_after_seconds
        )


class CommandTimedOut(TransientError):
    """A command did not end in time; its process group was killed.

    Attributes:
        host: where it ran.
        command: the command as it may be shown.
        timeout_seconds: how long it had.
    """

    code = "command_timed_out"

    def __init__(self, *, host: str, command: str, timeout_seconds: float) -> None:
        self.host = host
        self.command = command
        self.timeout_seconds = timeout_seconds
        super().__init__(
            f"host {host}: `{command}` did not end within {timeout_seconds:g} s and was killed",
            hint="the host may be overloaded or hung; raise the timeout if the command needs longer",
        )


class Busy(TransientError):
    """Somebody else holds a lock, or a queue is full; the message says who or which."""

    code = "busy"


class NotLeader(TransientError):
    """Only the leading manager can do this, and this one does not lead.

    Attributes:
        leader: where the leader answers (``host:port``); empty while none is known.
    """

    code = "not_leader"

    def __init__(
        self, message: str, *, leader: str = "", hint: str = "", retry_after_seconds: float = 0.1
    ) -> None:
        self.leader = leader
        super().__init__(message, hint=hint, retry_after_seconds=retry_after_seconds)


class DeadlineExceeded(TransientError):
    """What was waited for did not happen in time; the message says what is still missing."""

    code = "deadline_exceeded"
