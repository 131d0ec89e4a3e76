"""A cluster that exists only in memory: a record, nodes with containers, a clock, and faults by seed.

The controller under test is the real one. The world implements its edge: a store with
compare-and-set, an engine on each node, a network that loses nodes. Time passes only when somebody
waits for it or a command takes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from warren.control.actions import Action, Deprovision, Provision, Resize, Restart
from warren.control.effects import Outcome
from warren.control.records import Record, Write
from warren.model.container import Resources
from warren.model.errors import CommandFailed, Conflict, HostUnreachable, WarrenError
from warren.model.ids import derived_id
from warren.model.instance import Instance
from warren.model.node import Capacity, Engine, Node
from warren.model.observed import ContainerState, NodeView, ObservedContainer, ObservedInstance
from warren.model.service import Service, spec_hash
from warren.model.states import NodeState

START = datetime(2026, 1, 1, tzinfo=UTC)


class ControllerDied(BaseException):
    """The controller's process is gone; nothing of it runs any more, not even its handlers."""


class VirtualClock:
    """Time that passes only when waited for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += max(seconds, 0.001)


class MemoryRecords:
    """The store: compare-and-set on versions, all writes or none."""

    def __init__(self, faults: "Faults") -> None:
        self.by_id: dict[str, Record] = {}
        self.commits = 0
        self.faults = faults

    def services(self) -> Iterable[Service]:
        return [record for record in self.by_id.values() if isinstance(record, Service)]

    def instances(self) -> Iterable[Instance]:
        return [record for record in self.by_id.values() if isinstance(record, Instance)]

    def nodes(self) -> Iterable[Node]:
        return [record for record in self.by_id.values() if isinstance(record, Node)]

    async def commit(self, writes: Sequence[Write]) -> None:
        self.faults.may_die()
        for write in writes:
            current = self.by_id.get(write.id)
            known = write.before.version if write.before else None
            if (current.version if current else None) != known:
                raise Conflict(f"record {write.id} changed")
            if write.before and write.after:
                assert write.after.version == write.before.version + 1
        for write in writes:
            if write.after is None:
                del self.by_id[write.id]
            else:
                self.by_id[write.id] = write.after
        self.commits += 1
        self.faults.may_die()

    def put(self, record: Record) -> None:
        self.by_id[record.id] = record


@dataclass
class Container:
    """One engine container; it lives on until somebody removes it."""

    instance: Instance
    name: str
    engine_id: str
    spec_hash: str
    state: ContainerState
    limits: tuple[float | None, int | None]
    started_at: float
    exit_code: int | None = None
    is_broken: bool = False
    ports: set[int] = field(default_factory=set)


@dataclass
class Machine:
    """A node as it really is."""

    name: str
    is_up: bool = True
    containers: dict[str, Container] = field(default_factory=dict)


@dataclass
class Faults:
    """What goes wrong, by seed; everything can be switched off to let the cluster settle."""

    random: Random
    die: float = 0.0
    fail: float = 0.0
    lose: float = 0.0

    def may_die(self) -> None:
        if self.die and self.random.random() < self.die:
            raise ControllerDied

    def heal(self) -> None:
        self.die = self.fail = self.lose = 0.0


class Cluster:
    """The hosts, and the edge by which the controller reaches them.

    Images named ``broken…`` exit at once; those named ``missing…`` cannot be pulled.
    """

    def __init__(self, seed: int = 0, nodes: int = 5, **faults: float) -> None:
        self.random = Random(seed)
        self.faults = Faults(Random(seed + 1), **faults)
        self.clock = VirtualClock()
        self.records = MemoryRecords(self.faults)
        self.machines: dict[str, Machine] = {}
        self.ids = 0
        self.actions: list[Action] = []
        self.watch: list[tuple[str, int]] = []
        self.lowest: dict[str, int] = {}
        for number in range(1, nodes + 1):
            self.add_node(f"n{number}", zone="ab"[number % 2])

    def add_node(self, name: str, *, zone: str = "a", cpus: float = 8.0) -> None:
        self.machines[name] = Machine(name)
        now = self.clock.now()
        self.records.put(
            Node(
                id=f"nod_{name}",
                name=name,
                created_at=now,
                updated_at=now,
                labels={"zone": zone},
                capacity=Capacity(cpus=cpus, memory_bytes=8 << 30),
                engines=(Engine(name="podman", version="5"),),
            )
        )

    def new_id(self, *parts: str) -> str:
        made = derived_id("instance", *parts)
        assert made not in self.records.by_id, "an id that is taken"
        return made

    async def observe(self, nodes: Sequence[Node]) -> Sequence[NodeView]:
        self.faults.may_die()
        self.clock.seconds += 0.02
        return [self._view(self.machines[node.name]) for node in nodes]

    async def dispatch(self, actions: Sequence[Action]) -> Sequence[Outcome]:
        outcomes = []
        for action in actions:
            self.faults.may_die()
            self.clock.seconds += self.random.choice((0.01, 0.1, 2.0))
            self.actions.append(action)
            outcomes.append(self._carry_out(action))
            self._take_note()
        self.faults.may_die()
        return outcomes

    def _carry_out(self, action: Action) -> Outcome:
        machine = self.machines[action.node]
        if not machine.is_up:
            error: WarrenError = HostUnreachable(action.node, "no route")
            return Outcome(action=action, error=error)
        is_failing = self.faults.random.random() < self.faults.fail
        if is_failing and self.faults.random.random() < 0.5:
            return Outcome(action=action, error=_failure(action.node))
        engine_ids = self._apply(machine, action)
        if engine_ids is None or is_failing:  # it worked, but we are told that it did not
            return Outcome(action=action, error=_failure(action.node))
        return Outcome(action=action, engine_ids=engine_ids, commands=(type(action).__name__,))

    def _apply(self, machine: Machine, action: Action) -> dict[str, str] | None:
        """What the engine makes of an action; ``None`` is a failure."""
        containers = machine.containers
        match action:
            case Provision():
                return self._provision(machine, action)
            case Restart(engine_ids=engine_ids) if set(engine_ids) <= containers.keys():
                for engine_id in engine_ids:
                    containers[engine_id].state = "running"
                    containers[engine_id].started_at = self.clock.seconds
                    containers[engine_id].exit_code = None
                return {"main": engine_ids[0]}
            case Deprovision(engine_ids=engine_ids):
                for engine_id in engine_ids:
                    containers.pop(engine_id, None)
                return {}
            case Resize(engine_id=engine_id, resources=resources) if engine_id in containers:
                containers[engine_id].limits = limits(resources)
                return {}
            case _:
                return None

    def _provision(self, machine: Machine, action: Provision) -> dict[str, str] | None:
        instance, spec = action.instance, action.spec
        assert instance.spec_hash == spec_hash(spec), "a spec that is not the recorded one"
        if spec.main.image.startswith("missing"):
            return None
        self._remove(machine, instance.id)
        if any(mount.type == "volume" for mount in spec.main.volumes):
            writers = [
                item
                for item in machine.containers.values()
                if (item.instance.service, item.instance.slot) == (instance.service, instance.slot)
                and item.state == "running"
                and "stray" not in item.instance.id
            ]
            assert not writers, "a volume with two writers"
        ports = {port.host_port for port in spec.main.ports if port.host_port}
        if any(
            item.ports & ports and item.state == "running" for item in machine.containers.values()
        ):
            return None
        self.ids += 1
        made = Container(
            instance=instance,
            name="main",
            engine_id=f"c{self.ids}",
            spec_hash=instance.spec_hash,
            state="running",
            limits=limits(spec.main.resources),
            started_at=self.clock.seconds,
            is_broken=spec.main.image.startswith("broken"),
            ports=ports,
        )
        machine.containers[made.engine_id] = made
        return {"main": made.engine_id}

    def _remove(self, machine: Machine, instance_id: str) -> None:
        machine.containers = {
            key: item for key, item in machine.containers.items() if item.instance.id != instance_id
        }

    def _view(self, machine: Machine) -> NodeView:
        now = self.clock.now()
        if not machine.is_up or self.faults.random.random() < self.faults.lose:
            return NodeView(
                node=machine.name,
                taken_at=now,
                reachable=False,
                error="no route",
                unreachable_kind="unreachable",
            )
        for item in machine.containers.values():
            if item.is_broken and item.state == "running":
                item.state, item.exit_code = "exited", 1
        by_instance: dict[str, list[Container]] = {}
        for item in machine.containers.values():
            by_instance.setdefault(item.instance.id, []).append(item)
        return NodeView(
            node=machine.name,
            taken_at=now,
            reachable=True,
            instances=tuple(_observed(items) for items in by_instance.values()),
        )

    def disturb(self) -> None:
        """One random thing happens to the hosts."""
        machine = self.random.choice(list(self.machines.values()))
        what = self.random.choice(("down", "up", "up", "kill", "remove", "pause", "stray"))
        victims = list(machine.containers.values())
        if what == "down":
            machine.is_up = False
        elif what == "up":
            machine.is_up = True
        elif what == "stray" and victims:
            stray = self.random.choice(victims)
            self.ids += 1
            unknown = stray.instance.model_copy(update={"id": f"ins_stray{self.ids}"})
            copy = replace(stray, instance=unknown, engine_id=f"c{self.ids}")
            machine.containers[copy.engine_id] = copy
        elif victims:
            victim = self.random.choice(victims)
            if what == "remove":
                del machine.containers[victim.engine_id]
            elif what == "kill":
                victim.state, victim.exit_code = "exited", 137
            elif victim.state == "running":
                victim.state = "paused"

    def mend(self) -> None:
        """All faults end."""
        self.faults.heal()
        for machine in self.machines.values():
            machine.is_up = True

    def running(self, service: str) -> list[Container]:
        return [
            item
            for machine in self.machines.values()
            if machine.is_up
            for item in machine.containers.values()
            if item.instance.service == service and item.state == "running"
        ]

    def all_containers(self) -> list[Container]:
        return [item for machine in self.machines.values() for item in machine.containers.values()]

    def _take_note(self) -> None:
        """Keep the lowest number of running containers of the watched services."""
        for service, _ in self.watch:
            now = len({item.instance.slot for item in self.running(service)})
            self.lowest[service] = min(self.lowest.get(service, now), now)

    def set_state(self, node: str, state: NodeState) -> None:
        record = self.records.by_id[f"nod_{node}"]
        assert isinstance(record, Node)
        self.records.put(record.model_copy(update={"state": state, "version": record.version + 1}))


def limits(resources: Resources) -> tuple[float | None, int | None]:
    """What an engine enforces of ``resources``."""
    return resources.cpu_limit, resources.memory_limit_bytes


def _failure(node: str) -> CommandFailed:
    return CommandFailed(host=node, command="podman", status=125, stderr_tail="it went wrong")


def _observed(items: Sequence[Container]) -> ObservedInstance:
    first = items[0]
    return ObservedInstance(
        instance=first.instance.id,
        service=first.instance.service,
        slot=first.instance.slot,
        release=first.instance.release,
        spec_hash=first.spec_hash,
        containers=tuple(
            ObservedContainer(
                name=item.name,
                engine_id=item.engine_id,
                state=item.state,
                exit_code=item.exit_code,
                started_at=START + timedelta(seconds=item.started_at),
                cpu_limit=item.limits[0],
                memory_limit_bytes=item.limits[1],
            )
            for item in items
        ),
    )
