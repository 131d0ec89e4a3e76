"""From errors to results: a task that fails is an answer, an unreachable host is not.

Every module's ``run`` is wrapped by ``answering``, so that its code can raise what it finds and the
engine sees one shape.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from warren.model.errors import (
    CommandFailed,
    CommandTimedOut,
    HostRefused,
    PermanentError,
    Unsupported,
)
from warren.playbook.modules.contract import Call, ModuleResult

Run = Callable[[Call], Awaitable[ModuleResult]]


def failed(message: str, **details: Any) -> ModuleResult:
    """A failed result."""
    return {"changed": False, "failed": True, "msg": message, **details}


def answering(name: str) -> Callable[[Run], Run]:
    """Wrap a module's ``run``: errors of its work become failed results.

    What concerns the host as a whole (unreachable, refused) passes.
    """

    def wrap(run: Run) -> Run:
        @functools.wraps(run)
        async def answer(call: Call) -> ModuleResult:
            try:
                return await run(call)
            except CommandTimedOut as error:
                message = f"{name} did not end within {error.timeout_seconds:g} s and was stopped"
                return failed(message, code=error.code)
            except Unsupported as error:
                message = f"module {name} cannot work on {call.host_name}: {error}"
                return failed(message, code=error.code)
            except HostRefused:
                raise
            except PermanentError as error:
                details = {"stderr": error.stderr_tail} if isinstance(error, CommandFailed) else {}
                return failed(str(error), code=error.code, **details)

        return answer

    return wrap


async def on_host(
    call: Call,
    function: str,
    arguments: Mapping[str, Any],
    *,
    timeout_seconds: float | None = None,
) -> ModuleResult:
    """Call a function of ``warren.fleet.remote`` with what every one of them may need."""
    sent = {
        **arguments,
        "check": call.check,
        "diff": call.diff,
        "environment": dict(call.environment),
    }
    limit = call.timeout_seconds if timeout_seconds is None else timeout_seconds
    return await call.host.call(function, sent, become=call.become, timeout_seconds=limit)


def with_lines(result: ModuleResult) -> ModuleResult:
    """Add ``stdout_lines`` and ``stderr_lines``."""
    for name in ("stdout", "stderr"):
        if isinstance(result.get(name), str):
            result[f"{name}_lines"] = result[name].splitlines()
    return result
