"""Replacing instances a few at a time.

One window serves every reason to replace an instance that still works: another spec, a draining
node, a node that does not fit any more. Within it a slot's successor is started first and the
predecessor leaves once the successor runs, unless something forces the old one to leave first. An
instance that does no work is replaced without counting against availability, and one on a lost node
without counting at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warren.control.sites import fixed_ports
from warren.control.slots import Reason, Slot, is_done
from warren.model.instance import Instance
from warren.model.service import ServiceSpec, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whether successors start before their predecessors stop, and why not if they do not.

    Attributes:
        is_start_first: successors start first.
        reason: why predecessors have to stop first; empty if they do not.
    """

    is_start_first: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a pass does to the slots of a service.

    Attributes:
        fill: slots that get a new instance.
        release: instances that leave, with the reason.
        not_before: when the delay between batches is over, if that is what holds it up.
    """

    fill: tuple[Slot, ...] = ()
    release: tuple[tuple[Instance, str], ...] = ()
    not_before: datetime | None = None


def order_of(spec: ServiceSpec) -> Order:
    """In which order old and new instances of a slot trade places.

    A plan shows the reason: it is why a service with such a spec is short of an instance for the time
    of an update.
    """
    if ports := fixed_ports(spec):
        number, protocol = min(ports)
        return Order(
            is_start_first=False, reason=f"host port {number}/{protocol} is taken till then"
        )
    for container in spec.containers:
        for mount in container.volumes:
            if mount.type == "volume" and not mount.read_only:
                return Order(
                    is_start_first=False, reason=f"volume {mount.source} takes one writer at a time"
                )
    if spec.update.strategy is Strategy.RECREATE:
        return Order(is_start_first=False, reason="the strategy is recreate")
    if spec.update.max_surge == 0:
        return Order(is_start_first=False, reason="max_surge is 0")
    return Order(is_start_first=True)


def unavailable_max(spec: ServiceSpec) -> int:
    """How many instances may be missing during an update.

    Where old instances have to stop first, one has to be missing for anything to move.
    """
    most = spec.update.max_unavailable
    return most if order_of(spec).is_start_first else max(1, most)


def step(spec: ServiceSpec, slots: Sequence[Slot], now: datetime) -> Step:
    """Decide what leaves and what is started now.

    Args:
        spec: what is wanted.
        slots: all slots the service should have.
        now: for the delay between batches.
    """
    if spec.update.strategy is Strategy.RECREATE and _is_changing(slots):
        return _recreate(slots)
    order = order_of(spec)
    window = _Window(spec=spec, slots=slots, order=order, now=now)
    for slot in slots:
        window.settle(slot)
    for slot in sorted(window.waiting, key=_by_urgency):
        window.replace(slot)
    return Step(
        fill=tuple(window.fill), release=tuple(window.release), not_before=window.not_before
    )


def _is_changing(slots: Sequence[Slot]) -> bool:
    return any(reason is Reason.OUTDATED for slot in slots for _, reason in slot.due)


def _recreate(slots: Sequence[Slot]) -> Step:
    """Everything old leaves; what is missing is started once nothing old is due any more."""
    why = "recreate: all stop before any starts"
    return Step(release=tuple((instance, why) for slot in slots for instance, _ in slot.due))


def _by_urgency(slot: Slot) -> tuple[bool, int]:
    return (bool(slot.serving), slot.number)


class _Window:
    """What may still be started and stopped in this pass."""

    def __init__(
        self, *, spec: ServiceSpec, slots: Sequence[Slot], order: Order, now: datetime
    ) -> None:
        self.order = order
        self.holds_back = not order.is_start_first
        self.fill: list[Slot] = []
        self.release: list[tuple[Instance, str]] = []
        self.waiting: list[Slot] = []
        available = sum(slot.is_available for slot in slots)
        self.spare = available - (len(slots) - unavailable_max(spec))
        moving = sum(_is_moving(slot) for slot in slots)
        self.room = spec.update.parallelism - moving
        self.surge = spec.update.max_surge - sum(
            bool(slot.serving) and slot.keeper is not None for slot in slots
        )
        self.not_before = self._pause_ends(slots, spec.update.delay_seconds, now)
        self.is_recreate = spec.update.strategy is Strategy.RECREATE
        self.are_all_gone = not any(slot.leaving for slot in slots)

    def _pause_ends(
        self, slots: Sequence[Slot], delay_seconds: float, now: datetime
    ) -> datetime | None:
        """When the delay after the latest replacement ends, if it has not."""
        if not delay_seconds or not any(slot.due for slot in slots):
            return None
        ready = [slot.keeper.ready_at for slot in slots if slot.keeper and slot.keeper.ready_at]
        ends = max(ready) + timedelta(seconds=delay_seconds) if ready else now
        return ends if ends > now else None

    def settle(self, slot: Slot) -> None:
        """Do for a slot what needs no window."""
        keeper = slot.keeper
        if keeper is not None:
            self.release += [(extra, "another instance has its slot") for extra in slot.good[1:]]
            for instance, reason in slot.due:
                if _runs(slot) or (instance not in slot.serving and reason is not Reason.LOST):
                    self.release.append((instance, f"replaced: {reason}"))
        elif all(reason is Reason.LOST for _, reason in slot.due):
            if self._may_fill(slot):
                self.fill.append(slot)
        else:
            self.waiting.append(slot)

    def replace(self, slot: Slot) -> None:
        """Begin to replace what is due in a slot, if the window allows it."""
        if self.room <= 0:
            return
        if not slot.serving:
            self.room -= 1
            self._swap(slot)
        elif self.not_before is not None:
            return
        elif self.order.is_start_first:
            if self.surge > 0:
                self.room -= 1
                self.surge -= 1
                self.fill.append(slot)
        elif self.spare > 0:
            self.room -= 1
            self.spare -= 1
            self._swap(slot)

    def _swap(self, slot: Slot) -> None:
        """What is due leaves now; the successor follows when it may share the node with it."""
        for instance, reason in slot.due:
            if reason is not Reason.LOST:
                self.release.append((instance, f"replaced: {reason}"))
        if self.order.is_start_first:
            self.fill.append(slot)

    def _may_fill(self, slot: Slot) -> bool:
        if self.is_recreate:
            return self.are_all_gone
        return not (self.holds_back and slot.leaving)


def _runs(slot: Slot) -> bool:
    keeper = slot.keeper
    return keeper is not None and is_done(keeper)


def _is_moving(slot: Slot) -> bool:
    """Whether a replacement is under way: begun and not running yet."""
    if slot.keeper is None:
        return bool(slot.leaving) and not slot.due
    return not _runs(slot)
