"""From a result to an error, where a non-zero status means failure."""

from warren.fleet.command import Command, Result
from warren.model.errors import CommandFailed

TAIL_LINES = 10


def tail(data: bytes, lines: int = TAIL_LINES) -> str:
    """The last lines of an output, for a message."""
    return "\n".join(data.decode(errors="replace").strip().splitlines()[-lines:])


def check(host: str, command: Command, result: Result) -> Result:
    """Return the result, or raise ``CommandFailed`` if its status is not 0."""
    if result.status:
        raise CommandFailed(
            host=host, command=str(command), status=result.status, stderr_tail=tail(result.stderr)
        )
    return result
