"""A host that is this machine, without a transport: functions are called, commands are started.

It stands where SSH would be, so the modules and everything they call on the host are the real ones.
"""

import importlib
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from warren.fleet.command import Become, Command, Fence, Result
from warren.model.errors import NotFound, PermanentError, Unsupported
from warren.model.hidden import Secret
from warren.playbook.modules.contract import Call
from warren.playbook.modules.registry import Registry


class ThisMachine:
    """Implements what modules use of ``Host``; ``python`` says whether functions can be called."""

    name = "here"

    def __init__(self, *, python: bool = True) -> None:
        self.python = python
        self.trips = 0

    async def run(
        self,
        commands: Sequence[Command],
        *,
        fence: Fence | None = None,  # noqa: ARG002
        become: Become | None = None,  # noqa: ARG002
        stop_on_failure: bool = True,
    ) -> list[Result]:
        self.trips += 1
        results: list[Result] = []
        for command in commands:
            results.append(self._start(command))
            if stop_on_failure and results[-1].status != 0:
                break
        return results

    def _start(self, command: Command) -> Result:
        environment = [f"{name}={value}" for name, value in command.environment]
        stdin = command.stdin.reveal() if isinstance(command.stdin, Secret) else command.stdin
        done = subprocess.run(
            ["env", *environment, *command.argv],
            input=stdin,
            capture_output=True,
            cwd=command.directory,
            check=False,
        )
        return Result(stdout=done.stdout, stderr=done.stderr, status=done.returncode, seconds=0.25)

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        become: Become | None = None,  # noqa: ARG002
        timeout_seconds: float = 60.0,  # noqa: ARG002
        fence: Fence | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        if not self.python:
            raise Unsupported("host here has no usable Python 3")
        self.trips += 1
        module, _, name = function.rpartition(".")
        answer: dict[str, Any] = getattr(
            importlib.import_module(f"warren.fleet.remote.{module}"), name
        )(dict(arguments))
        return answer


def undefined(_text: str) -> Any:
    error = PermanentError("it is undefined")
    error.code = "undefined_variable"  # type: ignore[misc]
    raise error


Perform = Callable[..., Any]


@pytest.fixture
def here() -> ThisMachine:
    return ThisMachine()


@pytest.fixture
def perform(here: ThisMachine) -> Perform:
    """Run a module by name: ``await perform("copy", {...}, check=True)``."""
    registry = Registry()

    async def run(name: str, arguments: Mapping[str, Any], **call: Any) -> dict[str, Any]:
        def find_file(wanted: str, _kind: str) -> Path:
            path = Path(wanted)
            if not path.exists():
                raise NotFound(f"{wanted} is not found")
            return path

        module = registry.find(name)
        assert module is not None, name
        settings: dict[str, Any] = {
            "host": here,
            "host_name": "here",
            "variables": {},
            "template": undefined,
            "evaluate": undefined,
            "find_file": find_file,
            **call,
        }
        return await module.run(Call(arguments=arguments, **settings))

    return run
