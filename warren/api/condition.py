"""How well services are, by what the probes of their instances said."""

from collections import Counter

from warren.api.guard import Call
from warren.api.lookup import find
from warren.api.recorder import Recorder
from warren.model.instance import Instance
from warren.model.states import InstanceState
from warren.wire.v1 import service_api_pb2 as api

_UNKNOWN = api.HEALTH_STATUS_UNSPECIFIED
_HEALTHY = api.HEALTH_STATUS_HEALTHY
_DEGRADED = api.HEALTH_STATUS_DEGRADED
_UNHEALTHY = api.HEALTH_STATUS_UNHEALTHY


class Conditions:
    """The RPC of ``ServiceApi`` that tells how well a service is.

    Args:
        recorder: the manager that is spoken for.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def get_service_health(
        self, request: api.GetServiceHealthRequest, call: Call
    ) -> api.ServiceHealth:
        """Read how well one is: the worst of its instances."""
        store = self._recorder.store
        service = find(store.services, request.service, "service", tenant=call.tenant)
        wanted = [
            condition_of(each)
            for each in store.instances.by_index("service_id", service.id)
            if each.desired == "running"
        ]
        counts = Counter(wanted)
        return api.ServiceHealth(
            service_id=service.id,
            service=service.name,
            status=max(wanted, default=_UNKNOWN),
            instances=len(wanted),
            healthy=counts[_HEALTHY],
            degraded=counts[_DEGRADED],
            unhealthy=counts[_UNHEALTHY],
            unknown=counts[_UNKNOWN],
        )


def condition_of(instance: Instance) -> api.HealthStatus:
    """How well an instance is; one that is only coming up, or has no check, is not known to be."""
    health = instance.health
    if instance.state is InstanceState.FAILED or health.healthy is False:
        return _UNHEALTHY
    if instance.state is not InstanceState.RUNNING or health.healthy is None:
        return _UNKNOWN
    return _DEGRADED if health.failures else _HEALTHY
