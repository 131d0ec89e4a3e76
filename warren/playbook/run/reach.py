"""How a task reaches its host: the connection's settings, the user to become, the environment."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Never

from warren.fleet.command import Become, Command, Fence, Result
from warren.fleet.host import ByteStream, Host
from warren.model.errors import Unsupported
from warren.model.hidden import Secret
from warren.playbook.inventory.connection import read_connection
from warren.playbook.run.plan import Step
from warren.playbook.run.session import Options, Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.finishing import finish
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.variables.levels import Layer, Level
from warren.playbook.variables.scope import Scope

_keyword_variables = {
    "connection": "ansible_connection",
    "port": "ansible_port",
    "remote_user": "ansible_user",
}


class Evaluated(Mapping[str, Any]):
    """Variables as plain data, one at a time: what reads settings cannot use absences."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, name: str) -> Any:
        return finish(self._scope[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope)

    def __len__(self) -> int:
        return len(self._scope)


def reach(step: Step, scope: Scope, name: str, session: Session) -> tuple[Host, str | None]:
    """The host that a task acts on, and the user it is logged in as, if known.

    Args:
        step: its keywords say how, where variables do not.
        scope: the variables of the host that is reached (the delegate's, if delegated).
        name: that host's name.
        session: connects.

    Raises:
        InvalidInput, Unsupported, TemplateFailed: the settings are wrong.
    """
    asked = {
        variable: scope.evaluate(step.setting(keyword))
        for keyword, variable in _keyword_variables.items()
        if step.setting(keyword) is not None
    }
    if asked:
        scope = scope.with_layers(Layer(level=Level.CONNECTION, values=asked))
    settings = read_connection(name, Evaluated(scope))
    return session.connect(name, settings), settings.user


def become_of(step: Step, scope: Scope, user: str | None, options: Options) -> Become | None:
    """The user that a task becomes, or ``None``.

    Variables (``ansible_become…``) beat keywords, keywords beat the command line.

    Raises:
        TemplateFailed: a setting cannot be evaluated.
    """
    wanted = _setting(step, scope, "become", ("ansible_become",), options.become)
    if not to_bool(wanted):
        return None
    name = str(
        _setting(step, scope, "become_user", ("ansible_become_user",), options.become_user)
        or "root"
    )
    if name == user:
        return None
    method = _setting(
        step, scope, "become_method", ("ansible_become_method",), options.become_method
    )
    method = str(method).removeprefix("ansible.builtin.").removeprefix("community.general.")
    flags = _setting(step, scope, "become_flags", ("ansible_become_flags",), "")
    return Become(
        user=name,
        method=method,
        flags=tuple(str(flags).split()),
        password=_password(scope, method, options),
    )


def _setting(step: Step, scope: Scope, keyword: str, names: Sequence[str], default: Any) -> Any:
    for name in names:
        if name in scope:
            return finish(scope[name])
    asked = step.setting(keyword)
    return default if asked is None else scope.evaluate(asked)


def _password(scope: Scope, method: str, options: Options) -> Secret | None:
    names = ("ansible_become_password", "ansible_become_pass", f"ansible_{method}_pass")
    for name in names:
        if name in scope:
            value = finish(scope[name])
            return value if isinstance(value, Secret) else Secret(str(value))
    return options.become_password


def environment_of(step: Step, scope: Scope) -> dict[str, str]:
    """The environment variables of a task, inner levels over outer ones.

    Raises:
        TemplateFailed: a level cannot be evaluated, or is no mapping.
    """
    found: dict[str, str] = {}
    for level in step.setting("environment", ()):
        value = scope.evaluate(level)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping):
                found |= {str(name): _word(item) for name, item in part.items()}
            elif part:
                raise TemplateFailed("environment must be a mapping", place=step.place)
    return found


def _word(value: Any) -> str:
    return "" if value is None else str(value)


class NoHost:
    """Stands for the host in modules that work on the controller: they have no connection."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The inventory's name of the host."""
        return self._name

    def _refuse(self) -> Never:
        raise Unsupported(f"host {self._name}: this module has no connection to it")

    async def run(
        self,
        commands: Sequence[Command],
        *,
        fence: Fence | None = None,
        become: Become | None = None,
        stop_on_failure: bool = True,
    ) -> list[Result]:
        """Refused."""
        del commands, fence, become, stop_on_failure
        self._refuse()

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        become: Become | None = None,
        timeout_seconds: float = 60.0,
        fence: Fence | None = None,
    ) -> dict[str, Any]:
        """Refused."""
        del function, arguments, become, timeout_seconds, fence
        self._refuse()

    def stream(
        self, command: Command, *, become: Become | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Refused."""
        del command, become
        self._refuse()

    async def connect(self, address: str, port: int) -> ByteStream:
        """Refused."""
        del address, port
        self._refuse()
