"""A container engine on hosts, as a provider."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from time import monotonic
from typing import Literal

from warren.fleet.command import Command, Result
from warren.model.container import Resources
from warren.model.errors import CommandFailed, WarrenError
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.observed import ObservedInstance
from warren.model.service import ServiceSpec
from warren.providers.contract import (
    Capability,
    Connectivity,
    EngineEvent,
    ExecOptions,
    LogOptions,
    ProviderInfo,
    Step,
    StepResult,
    Target,
)
from warren.providers.engine import (
    creation,
    events,
    failures,
    limits,
    listing,
    performing,
    removal,
    support,
)
from warren.providers.engine.dialect import Dialect

OPERATE_MARGIN_SECONDS = 60.0
STOP_SECONDS_MAX = 3600.0
"""Containers keep their own stop timeout unless told otherwise; this bounds waiting for one."""
PING_TIMEOUT_SECONDS = 15.0
TAIL_TIMEOUT_SECONDS = 15.0


class EngineProvider:
    """Implements ``Provider`` over one engine's command line.

    Args:
        dialect: the engine's way of putting things.
        now: seconds of a monotonic clock, for measuring.
    """

    def __init__(self, dialect: Dialect, *, now: Callable[[], float] = monotonic) -> None:
        self._dialect = dialect
        self._now = now

    @property
    def name(self) -> str:
        """The engine's name."""
        return self._dialect.name

    def info(self, node: Node) -> ProviderInfo:
        """Describe the engine as found on ``node``."""
        versions = {engine.name: engine.version for engine in node.engines}
        return ProviderInfo(
            name=self.name, version=versions.get(self.name, ""), node=node.name, region=node.region
        )

    def capabilities(self, node: Node) -> frozenset[Capability]:
        """What the engine can do on ``node``."""
        return support.capabilities(self._dialect, node)

    def check(self, spec: ServiceSpec, node: Node) -> None:
        """Refuse a spec that the engine could not fully honour; see ``Provider.check``."""
        support.check(self._dialect, spec, node)

    def provision(self, target: Target, instance: Instance, spec: ServiceSpec) -> Step:
        """Build what creates and starts an instance; see ``Provider.provision``."""
        self.check(spec, target.node)
        return Step(
            kind="provision",
            title=f"start {instance.service}-{instance.slot}",
            instances=(instance.id,),
            commands=creation.create(self._dialect, instance, spec, cluster=target.cluster),
            containers=(spec.main.name,),
            clear=removal.remove(
                self._dialect, [instance.id], cluster=target.cluster,
                stop_timeout_seconds=spec.stop_timeout_seconds,
            ),
            image=spec.main.image,
        )  # fmt: skip

    def deprovision(
        self, target: Target, instances: Sequence[str], *, stop_timeout_seconds: float
    ) -> Step:
        """Build what stops and removes instances; see ``Provider.deprovision``."""
        command = removal.remove(
            self._dialect, instances, cluster=target.cluster,
            stop_timeout_seconds=stop_timeout_seconds,
        )  # fmt: skip
        return Step(
            kind="deprovision",
            title=f"remove {', '.join(instances)}",
            instances=tuple(instances),
            commands=(command,),
        )

    def operate(
        self,
        kind: Literal["start", "stop", "restart"],
        instance: Instance,
        engine_ids: Sequence[str],
        *,
        stop_timeout_seconds: float | None = None,
    ) -> Step:
        """Build what starts, stops or restarts containers in place; see ``Provider.operate``."""
        assert engine_ids, "an empty selection never means all"
        patience = STOP_SECONDS_MAX if stop_timeout_seconds is None else stop_timeout_seconds
        limit = () if stop_timeout_seconds is None else ("-t", f"{stop_timeout_seconds:.0f}")
        is_start = kind == "start"
        command = Command(
            argv=(self.name, kind, *(() if is_start else limit), *engine_ids),
            timeout_seconds=OPERATE_MARGIN_SECONDS + (0 if is_start else patience),
        )
        return Step(
            kind=kind,
            title=f"{kind} {instance.service}-{instance.slot} in place",
            instances=(instance.id,),
            commands=(command,),
        )

    def resize(self, instance: Instance, engine_id: str, resources: Resources) -> Step:
        """Build what changes cpu and memory of a running container."""
        return Step(
            kind="resize",
            title=f"resize {instance.service}-{instance.slot}",
            instances=(instance.id,),
            commands=(limits.update(self._dialect, engine_id, resources),),
        )

    async def perform(
        self, target: Target, steps: Sequence[Step], *, epoch: int
    ) -> tuple[StepResult, ...]:
        """Have steps run in order; see ``Provider.perform``."""

        async def show() -> tuple[ObservedInstance, ...]:
            return await self.status(target, timeout_seconds=OPERATE_MARGIN_SECONDS)

        return await performing.perform(self.name, target, steps, epoch=epoch, show=show)

    async def status(
        self, target: Target, *, timeout_seconds: float
    ) -> tuple[ObservedInstance, ...]:
        """List everything on the node that carries the cluster's label, in one round trip."""
        command = listing.show(
            self._dialect, cluster=target.cluster, timeout_seconds=timeout_seconds
        )
        result = await self._ask(target, command, "list what runs")
        try:
            return listing.read(result.stdout, address=target.node.address)
        except (ValueError, KeyError, TypeError) as error:
            raise CommandFailed(
                host=target.node.name, command=f"{self.name} inspect", status=0,
                stderr_tail=f"its answer cannot be read: {error}",
            ) from error  # fmt: skip

    async def ping(self, target: Target) -> Connectivity:
        """Ask the engine whether it is there."""
        command = Command(
            argv=(self.name, "info", "--format", self._dialect.version),
            timeout_seconds=PING_TIMEOUT_SECONDS,
        )
        start = self._now()
        try:
            result = await self._ask(target, command, "tell its version")
        except WarrenError as error:
            return Connectivity(
                healthy=False, message=error.message, latency_seconds=self._now() - start
            )
        version = result.stdout.decode(errors="replace").strip()
        return Connectivity(
            healthy=True, message=f"{self.name} {version}", latency_seconds=self._now() - start
        )

    @asynccontextmanager
    async def events(self, target: Target) -> AsyncIterator[AsyncIterator[EngineEvent]]:
        """Follow what happens to the cluster's containers."""
        command = events.follow(self._dialect, cluster=target.cluster)
        async with target.host.stream(command, become=target.become) as chunks:
            yield _events(chunks)

    @asynccontextmanager
    async def logs(
        self, target: Target, engine_id: str, options: LogOptions
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Follow what a container writes."""
        command = self._logs(engine_id, options)
        async with target.host.stream(command, become=target.become) as chunks:
            yield chunks

    async def tail(self, target: Target, engine_id: str, lines: int) -> tuple[str, ...]:
        """Read the last lines that a container wrote."""
        result = await self._ask(target, self._logs(engine_id, LogOptions(tail=lines)), "read logs")
        return tuple(result.stdout.decode(errors="replace").splitlines()[-lines:])

    async def exec(
        self, target: Target, engine_id: str, argv: Sequence[str], options: ExecOptions
    ) -> Result:
        """Run a command in a container and wait for its end."""
        words = [self.name, "exec"]
        if options.stdin:
            words.append("--interactive")
        for key, value in options.environment:
            words += ["--env", f"{key}={value}"]
        if options.user is not None:
            words += ["--user", options.user]
        if options.directory is not None:
            words += ["--workdir", options.directory]
        command = Command(
            argv=(*words, engine_id, *argv),
            stdin=options.stdin,
            timeout_seconds=options.timeout_seconds,
        )
        (result,) = await target.host.run([command], become=target.become)
        return result

    def _logs(self, engine_id: str, options: LogOptions) -> Command:
        words = [engine_id]
        if options.timestamps:
            words.insert(0, "--timestamps")
        if options.follow:
            words.insert(0, "--follow")
        if options.tail is not None:
            words[:0] = ["--tail", str(options.tail)]
        if options.since is not None:
            words[:0] = ["--since", options.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")]
        script = f'exec {self.name} logs "$@" 2>&1'
        return Command(
            argv=("sh", "-c", script, "sh", *words), timeout_seconds=TAIL_TIMEOUT_SECONDS
        )

    async def _ask(self, target: Target, command: Command, asking: str) -> Result:
        (result,) = await target.host.run([command], become=target.become)
        if result.status:
            step = Step(kind="start", title=asking, instances=(), commands=(command,))
            raise failures.error_of(self.name, target.node.name, step, result)
        return result


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[EngineEvent]:
    async for line in events.split(chunks):
        if (event := events.read(line)) is not None:
            yield event
