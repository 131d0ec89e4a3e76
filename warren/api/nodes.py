"""Nodes over the wire: looking at them, adding and removing them, and taking them out of use."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Protocol

from warren.aio.clock import Clock
from warren.api import decisions
from warren.api.decisions import Decision
from warren.api.following import follow
from warren.api.guard import Call
from warren.api.lookup import find, has_labels, page_of, words_of
from warren.api.recorder import Recorder
from warren.api.writing import carry_out, check_version, verb_of, written_of
from warren.model.errors import Unsupported
from warren.model.node import Node, NodeSpec
from warren.model.resource import Resource
from warren.store.store import Store
from warren.wire.conversion import decode, encode
from warren.wire.v1 import call_pb2, node_pb2 as api

_STATES = api.DESCRIPTOR.enum_types_by_name["NodeState"]
_ROLES = api.DESCRIPTOR.enum_types_by_name["NodeRole"]


class Surveyor(Protocol):
    """Finds out what a host is like."""

    async def survey(self, spec: NodeSpec) -> Node:
        """The host as a node, as it would be recorded if it was not yet.

        Raises:
            WarrenError: it cannot be reached, or cannot be a node.
        """
        ...


class Nodes:
    """The RPCs of ``NodeApi``; each method is one, and its name is the RPC's.

    Args:
        recorder: the manager that is spoken for.
        clock: stamps records.
        last_seen: when the leader last heard from the node of that name, if it has.
    """

    def __init__(
        self, recorder: Recorder, clock: Clock, *, last_seen: Callable[[str], datetime | None]
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._last_seen = last_seen

    async def get_node(self, request: api.GetNodeRequest, _call: Call) -> api.GetNodeResponse:
        """Read one, with what is used of it."""
        store = self._recorder.store
        node = find(store.nodes, request.node, "node")
        held = [
            each
            for each in store.instances.by_index("node", node.name)
            if not decisions.has_ended(each)
        ]
        cpus, memory_bytes = decisions.allocated(held, store.services.get)
        return api.GetNodeResponse(
            node=encode(node, api.Node),
            allocated=api.Capacity(cpus=cpus, memory_bytes=memory_bytes),
            instances=len(held),
            last_seen_at=self._last_seen(node.name),
        )

    async def list_nodes(self, request: api.ListNodesRequest, _call: Call) -> api.ListNodesResponse:
        """List them by name."""
        store = self._recorder.store
        states, roles = words_of(_STATES, request.states), words_of(_ROLES, request.roles)
        chosen = [
            node
            for node in store.nodes
            if (not states or node.state.value in states)
            and (not roles or node.role.value in roles)
            and has_labels(node, request.labels)
            and request.region in {"", node.region}
            and request.provider in {"", node.provider}
        ]
        part, page = page_of(chosen, _by_name, request.page, sequence=store.sequence)
        return api.ListNodesResponse(nodes=[encode(each, api.Node) for each in part], page=page)

    async def watch_nodes(
        self, request: api.WatchNodesRequest, _call: Call
    ) -> AsyncIterator[api.WatchNodesResponse]:
        """Follow them."""
        store = self._recorder.store
        steps = follow(
            store,
            store.nodes,
            "nodes",
            after_sequence=request.after_sequence,
            concerns=lambda _: True,
        )
        async for step in steps:
            yield api.WatchNodesResponse(
                sequence=step.sequence,
                verb=verb_of(step.verb) if step.thing else call_pb2.VERB_UNSPECIFIED,
                node=encode(step.thing, api.Node) if step.thing else None,
                synced=step.thing is None,
            )

    async def update_node(self, request: api.UpdateNodeRequest, _call: Call) -> api.NodeWritten:
        """Change labels, region or datacenter of one."""
        return await self._change(
            request.node,
            request.write,
            lambda node: decisions.update_node(
                node,
                now=self._clock.now(),
                set_labels=dict(request.set_labels),
                remove_labels=tuple(request.remove_labels),
                region=request.region if request.HasField("region") else None,
                datacenter=request.datacenter if request.HasField("datacenter") else None,
            ),
        )

    async def drain_node(self, request: api.DrainNodeRequest, _call: Call) -> api.NodeWritten:
        """Have all instances of one moved away."""
        return await self._change(
            request.node,
            request.write,
            lambda node: decisions.drain_node(node, now=self._clock.now()),
        )

    async def undrain_node(self, request: api.UndrainNodeRequest, _call: Call) -> api.NodeWritten:
        """Let one take instances again."""
        return await self._change(
            request.node,
            request.write,
            lambda node: decisions.undrain_node(node, now=self._clock.now()),
        )

    async def remove_node(self, request: api.RemoveNodeRequest, _call: Call) -> call_pb2.Written:
        """Forget one."""
        if request.force:
            raise Unsupported(
                "a node that answers is not forgotten while it has instances",
                hint="drain it first: warren node drain NAME",
            )

        def decide(store: Store) -> Decision:
            node = find(store.nodes, request.node, "node")
            check_version(node, request.write.expected_version)
            return decisions.remove_node(node, store.instances.by_index("node", node.name))

        return written_of(await carry_out(self._recorder, decide), self._recorder.store)

    async def _change(
        self, name: str, options: call_pb2.WriteOptions, change: Callable[[Node], Decision]
    ) -> api.NodeWritten:
        def decide(store: Store) -> Decision:
            node = find(store.nodes, name, "node")
            check_version(node, options.expected_version)
            return change(node)

        return await _write(self._recorder, decide)


class Registration:
    """The RPC of ``NodeApi`` that looks at a host.

    Args:
        recorder: the manager that is spoken for.
        surveyor: see there.
    """

    def __init__(self, recorder: Recorder, surveyor: Surveyor) -> None:
        self._recorder = recorder
        self._surveyor = surveyor

    async def register_node(self, request: api.RegisterNodeRequest, _call: Call) -> api.NodeWritten:
        """Add a host as a node, or refresh what is known of it."""
        spec = decode(request.spec, NodeSpec, path=("spec",))
        wanted = await self._surveyor.survey(spec)

        def decide(store: Store) -> Decision:
            existing = store.nodes.named(spec.name)
            if existing is not None:
                check_version(existing, request.write.expected_version)
            return decisions.register_node(existing, wanted)

        return await _write(self._recorder, decide)


async def _write(recorder: Recorder, decide: Callable[[Store], Decision]) -> api.NodeWritten:
    decision = await carry_out(recorder, decide)
    assert decision.after is not None, "a node that is changed is there afterwards"
    return api.NodeWritten(
        written=written_of(decision, recorder.store), node=encode(decision.after, api.Node)
    )


def _by_name(each: Resource) -> tuple[str, ...]:
    return (each.name,)
