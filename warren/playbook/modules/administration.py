"""``service``, ``systemd``, ``user``, ``group`` and ``sysctl``: what an administrator settles."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, Flag, Text, Texts
from warren.playbook.modules.contract import Call, Module, ModuleResult
from warren.playbook.modules.outcomes import Run, answering, on_host


class ServiceArguments(Arguments):
    """Arguments of ``service``; those of other init systems are accepted and mean nothing."""

    name: Text
    state: Literal["started", "stopped", "restarted", "reloaded"] | None = None
    enabled: Flag | None = None
    use: Text = "auto"
    sleep: int | None = None
    pattern: Text | None = None
    runlevel: Text = "default"
    arguments: Text = ""

    ALIASES: ClassVar[Mapping[str, str]] = {"args": "arguments"}

    @model_validator(mode="after")
    def _does_something(self) -> "ServiceArguments":
        if self.state is None and self.enabled is None:
            raise ValueError("needs state or enabled")
        return self


class SystemdArguments(Arguments):
    """Arguments of ``systemd``."""

    ALIASES: ClassVar[Mapping[str, str]] = {
        "service": "name", "unit": "name", "daemon-reload": "daemon_reload",
        "daemon-reexec": "daemon_reexec",
    }  # fmt: skip

    name: Text | None = None
    state: Literal["started", "stopped", "restarted", "reloaded"] | None = None
    enabled: Flag | None = None
    masked: Flag | None = None
    daemon_reload: Flag = False
    daemon_reexec: Flag = False
    no_block: Flag = False
    force: Flag | None = None
    scope: Literal["system", "user", "global"] = "system"

    @model_validator(mode="after")
    def _does_something(self) -> "SystemdArguments":
        wants = [name for name in ("state", "enabled", "masked") if getattr(self, name) is not None]
        if wants and self.name is None:
            raise ValueError(f"{wants[0]} needs the name of a service")
        if not wants and not self.daemon_reload and not self.daemon_reexec:
            raise ValueError("needs state, enabled, masked, daemon_reload or daemon_reexec")
        return self


class UserArguments(Arguments):
    """Arguments of ``user``; ``password`` is a hash."""

    ALIASES: ClassVar[Mapping[str, str]] = {"user": "name", "createhome": "create_home"}

    name: Text
    state: Literal["present", "absent"] = "present"
    uid: int | None = None
    group: Text | None = None
    groups: Texts | None = None
    append: Flag = False
    shell: Text | None = None
    home: Text | None = None
    create_home: Flag = True
    move_home: Flag = False
    comment: Text | None = None
    system: Flag = False
    non_unique: Flag = False
    password: Text | None = Field(default=None, repr=False)
    password_lock: Flag | None = None
    update_password: Literal["always", "on_create"] = "always"  # noqa: S105 - no password
    remove: Flag = False
    force: Flag = False


class GroupArguments(Arguments):
    """Arguments of ``group``."""

    name: Text
    state: Literal["present", "absent"] = "present"
    gid: int | None = None
    system: Flag = False
    non_unique: Flag = False


class SysctlArguments(Arguments):
    """Arguments of ``sysctl``: the value in a file and, with ``sysctl_set``, in the kernel."""

    ALIASES: ClassVar[Mapping[str, str]] = {"key": "name", "val": "value"}

    name: Text
    value: Text | None = None
    state: Literal["present", "absent"] = "present"
    sysctl_set: Flag = False
    sysctl_file: Text = "/etc/sysctl.conf"
    reload: Flag = True
    ignoreerrors: Flag = False

    @model_validator(mode="after")
    def _has_a_value(self) -> "SysctlArguments":
        if self.state == "present" and not (self.value or "").strip():
            raise ValueError("value is required with state=present")
        return self


def _calling(model: type[Arguments], function: str) -> Run:
    async def run(call: Call) -> ModuleResult:
        return await on_host(call, function, parse(model, dict(call.arguments)).model_dump())

    return run


def _module(name: str, model: type[Arguments], function: str, *more: str) -> Module:
    names: tuple[Any, ...] = (f"ansible.builtin.{name}", f"ansible.legacy.{name}", name, *more)
    return Module(names=names, arguments=model, run=answering(name)(_calling(model, function)))


SERVICE = _module("service", ServiceArguments, "service.run")
SYSTEMD = _module(
    "systemd", SystemdArguments, "service.run",
    "ansible.builtin.systemd_service", "ansible.legacy.systemd_service", "systemd_service",
)  # fmt: skip
USER = _module("user", UserArguments, "account.run_user")
GROUP = _module("group", GroupArguments, "account.run_group")
SYSCTL = Module(
    names=("ansible.posix.sysctl", "sysctl"),
    arguments=SysctlArguments,
    run=answering("sysctl")(_calling(SysctlArguments, "sysctl.run")),
)
MODULES = (SERVICE, SYSTEMD, USER, GROUP, SYSCTL)
