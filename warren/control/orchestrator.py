"""Which instances there should be.

For each service: slots that lack an instance get one, slots that are too many lose theirs, instances
that are due are replaced within the update window (``rollout``), failed ones are tried again when
their delay is over. ``replicated`` services have slots 1 to N, ``global`` ones a slot for each
matching node.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from warren.control import rollout
from warren.control.records import Write, change, move, retire
from warren.control.sizes import resizes
from warren.control.slots import Layout, Slot, lay_out
from warren.control.snapshot import NewId, Policy, Snapshot, Wait
from warren.model.instance import Instance
from warren.model.service import Service
from warren.model.states import InstanceState, NodeState, ServiceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestrated:
    """What should change about the set of instances.

    Attributes:
        writes: instances created, told to go, or tried again.
        waits: when to look again: a retry or the next batch is due then.
        resized: services (by id) of which slots appeared or disappeared.
        layouts: how each service was laid out before, by its id.
    """

    writes: tuple[Write, ...]
    waits: tuple[Wait, ...]
    resized: frozenset[str]
    layouts: Mapping[str, Layout]


def orchestrate(snapshot: Snapshot, policy: Policy, new_id: NewId) -> Orchestrated:
    """Decide for every service; equal input gives equal writes.

    Args:
        snapshot: what there is.
        policy: the operator's.
        new_id: makes the id of an instance from its service's id, its slot and the id of the
            latest instance of that slot (empty for the first). Together they name one instance for
            ever, so an id derived from them is the same in a plan and in the run that follows.
    """
    writes: list[Write] = []
    waits: list[Wait] = []
    layouts: dict[str, Layout] = {}
    resized = set()
    for service_id, service in snapshot.services.items():
        desk = _Desk(snapshot=snapshot, service=service, new_id=new_id)
        if service.state in _LEAVING:
            desk.retire_all()
        else:
            layouts[service_id] = lay_out(snapshot, service, policy)
            desk.arrange(layouts[service_id], policy)
        writes += desk.writes
        waits += desk.waits
        if desk.is_resized:
            resized.add(service_id)
    for service_id, instances in snapshot.by_service.items():
        if service_id not in snapshot.services:
            writes += [
                retire(instance, snapshot.now, "its service is gone")
                for instance in instances
                if instance.desired == "running"
            ]
    return Orchestrated(
        writes=tuple(writes), waits=tuple(waits), resized=frozenset(resized), layouts=layouts
    )


_LEAVING = frozenset({ServiceState.DESTROYING, ServiceState.DESTROYED})

_UNSTARTED = frozenset({InstanceState.PENDING, InstanceState.ASSIGNED})


class _Desk:
    """The decisions about one service, as they are taken."""

    def __init__(self, *, snapshot: Snapshot, service: Service, new_id: NewId) -> None:
        self.snapshot = snapshot
        self.service = service
        self.new_id = new_id
        self.writes: list[Write] = []
        self.waits: list[Wait] = []
        self.is_resized = False

    def retire_all(self) -> None:
        """The service is being deleted."""
        for instance in self.snapshot.of_service(self.service.id):
            if instance.desired == "running":
                self._retire(instance, "the service is being deleted")

    def arrange(self, layout: Layout, policy: Policy) -> None:
        """Bring the instances in line with the slots."""
        why = "the service is stopped" if self.service.paused_at else "scaled down"
        for instance in layout.surplus:
            self._retire(instance, why)
            self.is_resized = True
        if all(slot.is_settled for slot in layout.slots):
            self._follow_all(layout)
            return
        step = rollout.step(self.service.spec, layout.slots, self.snapshot.now)
        for instance, reason in step.release:
            self._retire(instance, reason)
        for slot in step.fill:
            self._create(slot)
        if step.not_before is not None:
            self.waits.append(Wait(until=step.not_before, service_id=self.service.id))
        for slot in layout.slots:
            if slot.keeper is not None:
                self._keep(slot.keeper, policy)

    def _follow_all(self, layout: Layout) -> None:
        """All slots are filled by running instances; only the release may have moved on."""
        for slot in layout.slots:
            if slot.good[0].release != self.service.release.number:
                self._follow(slot.good[0])

    def _keep(self, instance: Instance, policy: Policy) -> None:
        """Look after the instance that fills a slot."""
        if instance.state is InstanceState.FAILED:
            self._retry(instance, policy)
        elif instance.release != self.service.release.number:
            self._follow(instance)

    def _retry(self, instance: Instance, policy: Policy) -> None:
        """Try a failed instance again when its delay is over."""
        retry_at, now = instance.retry_at, self.snapshot.now
        if retry_at is None:
            return
        if retry_at > now and not _failed_before(instance, policy.began_at):
            is_hopeless = instance.attempts >= policy.give_up_attempts
            self.waits.append(
                Wait(until=retry_at, service_id=self.service.id, is_hopeless=is_hopeless)
            )
            return
        node = self.snapshot.nodes.get(instance.node or "")
        stays = node is not None and node.state is NodeState.READY
        self.writes.append(
            move(
                instance,
                now,
                InstanceState.PENDING,
                attempts=instance.attempts + 1,
                retry_at=None,
                finished_at=None,
                started_at=None,
                exit_code=instance.exit_code if stays else None,
                engine_ids={},
                endpoints=(),
            )
        )

    def _follow(self, instance: Instance) -> None:
        """Take over a release that changes nothing about the containers.

        Sizes that the engine must change are left to the planner, which sees the release differ.
        """
        if instance.state in _UNSTARTED or not resizes(self.service, instance):
            release = self.service.release
            resources = self.service.spec.main.resources
            self.writes.append(
                change(instance, self.snapshot.now, release=release.number, resources=resources)
            )

    def _create(self, slot: Slot) -> None:
        service, now = self.service, self.snapshot.now
        if not slot.due and not slot.leaving:
            self.is_resized = True
        earlier = [
            item.id for item in self.snapshot.of_service(service.id) if item.slot == slot.number
        ]
        predecessor = earlier[-1] if earlier else ""
        created = Instance(
            id=self.new_id(service.id, str(slot.number), predecessor),
            name=f"{service.name}-{slot.number}",
            tenant=service.tenant,
            created_at=now,
            updated_at=now,
            service_id=service.id,
            service=service.name,
            slot=slot.number,
            release=service.release.number,
            spec_hash=service.release.spec_hash,
            resources=service.spec.main.resources,
            node=slot.node,
        )
        self.writes.append(Write(before=None, after=created))

    def _retire(self, instance: Instance, why: str) -> None:
        self.writes.append(retire(instance, self.snapshot.now, why))


def _failed_before(instance: Instance, moment: datetime | None) -> bool:
    failed_at = instance.finished_at
    return moment is not None and failed_at is not None and failed_at <= moment
