"""What the loop remembers between passes, and nobody needs after it: whom not to bother yet.

A removal that failed, or a host that hung, would otherwise be tried in every pass. Nothing here is a
fact about the cluster, so a controller that dies loses nothing with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from warren.control.actions import Action, Deprovision, Resize
from warren.control.effects import Outcome
from warren.control.snapshot import Wait
from warren.model.errors import HostUnreachable
from warren.model.node import Node
from warren.model.observed import NodeView

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long to leave alone what failed: doubling from ``first`` to ``ceiling``, in seconds."""

    first_seconds: float
    ceiling_seconds: float

    def after(self, failures: int) -> timedelta:
        """The delay after that many failures in a row."""
        doublings = min(failures - 1, 64)
        return timedelta(seconds=min(self.first_seconds * 2.0**doublings, self.ceiling_seconds))


ACTION_DELAYS = Delays(first_seconds=1.0, ceiling_seconds=60.0)
NODE_DELAYS = Delays(first_seconds=10.0, ceiling_seconds=60.0)


@dataclass(frozen=True, slots=True)
class _Failure:
    count: int
    until: datetime
    message: str


class ActionPacer:
    """Holds back removals and resizes that failed; starts are paced by the record itself."""

    def __init__(self, *, hopeless_after: int) -> None:
        self._hopeless_after = hopeless_after
        self._failures: dict[Key, _Failure] = {}

    def due(self, actions: Sequence[Action], now: datetime) -> tuple[Action, ...]:
        """Those of ``actions`` that may be tried now."""
        return tuple(action for action in actions if not self._held(action, now))

    def waits(self, actions: Sequence[Action], now: datetime) -> tuple[Wait, ...]:
        """When the others may."""
        held = [(action, failure) for action in actions if (failure := self._held(action, now))]
        return tuple(
            Wait(
                until=failure.until,
                service_id=action.instance.service_id if isinstance(action, Resize) else "",
                is_hopeless=failure.count > self._hopeless_after,
            )
            for action, failure in held
        )

    def learn(self, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Remember what failed and forget what went well."""
        for outcome in outcomes:
            key = _key(outcome.action)
            if key is None:
                continue
            if outcome.error is None or isinstance(outcome.error, HostUnreachable):
                self._failures.pop(key, None)
                continue
            count = self._failures[key].count + 1 if key in self._failures else 1
            until = now + ACTION_DELAYS.after(count)
            self._failures[key] = _Failure(count, until, outcome.error.message)

    def problems(self, actions: Sequence[Action]) -> tuple[str, ...]:
        """Why those of ``actions`` that failed did."""
        return tuple(
            f"{_name(action)} on {action.node}: {failure.message}"
            for action in actions
            if (failure := self._failures.get(_key(action) or ())) is not None
        )

    def _held(self, action: Action, now: datetime) -> _Failure | None:
        failure = self._failures.get(_key(action) or ())
        return failure if failure is not None and failure.until > now else None


class NodePacer:
    """Looks at a silent node again only after a while, and shows its old view meanwhile.

    A host that hangs costs its timeout at every look.
    """

    def __init__(self) -> None:
        self._views: dict[str, NodeView] = {}
        self._failures: dict[str, _Failure] = {}

    def due(self, nodes: Iterable[Node], now: datetime) -> tuple[Node, ...]:
        """The nodes to look at now."""
        return tuple(
            node
            for node in nodes
            if (failure := self._failures.get(node.name)) is None or failure.until <= now
        )

    def learn(self, views: Iterable[NodeView], now: datetime) -> None:
        """Remember the latest view of each node."""
        for view in views:
            self._views[view.node] = view
            if view.reachable:
                self._failures.pop(view.node, None)
                continue
            known = self._failures.get(view.node)
            count = known.count + 1 if known else 1
            self._failures[view.node] = _Failure(count, now + NODE_DELAYS.after(count), view.error)

    def learn_from(self, outcomes: Iterable[Outcome], now: datetime) -> None:
        """A node that was not reachable for an action need not be looked at to know."""
        silent = {
            outcome.action.node: outcome.error
            for outcome in outcomes
            if isinstance(outcome.error, HostUnreachable)
        }
        for name, error in silent.items():
            old = self._views.get(name) or NodeView(node=name, taken_at=now, reachable=False)
            lost = replace(
                old,
                taken_at=now,
                reachable=False,
                instances=(),
                error=error.message,
                unreachable_kind="unreachable",
            )
            self.learn([lost], now)

    def views(self, nodes: Iterable[Node]) -> tuple[NodeView, ...]:
        """The latest view of each of ``nodes``."""
        return tuple(self._views[node.name] for node in nodes if node.name in self._views)


def _key(action: Action) -> Key | None:
    match action:
        case Deprovision(node=node, instance_id=instance_id):
            return ("remove", node, instance_id)
        case Resize(node=node, engine_id=engine_id, resources=resources):
            return ("resize", node, engine_id, str(resources))
        case _:
            return None


def _name(action: Action) -> str:
    match action:
        case Deprovision(service=service, slot=slot):
            return f"{service}-{slot} cannot be removed"
        case _:
            return f"{action.instance.name} cannot be changed"
