"""The contract between the engine that runs tasks and the modules that do the work.

The engine templates a task's arguments, builds a ``Call`` and awaits ``run``; it alone knows about
loops, conditions, registered results and output. A module validates its arguments with a frozen
pydantic model, acts (one round trip to the host where it can), and answers a plain mapping with
Ansible's keys, because playbooks read it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from warren.aio.clock import Clock, SystemClock
from warren.fleet.command import Become
from warren.fleet.host import Host
from warren.model.errors import Unsupported

ModuleResult = dict[str, Any]
"""Ansible's keys: ``changed`` (always), ``failed``, ``skipped``, ``msg``, ``diff``, ``rc``,
``stdout``, ``stderr``, ``stdout_lines``, ``stderr_lines``, ``ansible_facts``, ``warnings``, and what
the module documents. A failure is a result with ``failed`` true; only an unreachable host and a
programming error raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateStyle:
    """How a template file is written; the fields are Jinja's own settings."""

    block_start_string: str = "{%"
    block_end_string: str = "%}"
    variable_start_string: str = "{{"
    variable_end_string: str = "}}"
    comment_start_string: str = "{#"
    comment_end_string: str = "#}"
    trim_blocks: bool = True
    lstrip_blocks: bool = False
    newline_sequence: str = "\n"


class RenderFile(Protocol):
    """Renders the text of a template file to text, never to a native value."""

    def __call__(
        self, text: str, *, path: Path, style: TemplateStyle, variables: Mapping[str, Any]
    ) -> str:
        """Render ``text`` with the host's variables and ``variables`` over them.

        A trailing newline is kept; ``include`` and ``import`` look beside ``path`` first, then where
        ``find_file`` looks for templates.

        Raises:
            PermanentError: the template does not parse, or uses what is undefined; the message
                names the line of ``path``.
        """
        ...


def refuse_rendering(
    text: str,  # noqa: ARG001
    *,
    path: Path,
    style: TemplateStyle,  # noqa: ARG001
    variables: Mapping[str, Any],  # noqa: ARG001
) -> str:
    """What a ``Call`` without a renderer answers.

    Raises:
        Unsupported: always.
    """
    raise Unsupported(f"{path}: this run cannot render template files")


class Runs(Enum):
    """Where a module does its work, hence how often the engine calls it."""

    ON_HOST = "on_host"
    """Once per host, over its connection."""
    ON_CONTROLLER = "on_controller"
    """Once per host, without a connection (``debug``, ``set_fact``, ``assert``)."""
    ON_MANAGER = "on_manager"
    """Once per batch of hosts, through the client (services); the result goes to all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One invocation of a module for one host (and one loop item).

    Attributes:
        arguments: the templated arguments, native types; free-form text is under ``_raw_params``.
        host: the connection of the host to act on (the delegate, if delegated).
        host_name: the inventory name of the host the task belongs to.
        check: decide and report, change nothing.
        diff: report before and after of what changes.
        become: the user to act as, if not the connection's.
        environment: variables for commands on the host.
        timeout_seconds: for each round trip.
        variables: all variables of the host, templated when read.
        template: renders a text with those variables (``template``, ``debug``'s ``var``).
        evaluate: evaluates a bare expression natively (``assert``'s ``that``).
        render_file: renders the text of a template file (``template``).
        find_file: resolves a file name against the role's, play's and task file's search path for a
            kind of file (``files``, ``templates``, ``vars``, ``tasks``); raises ``NotFound`` naming
            every place it looked.
        client: the manager's client (``warren.client``); ``None`` for other than ``ON_MANAGER``
            modules and ``warren.core.node``.
        clock: the time, for stamps and waiting.
        progress: shows one line about what is being waited for.
    """

    arguments: Mapping[str, Any]
    host: Host
    host_name: str
    check: bool = False
    diff: bool = False
    become: Become | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 600.0
    variables: Mapping[str, Any]
    template: Callable[[str], Any]
    evaluate: Callable[[str], Any]
    find_file: Callable[[str, str], Path]
    render_file: RenderFile = refuse_rendering
    client: Any = None
    clock: Clock = field(default_factory=SystemClock)
    progress: Callable[[str], None] = lambda _line: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module as the registry knows it.

    Attributes:
        names: every name it answers to, the fully qualified one first.
        arguments: the model of its arguments; unknown fields are refused at parse time with the
            nearest known name, values that need no templating are validated then, too.
        run: performs one call.
        runs: where it works.
        free_form: whether a plain text after the module's name is its ``_raw_params``.
        raw_arguments: argument names that are templated by the module, not by the engine
            (``assert``'s ``that``, ``debug``'s ``var``); they are expressions.
        supports_check: whether ``--check`` calls it; otherwise it is skipped then.
        asks_manager: whether it needs ``Call.client`` although it runs on hosts.
        declares: the name of what a task with these arguments (compiled, not evaluated) describes in
            full, or ``None``; two tasks that always run and describe the same contradict each other.
    """

    names: tuple[str, ...]
    arguments: type[BaseModel]
    run: Callable[[Call], Awaitable[ModuleResult]]
    runs: Runs = Runs.ON_HOST
    free_form: bool = False
    raw_arguments: tuple[str, ...] = ()
    supports_check: bool = True
    asks_manager: bool = False
    declares: Callable[[Mapping[str, Any]], str | None] = lambda _arguments: None
