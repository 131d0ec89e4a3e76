"""Carries out a requested change: read, decide, write; again if somebody else was faster."""

from collections.abc import Callable

from warren.aio.clock import Clock
from warren.api import decisions
from warren.api.decisions import Decision
from warren.client import contract
from warren.client.contract import Change, Changed
from warren.control import validation
from warren.daemon.nodes import node_of
from warren.fleet.facts import gathering
from warren.fleet.host import Host
from warren.model.errors import Conflict, InUse, NotFound, Unsupported
from warren.model.ids import derived_id
from warren.model.node import Node
from warren.model.resource import Resource
from warren.model.service import Service, ServiceSpec
from warren.model.states import InstanceState, NodeState
from warren.model.validation import nearest
from warren.providers.registry import Registry
from warren.store.store import Store

ATTEMPTS_MAX = 5


class Changes:
    """Carries out changes on a store.

    Args:
        store: the record.
        reach: the host of a node, for its facts.
        clock: stamps records.
        seed: names the record as it was at the start; ids of new services follow from it, so that
            a plan and the run after it name them alike.
    """

    def __init__(
        self,
        store: Store,
        reach: Callable[[str], Host],
        clock: Clock,
        *,
        seed: str,
        registry: Registry,
    ) -> None:
        self._registry = registry
        self._seed = seed
        self._store = store
        self._reach = reach
        self._clock = clock

    async def carry_out(self, change: Change, store: Store | None = None) -> Changed:
        """Record a change, in ``store`` if that is given (a plan's copy).

        Raises:
            WarrenError: it is refused; nothing was written.
        """
        target = store or self._store
        for attempt in range(ATTEMPTS_MAX):
            decision, what = await self._decide(target, change)
            try:
                await _write(target, decision)
            except Conflict:
                if attempt == ATTEMPTS_MAX - 1:
                    raise
            else:
                return changed_of(decision, what)
        raise AssertionError("the last attempt returns or raises")

    async def _decide(self, store: Store, change: Change) -> tuple[Decision, str]:
        now = self._clock.now()
        match change:
            case contract.ApplyService(spec=spec, keep_replicas=keep):
                check_spec(store, spec, self._registry)
                existing = store.services.named(spec.name, spec.tenant)
                new_id = derived_id("service", store.cluster_id, self._seed, spec.tenant, spec.name)
                decision = decisions.apply_service(
                    existing, spec, now=now, new_id=lambda: new_id, keep_replicas=keep
                )
                return decision, f"service {spec.name}"
            case contract.RegisterNode(name=name):
                (result,) = await self._reach(name).run([gathering.COMMAND])
                facts = gathering.parse(name, result)
                node_id = derived_id("node", store.cluster_id, name)
                wanted = node_of(change, facts, node_id=node_id, now=now)
                return decisions.register_node(store.nodes.named(name), wanted), f"node {name}"
            case contract.RemoveNode(name=name):
                return _remove_node(store, name), f"node {name}"
            case contract.DeleteService(name=name, tenant=tenant):
                found = store.services.named(name, tenant)
                return decisions.delete_service(found, now=now), f"service {name}"
        service = decisions.find_service(store.services.list(), change.name, change.tenant)
        match change:
            case contract.ScaleService(replicas=replicas):
                decision = decisions.scale_service(service, replicas, now=now)
            case contract.StopService():
                decision = decisions.stop_service(service, now=now)
            case contract.StartService():
                decision = decisions.start_service(service, now=now)
        return decision, f"service {change.name}"


def check_spec(store: Store, spec: ServiceSpec, registry: Registry) -> None:
    """Refuse what could never come true, before it is recorded.

    Raises:
        PermanentError: with what and why.
    """
    validation.check_supported(spec)
    is_new = store.services.named(spec.name, spec.tenant) is None
    nodes = store.nodes.list()
    validation.check_among(spec, store.services, nodes, is_new=is_new)
    refusals: list[Unsupported] = []
    candidates = [node for node in nodes if spec.provider in {None, node.provider}]
    for node in candidates:
        try:
            registry.get(node.provider).check(spec, node)
        except Unsupported as refusal:
            refusals.append(refusal)
    if refusals and len(refusals) == len(candidates):
        raise refusals[0]


def changed_of(decision: Decision, what: str) -> Changed:
    """A decision in the client's words."""
    verb = decision.verb
    assert verb in {"created", "updated", "deleted", "unchanged"}, verb
    return Changed(
        what=what,
        verb=verb,  # type: ignore[arg-type] # one of the four
        before=_spec_of(decision.before),
        after=None if verb == "deleted" else _spec_of(decision.after),
    )


async def _write(store: Store, decision: Decision) -> None:
    if decision.verb == "unchanged":
        return
    if decision.after is not None:
        await store.write(puts=[decision.after])
    elif decision.before is not None:
        await store.write(deletes=[decision.before])


def _remove_node(store: Store, name: str) -> Decision:
    node = store.nodes.named(name)
    if node is None:
        close = nearest(name, [one.name for one in store.nodes])
        hint = f"did you mean {close!r}?" if close else "`warren node list` shows what there is"
        raise NotFound(f"no node is named {name!r}", hint=hint)
    held = [
        f"{one.service}.{one.slot}"
        for one in store.instances.by_index("node", name)
        if one.desired == "running" and one.state is not InstanceState.FAILED
    ]
    if held and node.state is not NodeState.DOWN:
        raise InUse(
            f"node {name} runs {', '.join(sorted(held))}",
            hint="move the services away by a constraint, or delete them",
        )
    return Decision(verb="deleted", before=node, after=None)


def _spec_of(resource: Resource | None) -> dict[str, object] | None:
    if resource is None:
        return None
    if isinstance(resource, Service):
        return resource.spec.model_dump(mode="json", exclude_defaults=True)
    assert isinstance(resource, Node)
    shown = {"labels", "role", "region", "datacenter", "provider", "address", "arch"}
    return resource.model_dump(mode="json", include=shown)
