"""The cluster over the wire: what it is, who takes part, how well it is, and who is asking."""

from typing import Any

from warren import __version__
from warren.aio.clock import Clock
from warren.api.guard import Call
from warren.api.recorder import Peer, Recorder
from warren.model.errors import TransientError
from warren.model.manager import ManagerRecord
from warren.model.states import NodeState
from warren.wire.schema import enum_texts
from warren.wire.v1 import access_pb2, health_pb2, identity_pb2, manager_pb2 as api, service_api_pb2

_HEALTHY = service_api_pb2.HEALTH_STATUS_HEALTHY
_DEGRADED = service_api_pb2.HEALTH_STATUS_DEGRADED
_UNHEALTHY = service_api_pb2.HEALTH_STATUS_UNHEALTHY
_ROLES: dict[str, Any] = {
    text: number
    for number, text in enum_texts(access_pb2.DESCRIPTOR.enum_types_by_name["CallerRole"]).items()
}


class Cluster:
    """The RPCs of ``ManagerApi`` that look.

    Args:
        recorder: the manager that is spoken for.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def get_cluster_info(
        self, _request: api.GetClusterInfoRequest, _call: Call
    ) -> api.GetClusterInfoResponse:
        """Read what the cluster is, and who leads it."""
        store, standing = self._recorder.store, self._recorder.standing()
        began = min((each.created_at for each in store.authority), default=None)
        return api.GetClusterInfoResponse(
            cluster_id=store.cluster_id,
            leader=standing.leader,
            leader_address=standing.leader_address,
            term=standing.term,
            managers=self._managers(),
            nodes=len(store.nodes),
            services=len(store.services),
            instances=len(store.instances),
            warren_version=__version__,
            sequence=store.sequence,
            created_at=began,
        )

    async def list_managers(
        self, _request: api.ListManagersRequest, _call: Call
    ) -> api.ListManagersResponse:
        """List managers by name."""
        return api.ListManagersResponse(managers=self._managers())

    def _managers(self) -> list[api.Manager]:
        standing, peers = self._recorder.standing(), self._recorder.peers()
        records = sorted(self._recorder.store.managers, key=lambda each: each.name)
        return [
            _manager(each, peers[each.member], leads=each.member == standing.leader)
            for each in records
            if each.member in peers
        ]


def _manager(record: ManagerRecord, peer: Peer, *, leads: bool) -> api.Manager:
    is_learner = peer.suffrage == "learner"
    return api.Manager(
        member=record.member,
        name=record.name,
        address=record.api_address,
        peer_address=record.peer_address,
        suffrage=api.SUFFRAGE_LEARNER if is_learner else api.SUFFRAGE_VOTER,
        leader=leads,
        reachable=leads or peer.is_reachable,
        match_index=peer.match_index,
    )


class Health:
    """The RPC of ``HealthApi``.

    Args:
        recorder: the manager that is spoken for.
        clock: says when.
    """

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock

    async def get_health_status(
        self, _request: health_pb2.GetHealthStatusRequest, _call: Call
    ) -> health_pb2.GetHealthStatusResponse:
        """Read how well the cluster is, as this manager sees it."""
        consensus = await self._consensus()
        checks = [self._nodes(), consensus]
        return health_pb2.GetHealthStatusResponse(
            status=max(each.status for each in checks),
            checks=checks,
            at=self._clock.now(),
            warren_version=__version__,
            ready=consensus.status == _HEALTHY,
        )

    async def _consensus(self) -> health_pb2.Check:
        standing = self._recorder.standing()
        try:
            await self._recorder.fence()
        except TransientError as error:
            return health_pb2.Check(name="raft", status=_UNHEALTHY, message=error.message)
        message = f"manager {standing.leader} leads in term {standing.term}"
        return health_pb2.Check(name="raft", status=_HEALTHY, message=message)

    def _nodes(self) -> health_pb2.Check:
        nodes = self._recorder.store.nodes.list()
        down = sorted(each.name for each in nodes if each.state is NodeState.DOWN)
        if not down:
            return health_pb2.Check(name="nodes", status=_HEALTHY, message=f"{len(nodes)} nodes")
        status = _UNHEALTHY if len(down) == len(nodes) else _DEGRADED
        return health_pb2.Check(name="nodes", status=status, message=f"down: {', '.join(down)}")


class WhoAsks:
    """The RPC of ``IdentityApi`` that says who the caller is.

    Args:
        cluster: id of the cluster.
    """

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster

    async def who_am_i(
        self, _request: identity_pb2.WhoAmIRequest, call: Call
    ) -> identity_pb2.Identity:
        """Say who the caller is."""
        caller, identity = call.caller, call.caller.identity
        if identity is None:  # the socket: whoever may open it looks
            return identity_pb2.Identity(
                cluster=self._cluster, role=_ROLES["viewer"], name=caller.called
            )
        return identity_pb2.Identity(
            cluster=identity.cluster,
            role=_ROLES[identity.role.value],
            name=identity.name,
            tenant=identity.tenant,
            serial=f"{caller.serial:x}",
            not_after=caller.not_after,
        )
