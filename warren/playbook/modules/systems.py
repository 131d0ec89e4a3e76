"""``ping``, ``setup`` and ``package`` with its kin: the host as a system."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from warren.fleet.command import Command
from warren.model.errors import Unsupported
from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, Flag, Text, Texts
from warren.playbook.modules.contract import Call, Module, ModuleResult
from warren.playbook.modules.outcomes import Run, answering, failed, on_host, with_lines


class PingArguments(Arguments):
    """Arguments of ``ping``: what to answer; ``crash`` fails."""

    data: Text = "pong"


class SetupArguments(Arguments):
    """Arguments of ``setup``: which facts to gather and which of them to report."""

    gather_subset: Texts = ("all",)
    gather_timeout: int = 10
    filter: Texts = ()
    fact_path: Text = "/etc/ansible/facts.d"


class PackageArguments(Arguments):
    """Arguments of ``package``; ``use`` names the manager if it is not to be detected."""

    ALIASES: ClassVar[Mapping[str, str]] = {"pkg": "name"}

    name: Texts
    state: Literal["present", "installed", "absent", "removed", "latest"] = "present"
    use: Literal["auto", "apt", "dnf", "yum", "apk"] = "auto"
    update_cache: Flag = False

    def sent(self) -> dict[str, Any]:
        """What the function on the host takes."""
        state = {"installed": "present", "removed": "absent"}.get(self.state, self.state)
        fields = self.model_dump(exclude={"name", "use", "state"})
        return {**fields, "names": list(self.name), "state": state, "manager": self.use}


class ManagerArguments(PackageArguments):
    """What the modules of single managers add: a task may only refresh the lists."""

    ALIASES: ClassVar[Mapping[str, str]] = {
        "pkg": "name", "package": "name", "update-cache": "update_cache", "expire-cache": "update_cache",
    }  # fmt: skip

    name: Texts = ()

    @model_validator(mode="after")
    def _does_something(self) -> "ManagerArguments":
        if not self.name and not self.sent()["update_cache"]:
            raise ValueError("needs name or update_cache")
        return self


class AptArguments(ManagerArguments):
    """Arguments of ``apt``."""

    cache_valid_time: int = 0
    purge: Flag = False
    autoremove: Flag = False
    install_recommends: Flag | None = None
    allow_downgrade: Flag = False

    def sent(self) -> dict[str, Any]:
        """As of every package module; an age for the lists means that they are wanted fresh."""
        fields = super().sent()
        return {**fields, "update_cache": self.update_cache or self.cache_valid_time > 0}


async def _run_ping(call: Call) -> ModuleResult:
    arguments = parse(PingArguments, dict(call.arguments))
    if arguments.data == "crash":
        return failed("the task asked for a crash")
    try:
        return await on_host(call, "ping.run", {"data": arguments.data})
    except Unsupported:
        await call.host.run([Command(argv=("true",))], become=call.become)
        message = "the host answers, but has no Python 3: only raw, shell, command work there"
        return {"changed": False, "ping": arguments.data, "warnings": [message]}


async def _run_setup(call: Call) -> ModuleResult:
    arguments = parse(SetupArguments, dict(call.arguments))
    sent = {
        "gather_subset": list(arguments.gather_subset),
        "filter": list(arguments.filter),
        "fact_path": arguments.fact_path,
    }
    return await on_host(call, "setup.run", sent)


def _packages(model: type[PackageArguments], manager: str | None) -> Run:
    async def run(call: Call) -> ModuleResult:
        sent = parse(model, dict(call.arguments)).sent()
        if manager is not None:
            sent["manager"] = manager
        return with_lines(await on_host(call, "package.run", sent))

    return run


def _module_of(name: str, model: type[PackageArguments], manager: str | None) -> Module:
    return Module(
        names=(f"ansible.builtin.{name}", f"ansible.legacy.{name}", name),
        arguments=model,
        run=answering(name)(_packages(model, manager)),
    )


PING = Module(
    names=("ansible.builtin.ping", "ansible.legacy.ping", "ping"),
    arguments=PingArguments,
    run=answering("ping")(_run_ping),
)
SETUP = Module(
    names=("ansible.builtin.setup", "ansible.legacy.setup", "setup", "gather_facts"),
    arguments=SetupArguments,
    run=answering("setup")(_run_setup),
)
PACKAGE = _module_of("package", PackageArguments, None)
APT = _module_of("apt", AptArguments, "apt")
DNF = _module_of("dnf", ManagerArguments, "dnf")
YUM = _module_of("yum", ManagerArguments, "yum")
APK = Module(
    names=("community.general.apk", "apk"),
    arguments=ManagerArguments,
    run=answering("apk")(_packages(ManagerArguments, "apk")),
)
MODULES = (PING, SETUP, PACKAGE, APT, DNF, YUM, APK)
