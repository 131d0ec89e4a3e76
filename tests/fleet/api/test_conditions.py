"""How well a service is, as a caller reads it."""

from pathlib import Path

from tests.fleet.api.test_api_journeys import create
from tests.fleet.api.world import CLOCK, world
from warren.model.instance import Health, Instance
from warren.model.states import InstanceState
from warren.pki.identity import Role
from warren.wire.v1 import service_api_pb2 as api

RUNNING = InstanceState.RUNNING


def instance(slot: int, service_id: str, state: InstanceState, health: Health) -> Instance:
    return Instance(
        id=f"ins_{slot}",
        name=f"web.{slot}",
        created_at=CLOCK.now(),
        updated_at=CLOCK.now(),
        service_id=service_id,
        service="web",
        slot=slot,
        release=1,
        spec_hash="0" * 16,
        state=state,
        health=health,
    )


async def test_a_service_is_as_well_as_the_worst_of_its_instances(tmp_path: Path) -> None:
    request = api.GetServiceHealthRequest(service="web")
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        service = (await caller.call("CreateService", create())).service
        health = await caller.call("GetServiceHealth", request)
        assert (health.status, health.instances) == (api.HEALTH_STATUS_UNSPECIFIED, 0)
        steps = [
            (RUNNING, Health(), api.HEALTH_STATUS_UNSPECIFIED),
            (RUNNING, Health(healthy=True), api.HEALTH_STATUS_HEALTHY),
            (RUNNING, Health(healthy=True, failures=1), api.HEALTH_STATUS_DEGRADED),
            (RUNNING, Health(healthy=False, failures=3), api.HEALTH_STATUS_UNHEALTHY),
            (InstanceState.FAILED, Health(healthy=True), api.HEALTH_STATUS_UNHEALTHY),
            (InstanceState.STARTING, Health(), api.HEALTH_STATUS_UNHEALTHY),
        ]
        for slot, (state, said, worst) in enumerate(steps, 1):
            await made.store.write(puts=[instance(slot, service.id, state, said)])
            health = await caller.call("GetServiceHealth", request)
            assert health.status == worst, slot
        counts = (health.healthy, health.degraded, health.unhealthy, health.unknown)
        assert (health.instances, *counts) == (6, 1, 1, 2, 2)
