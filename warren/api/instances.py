"""Instances over the wire: looking at them."""

from collections.abc import AsyncIterator

from google.protobuf.message import Message

from warren.api.following import follow
from warren.api.guard import Call
from warren.api.lookup import find, page_of, words_of
from warren.api.recorder import Recorder
from warren.api.writing import verb_of
from warren.model.instance import Instance
from warren.store.store import Store
from warren.wire.conversion import encode
from warren.wire.requests import trim
from warren.wire.v1 import call_pb2, instance_pb2 as api

_STATES = api.DESCRIPTOR.enum_types_by_name["InstanceState"]


class Instances:
    """The RPCs of ``InstanceApi``; each method is one, and its name is the RPC's.

    Args:
        recorder: the manager that is spoken for.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def get_instance(self, request: api.GetInstanceRequest, call: Call) -> Message:
        """Read one; of several that had one slot after each other, the newest."""
        store = self._recorder.store
        found = find(store.instances, request.instance, "instance", tenant=call.tenant)
        return encode(found, api.Instance)

    async def list_instances(
        self, request: api.ListInstancesRequest, call: Call
    ) -> api.ListInstancesResponse:
        """List them by service and slot."""
        store = self._recorder.store
        states = words_of(_STATES, request.states)
        chosen = [
            each
            for each in _of_node(store, request.node)
            if (request.all_tenants or each.tenant == call.tenant)
            and request.service in {"", each.service, each.service_id}
            and (not states or each.state.value in states)
        ]
        part, page = page_of(chosen, _by_slot, request.page, sequence=store.sequence)
        answer = api.ListInstancesResponse(page=page)
        for each in part:
            message = encode(each, api.Instance)
            trim(message, list(request.fields.paths), path=("fields",))
            answer.instances.append(message)
        return answer

    async def watch_instances(
        self, request: api.WatchInstancesRequest, call: Call
    ) -> AsyncIterator[api.WatchInstancesResponse]:
        """Follow them."""

        def concerns(each: Instance) -> bool:
            return (
                (request.all_tenants or each.tenant == call.tenant)
                and request.service in {"", each.service, each.service_id}
                and request.node in {"", each.node}
            )

        store = self._recorder.store
        steps = follow(
            store,
            store.instances,
            "instances",
            after_sequence=request.after_sequence,
            concerns=concerns,
        )
        async for step in steps:
            yield api.WatchInstancesResponse(
                sequence=step.sequence,
                verb=verb_of(step.verb) if step.thing else call_pb2.VERB_UNSPECIFIED,
                instance=encode(step.thing, api.Instance) if step.thing else None,
                synced=step.thing is None,
            )


def _of_node(store: Store, node: str) -> tuple[Instance, ...]:
    return store.instances.by_index("node", node) if node else store.instances.list()


def _by_slot(each: Instance) -> tuple[str, ...]:
    return (each.tenant, each.service, f"{each.slot:09}", each.id)
