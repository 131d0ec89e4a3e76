"""``warren.core.service`` and ``warren.core.node``: what a playbook says to the manager.

They validate, ask the client for a change (or, under ``--check``, for its plan), wait until it is
so, and answer in Ansible's keys. They know nothing of engines or hosts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import yaml
from pydantic import Field, model_validator

from warren.client.contract import (
    ApplyService,
    Change,
    Changed,
    Client,
    DeleteService,
    HostCommand,
    Plan,
    Progress,
    RegisterNode,
    RemoveNode,
    ScaleService,
    StartService,
    StopService,
)
from warren.model.container import ContainerSpec
from warren.model.errors import HostRefused, HostUnreachable, WarrenError
from warren.model.node import NodeRole
from warren.model.quantities import DnsLabel, Seconds
from warren.model.resource import Labels
from warren.model.service import ServiceSpec, check_containers, gather_container_fields
from warren.model.validation import Frozen
from warren.playbook.modules.contract import Call, Module, ModuleResult, Runs

_OWN_FIELDS = frozenset({"state", "wait", "timeout_seconds"})
_FEW_FIELDS = _OWN_FIELDS | {"name", "tenant", "replicas"}


class ServiceArguments(ServiceSpec):
    """A service's spec, the state it should be in, and whether to wait for it.

    Attributes:
        state: ``present`` makes it exist as described; ``absent`` removes it; ``stopped`` and
            ``started`` pause and resume it; ``scaled`` changes only the number of replicas.
        wait: whether the task ends only when the instances are as asked.
        timeout_seconds: how long to wait.
    """

    state: Literal["present", "absent", "started", "stopped", "scaled"] = "present"
    wait: bool = True
    timeout_seconds: Seconds = 300.0
    containers: tuple[ContainerSpec, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather_container_fields(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("state", "present") == "present":
            return gather_container_fields(value, cls.model_fields)
        for name in value:
            if name not in _FEW_FIELDS:
                raise ValueError(f"{name!r} means nothing with state {value['state']!r}")
        return value

    @model_validator(mode="after")
    def _containers_fit_together(self) -> "ServiceArguments":
        if self.state == "present":
            check_containers(self.containers)
        if self.state == "scaled" and "replicas" not in self.model_fields_set:
            raise ValueError("replicas is required with state 'scaled'")
        return self

    def spec(self) -> ServiceSpec:
        """The service's spec alone."""
        fields = {name: getattr(self, name) for name in ServiceSpec.model_fields}
        return ServiceSpec.model_construct(_fields_set=set(fields), **fields)


class NodeArguments(Frozen):
    """How an inventory host takes part in the cluster."""

    state: Literal["present", "absent"] = "present"
    role: NodeRole = NodeRole.WORKER
    labels: Labels = Field(default_factory=dict)
    provider: Literal["podman", "docker"] | None = None
    region: str = ""
    datacenter: DnsLabel | Literal[""] = ""


def _service_change(arguments: ServiceArguments) -> Change:
    name, tenant = arguments.name, arguments.tenant
    match arguments.state:
        case "present":
            return ApplyService(spec=arguments.spec())
        case "absent":
            return DeleteService(name=name, tenant=tenant)
        case "started":
            return StartService(name=name, tenant=tenant)
        case "stopped":
            return StopService(name=name, tenant=tenant)
        case "scaled":
            return ScaleService(name=name, replicas=arguments.replicas, tenant=tenant)


def _declared_service(arguments: Mapping[str, Any]) -> str | None:
    name, tenant = arguments.get("name"), arguments.get("tenant", "default")
    if arguments.get("state", "present") != "present":
        return None
    if not (isinstance(name, str) and isinstance(tenant, str)):
        return None  # a template: it may be another in each round
    return f"service {name}" if tenant == "default" else f"service {name} of tenant {tenant}"


async def _run_service(call: Call) -> ModuleResult:
    arguments = ServiceArguments.model_validate(dict(call.arguments))
    client: Client = call.client
    change = _service_change(arguments)
    try:
        if call.check:
            return _planned(await client.plan(change), diff=call.diff)
        changed = await client.change(change)
        if not arguments.wait:
            return _answer(changed, (), diff=call.diff)
        settled = await client.settle(
            [arguments.name],
            timeout_seconds=arguments.timeout_seconds,
            progress=lambda steps: call.progress(_progress_line(steps)),
        )
    except WarrenError as error:
        return {"changed": False, "failed": True, "msg": str(error), "code": error.code}
    result = _answer(changed, settled.commands, diff=call.diff)
    if settled.problems:
        result |= {"failed": True, "msg": "\n".join(settled.problems)}
    return result


async def _run_node(call: Call) -> ModuleResult:
    arguments = NodeArguments.model_validate(dict(call.arguments))
    client: Client = call.client
    change: Change
    if arguments.state == "absent":
        change = RemoveNode(name=call.host_name)
    else:
        change = RegisterNode(
            name=call.host_name, role=arguments.role, labels=arguments.labels,
            provider=arguments.provider, region=arguments.region, datacenter=arguments.datacenter,
        )  # fmt: skip
    try:
        if call.check:
            return _planned(await client.plan(change), diff=call.diff)
        return _answer(await client.change(change), (), diff=call.diff)
    except (HostUnreachable, HostRefused):
        raise  # the host drops out of the run, as for any other module
    except WarrenError as error:
        return {"changed": False, "failed": True, "msg": str(error), "code": error.code}


def _progress_line(steps: Sequence[Progress]) -> str:
    return ", ".join(
        f"{step.service} {step.running}/{step.desired}"
        + (f" ({step.message})" if step.message else "")
        for step in steps
    )


def _planned(plan: Plan, *, diff: bool) -> ModuleResult:
    result = _answer(plan.changed, plan.commands, diff=diff)
    if plan.problems:
        result |= {"failed": True, "msg": "\n".join(plan.problems)}
    return result


def _answer(changed: Changed, commands: Sequence[HostCommand], *, diff: bool) -> ModuleResult:
    result: ModuleResult = {
        "changed": changed.verb != "unchanged" or bool(commands),
        "verb": changed.verb,
        "commands": [{"node": command.node, "command": command.text} for command in commands],
    }
    if diff and result["changed"]:
        result["diff"] = _diff(changed, commands)
    return result


def _diff(changed: Changed, commands: Sequence[HostCommand]) -> list[dict[str, str]]:
    parts = []
    if changed.verb != "unchanged":
        parts.append(
            {
                "before_header": changed.what,
                "after_header": changed.what,
                "before": _as_text(changed.before),
                "after": _as_text(changed.after),
            }
        )
    if commands:
        lines = [f"{command.node}$ {command.text}" for command in commands]
        parts.append({"prepared": "\n".join(lines) + "\n"})
    return parts


def _as_text(value: Mapping[str, Any] | None) -> str:
    return yaml.safe_dump(dict(value), sort_keys=True) if value is not None else ""


SERVICE = Module(
    names=("warren.core.service",),
    arguments=ServiceArguments,
    run=_run_service,
    runs=Runs.ON_MANAGER,
    declares=_declared_service,
)
NODE = Module(
    names=("warren.core.node",), arguments=NodeArguments, run=_run_node, asks_manager=True
)
MODULES = (SERVICE, NODE)
