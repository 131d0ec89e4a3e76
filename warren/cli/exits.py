"""Exit codes of ``warren``: one table from errors to codes, documented in ``docs/cli.md``."""

import sys
from collections.abc import Callable

from warren.model import errors

CODES: dict[type[errors.WarrenError], int] = {
    errors.InvalidInput: 2,
    errors.SyntaxProblem: 2,
    errors.NotFound: 3,
    errors.HostUnreachable: 4,
    errors.HostRefused: 4,
    errors.Conflict: 5,
    errors.AlreadyExists: 5,
    errors.InUse: 5,
    errors.Busy: 6,
    errors.DeadlineExceeded: 7,
    errors.Denied: 8,
    errors.StaleEpoch: 9,
}
"""Anything else is 1; an interrupt is 130."""


def code_of(error: errors.WarrenError) -> int:
    """The exit code of an error: that of its nearest ancestor in the table."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return 1


def guarded(run: Callable[[], object]) -> int:
    """Run a command; print a Warren error as one message and return its exit code."""
    try:
        run()
    except errors.WarrenError as error:
        sys.stderr.write(f"error: {error}\n")
        return code_of(error)
    except KeyboardInterrupt:
        return 130
    return 0
