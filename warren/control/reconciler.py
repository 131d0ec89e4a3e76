"""What the listings of the nodes mean for the record of each instance.

Only what changed is written. An unreachable node says nothing, so nothing follows from it here
(``nodes`` decides about that). Containers of a known instance are adopted wherever a controller died
between starting them and remembering that it did; what may be removed is ``planner``'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warren.control.failures import fail, may_restart
from warren.control.records import Write, change, move
from warren.control.sites import spec_of
from warren.control.snapshot import Policy, Snapshot, Wait
from warren.model.container import ContainerSpec, Role
from warren.model.instance import Endpoint, Health, Instance
from warren.model.observed import ObservedContainer, ObservedInstance
from warren.model.service import Service, ServiceSpec
from warren.model.states import InstanceState

RESTARTS_WHILE_STARTING_MAX = 3
UP_SECONDS_MIN = 5.0
"""Up that long, a container that the engine restarted counts as up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What the listings mean.

    Attributes:
        writes: changes of instance records.
        waits: when to look again: a health verdict or a stable start is due then.
    """

    writes: tuple[Write, ...]
    waits: tuple[Wait, ...]


def reconcile(snapshot: Snapshot, policy: Policy) -> Reconciled:
    """Judge every recorded instance against what its node's listing shows."""
    writes: list[Write] = []
    waits: list[Wait] = []
    for service_id, instances in snapshot.by_service.items():
        service = snapshot.services.get(service_id)
        for instance in instances:
            write = _judge(snapshot, policy, service, instance, waits)
            if write is not None:
                writes.append(write)
    return Reconciled(writes=tuple(writes), waits=tuple(waits))


_I = InstanceState
_STOPPED = frozenset({"exited", "created"})
_SETTLED = frozenset({_I.PENDING, _I.COMPLETE})


def _judge(
    snapshot: Snapshot,
    policy: Policy,
    service: Service | None,
    instance: Instance,
    waits: list[Wait],
) -> Write | None:
    state = instance.state
    if state in _SETTLED:
        return None
    node = instance.node
    if instance.desired == "shutdown" or service is None:
        return _judge_unwanted(snapshot, instance)
    if node is None or node not in snapshot.observed:
        return None
    seen = snapshot.observed[node].get(instance.id)
    spec = service.spec
    if state is _I.RUNNING and len(spec.containers) == 1 and _is_unchanged(instance, seen):
        return None
    if service.release.number != instance.release:
        spec = spec_of(service, instance.release)
    case = _Case(instance=instance, spec=spec, seen=seen, now=snapshot.now, policy=policy)
    if state in {_I.ASSIGNED, _I.PREPARING}:
        return case.adopted() if case.is_whole() and case.is_up() else None
    return None if state is _I.FAILED else case.started(waits)


def _is_unchanged(instance: Instance, seen: ObservedInstance | None) -> bool:
    """Whether the one container of a running instance is just as recorded; mostly they are."""
    if seen is None or len(seen.containers) != 1 or len(instance.engine_ids) != 1:
        return False
    container = seen.containers[0]
    return (
        container.state == "running"
        and container.healthy is instance.health.healthy
        and container.healthy is not False
        and container.restarts == instance.restarts
        and instance.engine_ids.get(container.name) == container.engine_id
        and seen.spec_hash == instance.spec_hash
        and container.endpoints == instance.endpoints
    )


def _judge_unwanted(snapshot: Snapshot, instance: Instance) -> Write | None:
    """An instance that should be gone is complete once its node shows nothing of it."""
    if instance.state is _I.FAILED:
        return None
    node = instance.node or ""
    if node in snapshot.nodes and (
        node not in snapshot.observed or instance.id in snapshot.observed[node]
    ):
        return None
    states = (_I.SHUTDOWN, _I.COMPLETE)
    return move(instance, snapshot.now, *states, finished_at=snapshot.now, desired="shutdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One instance that should run, and what its node shows of it."""

    instance: Instance
    spec: ServiceSpec
    seen: ObservedInstance | None
    now: datetime
    policy: Policy

    def is_whole(self) -> bool:
        """Whether all its lasting containers exist, made from the recorded spec."""
        return is_whole(self.instance, self.spec, self.seen)

    def is_up(self) -> bool:
        """Whether all its lasting containers run."""
        return self.seen is not None and all(
            container.state == "running" for _, container in lasting(self.spec, self.seen)
        )

    def adopted(self) -> Write:
        """Its containers run though the record does not say so yet."""
        return self._starting(_I.PREPARING, _I.STARTING)

    def started(self, waits: list[Wait]) -> Write | None:
        """Judge an instance whose containers were started."""
        seen = self.seen
        if seen is None:
            return self._fail("its containers are gone")
        if seen.spec_hash != self.instance.spec_hash:
            return self._fail("its containers were made from another spec")
        if not self.is_whole():
            return self._fail(f"its container {self._missing()} is gone")
        return self._exits(seen) or self._flapping(seen) or self._verdict(seen, waits)

    def _exits(self, seen: ObservedInstance) -> Write | None:
        """Whether a container ended in a way that ends the instance."""
        for spec, container in _with_spec(self.spec, seen):
            if spec.role is Role.INIT:
                if container.state == "exited" and container.exit_code:
                    return self._ended(container)
            elif container.state == "paused":
                return self._fail(f"container {container.name} is paused")
            elif container.state in _STOPPED:
                if container.exit_code != 0 or may_restart(self.spec.restart, 0):
                    return self._ended(container)
                if spec.role is Role.MAIN:
                    return self._finished(container)
        return None

    def _flapping(self, seen: ObservedInstance) -> Write | None:
        """The engine restarts containers by itself and without end; the policy's count is kept here."""
        new = _restarts(seen) - self.instance.restarts
        if new <= 0:
            return None
        up = [item for _, item in lasting(self.spec, seen) if item.state == "running"]
        is_stable = len(up) == len(lasting_names(self.spec)) and all(map(self._is_old, up))
        if is_stable or (self.instance.state is _I.STARTING and new <= RESTARTS_WHILE_STARTING_MAX):
            return None
        times = "once" if new == 1 else f"{new} times"
        code = next((item.exit_code for item in seen.containers if item.exit_code), None)
        return self._fail(
            f"the engine had to restart it {times}", exit_code=code, restarts=_restarts(seen)
        )

    def _is_old(self, container: ObservedContainer) -> bool:
        if container.started_at is None:
            return False
        return (self.now - container.started_at).total_seconds() >= UP_SECONDS_MIN

    def _verdict(self, seen: ObservedInstance, waits: list[Wait]) -> Write | None:
        """Whether it counts as running, by its health checks or by having been up for a while."""
        instance = self.instance
        health = _health(self.spec, seen, instance.health, self.now)
        facts = _facts(seen, instance)
        if health is not instance.health:
            facts["health"] = health
        due = self._due(seen, health)
        if instance.state is _I.RUNNING:
            if health.healthy is False:
                return self._unhealthy(health)
            return change(instance, self.now, **facts) if facts else None
        if health.healthy is False and due <= self.now:
            return self._unhealthy(health)
        if health.healthy or (not has_checks(self.spec) and due <= self.now and self.is_up()):
            facts |= {"ready_at": self.now, "message": "", "exit_code": None, "retry_at": None}
            return move(instance, self.now, _I.RUNNING, **facts)
        if due <= self.now:
            why = health.message or "its containers do not stay up"
            return self._fail(f"not healthy in time: {why}", health=_refused(health, self.now))
        waits.append(Wait(until=due, service_id=instance.service_id))
        facts.pop("restarts", None)  # counted when the start is over, one way or the other
        return change(instance, self.now, **facts) if facts else None

    def _due(self, seen: ObservedInstance, health: Health) -> datetime:
        """When a starting instance must have shown that it runs."""
        started = self.instance.started_at or self.now
        checks = [item.health_check for item in self.spec.containers if item.health_check]
        grace = self.spec.update.health_grace_seconds
        if not checks:
            is_suspect = self.instance.attempts > 1 or _restarts(seen) > self.instance.restarts
            return started + timedelta(
                seconds=UP_SECONDS_MIN if is_suspect else self.policy.stable_seconds
            )
        if health.healthy is None:
            grace += max(
                check.start_period_seconds
                + check.retries * (check.interval_seconds + check.timeout_seconds)
                for check in checks
            )
        return started + timedelta(seconds=grace)

    def _ended(self, container: ObservedContainer) -> Write:
        code = container.exit_code
        why = f"container {container.name} "
        why += f"ended with status {code}" if code is not None else "did not start"
        if container.error:
            why += f": {container.error}"
        final = code is not None and not may_restart(self.spec.restart, code)
        return self._fail(why, exit_code=code, is_final=final)

    def _finished(self, container: ObservedContainer) -> Write:
        """Its main container ended well and the policy wants it no more: that is success."""
        assert self.seen is not None
        return move(
            self.instance,
            self.now,
            _I.SHUTDOWN,
            _I.COMPLETE,
            exit_code=container.exit_code,
            finished_at=self.now,
            message=f"ended with status 0; restart policy {self.spec.restart.condition}",
        )

    def _unhealthy(self, health: Health) -> Write:
        why = f"unhealthy: {health.message}" if health.message else "unhealthy"
        return self._fail(why, health=health)

    def _missing(self) -> str:
        assert self.seen is not None
        found = {container.name for container in self.seen.containers}
        return next(name for name in lasting_names(self.spec) if name not in found)

    def _fail(
        self,
        why: str,
        *,
        exit_code: int | None = None,
        is_final: bool = False,
        **fields: object,
    ) -> Write:
        return fail(
            self.instance,
            self.spec.restart,
            now=self.now,
            policy=self.policy,
            why=why,
            exit_code=exit_code,
            is_final=is_final,
            **fields,
        )

    def _starting(self, *states: InstanceState) -> Write:
        assert self.seen is not None
        path = states[states.index(_next(self.instance.state, states)) :]
        return move(
            self.instance,
            self.now,
            *path,
            **{
                "started_at": self.now,
                "health": Health(),
                "message": "",
                **_facts(self.seen, self.instance),
            },
        )


def lasting_names(spec: ServiceSpec) -> tuple[str, ...]:
    """The containers that run as long as the instance does: all but inits."""
    return tuple(item.name for item in spec.containers if item.role is not Role.INIT)


def lasting(
    spec: ServiceSpec, seen: ObservedInstance
) -> list[tuple[ContainerSpec, ObservedContainer]]:
    """The containers seen that run as long as the instance does, with their specs."""
    return [pair for pair in _with_spec(spec, seen) if pair[0].role is not Role.INIT]


def is_whole(instance: Instance, spec: ServiceSpec, seen: ObservedInstance | None) -> bool:
    """Whether all lasting containers of an instance exist and were made from its recorded spec."""
    if seen is None or seen.spec_hash != instance.spec_hash:
        return False
    found = {container.name for container in seen.containers}
    return all(name in found for name in lasting_names(spec))


def has_checks(spec: ServiceSpec) -> bool:
    """Whether any container has a health check."""
    return any(item.health_check is not None for item in spec.containers)


def _next(state: InstanceState, states: Sequence[InstanceState]) -> InstanceState:
    """The first of ``states`` that comes after ``state``."""
    return states[states.index(state) + 1] if state in states else states[0]


def _with_spec(
    spec: ServiceSpec, seen: ObservedInstance
) -> list[tuple[ContainerSpec, ObservedContainer]]:
    by_name = {container.name: container for container in seen.containers}
    return [(item, by_name[item.name]) for item in spec.containers if item.name in by_name]


def _restarts(seen: ObservedInstance) -> int:
    return sum(container.restarts for container in seen.containers)


def _facts(seen: ObservedInstance, instance: Instance) -> dict[str, object]:
    """What the listing shows that differs from the record."""
    facts: dict[str, object] = {}
    engine_ids = {container.name: container.engine_id for container in seen.containers}
    if engine_ids != instance.engine_ids:
        facts["engine_ids"] = engine_ids
    endpoints: tuple[Endpoint, ...] = tuple(
        endpoint for container in seen.containers for endpoint in container.endpoints
    )
    if endpoints != instance.endpoints:
        facts["endpoints"] = tuple(sorted(endpoints, key=_endpoint_key))
        if facts["endpoints"] == instance.endpoints:
            del facts["endpoints"]
    restarts = _restarts(seen)
    if restarts != instance.restarts:
        facts["restarts"] = restarts
    return facts


def _endpoint_key(endpoint: Endpoint) -> tuple[str, int, str, int]:
    return (endpoint.container, endpoint.container_port, endpoint.protocol, endpoint.port)


def _health(spec: ServiceSpec, seen: ObservedInstance, old: Health, now: datetime) -> Health:
    """The worst verdict of the containers that have a check; unchanged verdicts are not rewritten."""
    verdicts: list[tuple[str, bool | None]] = [
        (container.name, container.healthy)
        for item, container in _with_spec(spec, seen)
        if item.health_check is not None
    ]
    if not verdicts:
        return old if old == _NO_HEALTH else _NO_HEALTH
    bad = [name for name, healthy in verdicts if healthy is False]
    unknown = [name for name, healthy in verdicts if healthy is None]
    healthy = False if bad else None if unknown else True
    message = ""
    if bad:
        message = f"health check of container {bad[0]} fails"
    elif unknown:
        message = f"health check of container {unknown[0]} has not passed yet"
    if (healthy, message) == (old.healthy, old.message):
        return old
    return Health(
        healthy=healthy,
        message=message,
        checked_at=now,
        failures=old.failures + 1 if healthy is False else 0,
        successes=old.successes + 1 if healthy else 0,
    )


_NO_HEALTH = Health()


def _refused(health: Health, now: datetime) -> Health:
    """No verdict in time is a bad verdict."""
    return health.model_copy(update={"healthy": False, "checked_at": now})
