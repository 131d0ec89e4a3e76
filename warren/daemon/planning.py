"""What a change would do: the same deciders and builders, over a copy of the record and imagined hosts.

The hosts are really listed once. From then on every action is taken to succeed, its commands are noted
instead of sent, and the listings are those that would follow.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from warren.aio.clock import Clock
from warren.client.contract import Change, HostCommand, Plan
from warren.control import loop
from warren.control.actions import Action, Deprovision, Provision, Resize, Restart
from warren.control.dispatch import plan_node
from warren.control.effects import Observe, Outcome
from warren.control.snapshot import NewId, Policy
from warren.daemon.changes import Changes
from warren.daemon.records import StoreRecords
from warren.fleet.host import Host
from warren.model.node import Node
from warren.model.observed import NodeView, ObservedContainer, ObservedInstance
from warren.providers.contract import Target
from warren.providers.registry import Registry
from warren.store.store import Store

PLANNED_SECONDS_MAX = 3600.0
"""How far ahead a plan looks, on its own clock."""


class ImaginedClock:
    """Time that passes only by waiting."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        """The start plus what was waited for."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds waited for."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self._passed += seconds


class ImaginedHosts:
    """The nodes as they would be: listings on which actions succeed.

    Args:
        store: the plan's copy of the record, for the nodes.
        observe: lists the real nodes, each once.
        clock: of the plan.
        reach: the host of a node; nothing is sent to it.
        registry: the providers that build the commands.
    """

    def __init__(
        self,
        *,
        store: Store,
        observe: Observe,
        clock: ImaginedClock,
        reach: Callable[[str], Host],
        registry: Registry,
    ) -> None:
        self._cluster = store.cluster_id
        self._reach = reach
        self._registry = registry
        self._store = store
        self._observe = observe
        self._clock = clock
        self._views: dict[str, NodeView] = {}
        self._ids = itertools.count(1)
        self.commands: list[HostCommand] = []

    async def observe(self, nodes: Sequence[Node]) -> Sequence[NodeView]:
        """The listings as they would be."""
        unseen = [node for node in nodes if node.name not in self._views]
        for view in await self._observe(unseen) if unseen else ():
            self._views[view.node] = view
        now = self._clock.now()
        return [replace(self._views[node.name], taken_at=now) for node in nodes]

    async def dispatch(self, actions: Sequence[Action]) -> Sequence[Outcome]:
        """Note the commands of the actions and let them succeed."""
        return [self._carry_out(action) for action in actions]

    def _carry_out(self, action: Action) -> Outcome:
        node = self._store.nodes.named(action.node)
        assert node is not None, "control acts on recorded nodes"
        target = Target(node=node, host=self._reach(action.node), cluster=self._cluster)
        planned = plan_node(self._registry.get(node.provider), target, [action])
        sent = tuple(str(command) for _, step in planned for command in step.commands)
        self.commands += [HostCommand(node=action.node, text=text) for text in sent]
        view = self._views[action.node]
        listed = {seen.instance: seen for seen in view.instances}
        engine_ids: dict[str, str] = {}
        match action:
            case Provision(instance=instance):
                seen = self._started(action)
                listed[instance.id] = seen
                engine_ids = {one.name: one.engine_id for one in seen.containers}
            case Deprovision(instance_id=instance_id):
                listed.pop(instance_id, None)
            case Restart(instance=instance):
                listed[instance.id] = _running(listed[instance.id], self._clock.now())
            case Resize(instance=instance, engine_id=engine_id):
                listed[instance.id] = _resized(listed[instance.id], engine_id, action)
        self._views[action.node] = replace(view, instances=tuple(listed.values()))
        return Outcome(action=action, engine_ids=engine_ids, commands=sent)

    def _started(self, action: Provision) -> ObservedInstance:
        instance, spec = action.instance, action.spec
        return ObservedInstance(
            instance=instance.id,
            service=instance.service,
            slot=instance.slot,
            release=instance.release,
            spec_hash=instance.spec_hash,
            containers=tuple(
                ObservedContainer(
                    name=container.name,
                    engine_id=f"planned-{next(self._ids)}",
                    state="running",
                    started_at=self._clock.now(),
                    healthy=True if container.health_check else None,
                    cpu_limit=container.resources.cpu_limit,
                    memory_limit_bytes=container.resources.memory_limit_bytes,
                )
                for container in spec.containers
            ),
        )


@dataclass(slots=True)
class _Imagined:
    store: Store
    clock: ImaginedClock
    hosts: ImaginedHosts
    world: loop.World


class Planner:
    """Plans changes, each after those planned before it; the record is not touched."""

    def __init__(
        self,
        store: Store,
        *,
        observe: Observe,
        changes: Changes,
        policy: Policy,
        clock: Clock,
        new_id: NewId,
        reach: Callable[[str], Host],
        registry: Registry,
    ) -> None:
        self._reach = reach
        self._registry = registry
        self._store = store
        self._observe = observe
        self._changes = changes
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._imagined: _Imagined | None = None

    async def plan(self, change: Change) -> Plan:
        """Say what ``change`` would do.

        Raises:
            WarrenError: it would be refused.
        """
        imagined = self._imagined = self._imagined or self._imagine()
        changed = await self._changes.carry_out(change, imagined.store)
        before = len(imagined.hosts.commands)
        ended = await loop.converge(
            imagined.world, self._policy, timeout_seconds=PLANNED_SECONDS_MAX
        )
        names = {step.service_id: step.service for step in ended.progress}
        problems = [
            f"service {names[service_id]}: {reason}"
            for service_id, reasons in ended.problems.items()
            for reason in reasons
        ]
        return Plan(
            changed=changed,
            commands=tuple(imagined.hosts.commands[before:]),
            problems=tuple(problems),
        )

    def _imagine(self) -> _Imagined:
        store = self._store.scratch()
        clock = ImaginedClock(self._clock.now())
        hosts = ImaginedHosts(
            store=store,
            observe=self._observe,
            clock=clock,
            reach=self._reach,
            registry=self._registry,
        )
        world = loop.World(
            records=StoreRecords(store),
            observe=hosts.observe,
            dispatch=hosts.dispatch,
            clock=clock,
            new_id=self._new_id,
        )
        return _Imagined(store=store, clock=clock, hosts=hosts, world=world)


def _running(seen: ObservedInstance, now: datetime) -> ObservedInstance:
    containers = tuple(
        replace(one, state="running", started_at=now, exit_code=None) for one in seen.containers
    )
    return replace(seen, containers=containers)


def _resized(seen: ObservedInstance, engine_id: str, action: Resize) -> ObservedInstance:
    resources = action.resources
    containers = tuple(
        replace(
            one,
            cpu_limit=resources.cpu_limit,
            memory_limit_bytes=resources.memory_limit_bytes,
        )
        if one.engine_id == engine_id
        else one
        for one in seen.containers
    )
    return replace(seen, containers=containers)
