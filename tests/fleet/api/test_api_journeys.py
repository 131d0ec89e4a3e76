"""What callers do with the API, over TLS on real sockets, with a record on a real disk."""

import asyncio
import ssl
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import (  # type: ignore[import-untyped]
    reflection_pb2,
    reflection_pb2_grpc,
)

from tests.fleet.api.world import (
    CLOCK,
    FollowingRecorder,
    LoneRecorder,
    Refused,
    World,
    beside,
    world,
)
from warren.api.callers import ON_BEHALF_OF
from warren.api.serving import Places, serve
from warren.model import errors
from warren.model.instance import Instance
from warren.pki.identity import Role
from warren.wire.v1 import (
    call_pb2,
    instance_pb2,
    manager_pb2,
    node_pb2,
    service_api_pb2 as api,
    service_pb2,
)

WRITE = call_pb2.WriteOptions


def spec(name: str = "web", image: str = "web:1", replicas: int = 3, **fields: Any) -> Any:
    container = {"name": "main", "image": image}
    return service_pb2.ServiceSpec(name=name, containers=[container], replicas=replicas, **fields)


def create(name: str = "web", **fields: Any) -> api.CreateServiceRequest:
    return api.CreateServiceRequest(spec=spec(name), **fields)


async def test_a_service_is_created_changed_listed_and_deleted(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        created = await caller.call("CreateService", create())
        assert created.written.verb == call_pb2.VERB_CREATED
        assert created.service.id == created.written.id == made.store.services.list()[0].id

        updated = await caller.call(
            "UpdateService", api.UpdateServiceRequest(spec=spec(image="web:2"))
        )
        assert (updated.written.verb, updated.written.version) == (call_pb2.VERB_UPDATED, 2)
        again = await caller.call(
            "UpdateService", api.UpdateServiceRequest(spec=spec(image="web:2"))
        )
        assert again.written.verb == call_pb2.VERB_UNCHANGED

        scaled = await caller.call(
            "ScaleService", api.ScaleServiceRequest(service="web", replicas=5)
        )
        assert scaled.service.spec.replicas == 5
        rolled = await caller.call(
            "RollbackService", api.RollbackServiceRequest(service=created.service.id)
        )
        assert rolled.service.spec.containers[0].image == "web:1"
        assert rolled.service.spec.replicas == 5
        imaged = await caller.call(
            "UpdateServiceImage", api.UpdateServiceImageRequest(service="web", image="web:9")
        )
        assert imaged.service.spec.containers[0].image == "web:9"
        releases = await caller.call("ListReleases", api.ListReleasesRequest(service="web"))
        assert [each.number for each in releases.releases] == [4, 3, 2, 1]

        listed = await caller.call("ListServices")
        assert [each.name for each in listed.services] == ["web"]
        deleted = await caller.call("DeleteService", api.DeleteServiceRequest(service="web"))
        assert deleted.verb == call_pb2.VERB_DELETED
        shown = await caller.call("GetService", api.GetServiceRequest(service="web"))
        assert shown.state == service_pb2.SERVICE_STATE_DESTROYING


async def test_refusals_say_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        await caller.call("CreateService", create())
        cases: list[tuple[str, Any, type[Exception], str]] = [
            ("CreateService", create(), errors.AlreadyExists, "named 'web' already"),
            ("GetService", api.GetServiceRequest(service="wob"), errors.NotFound, "'web'"),
            ("GetService", api.GetServiceRequest(), errors.InvalidInput, "service"),
            ("ScaleService", api.ScaleServiceRequest(service="web"), errors.InvalidInput, "replic"),
            (
                "ScaleService",
                api.ScaleServiceRequest(service="web", replicas=1, write=WRITE(expected_version=9)),
                errors.Conflict,
                "version 1, not 9",
            ),
            ("CreateService", api.CreateServiceRequest(), errors.InvalidInput, "spec.name"),
            ("CreateService", create("db", notes="first"), errors.Unsupported, "notes"),
            (
                "ListServices",
                api.ListServicesRequest(page=call_pb2.Page(token="nonsense")),
                errors.InvalidInput,
                "page.token",
            ),
            (
                "ListServices",
                api.ListServicesRequest(page=call_pb2.Page(size=-1)),
                errors.InvalidInput,
                "page.size",
            ),
        ]
        for name, request, kind, text in cases:
            with pytest.raises(Refused) as refused:
                await caller.call(name, request)
            assert type(refused.value.error) is kind, name
            assert text in str(refused.value.error), name
        assert made.store.sequence == 1


async def test_tenants_do_not_see_or_touch_each_other(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as made,
        made.calling_as(Role.OPERATOR, tenant="shop") as shop,
        made.calling_as(Role.OPERATOR, tenant="blog") as blog,
        made.calling_as(Role.ADMIN) as admin,
    ):
        created = await shop.call("CreateService", create())
        assert created.service.tenant == "shop"
        with pytest.raises(Refused) as refused:
            await shop.call("CreateService", api.CreateServiceRequest(spec=spec(tenant="blog")))
        assert isinstance(refused.value.error, errors.InvalidInput)
        for name in ("web", created.service.id):
            with pytest.raises(Refused) as refused:
                await blog.call("GetService", api.GetServiceRequest(service=name))
            assert isinstance(refused.value.error, errors.NotFound)
        with pytest.raises(Refused) as refused:
            await blog.call("ListServices", api.ListServicesRequest(all_tenants=True))
        assert isinstance(refused.value.error, errors.Denied)
        assert not (await blog.call("ListServices")).services
        assert not (await admin.call("ListServices")).services
        everything = await admin.call("ListServices", api.ListServicesRequest(all_tenants=True))
        assert [each.tenant for each in everything.services] == ["shop"]


async def test_pages_of_a_list_meet_without_gap_or_repetition(tmp_path: Path) -> None:
    names = [f"s{number:02}" for number in range(25)]
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        for name in names:
            await caller.call("CreateService", create(name))
        seen: list[str] = []
        token = ""
        while True:
            request = api.ListServicesRequest(page=call_pb2.Page(size=10, token=token))
            request.fields.paths.append("name")
            part = await caller.call("ListServices", request)
            assert part.page.total == 25
            assert not any(each.releases for each in part.services)
            seen += [each.name for each in part.services]
            token = part.page.next_token
            if not token:
                break
        assert seen == names


async def test_a_change_that_is_sent_again_is_made_once(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        request = create(write=WRITE(idempotency_key="k1"))
        first, second = await asyncio.gather(
            caller.call("CreateService", request), caller.call("CreateService", request)
        )
        third = await caller.call("CreateService", request)
        assert first == second == third
        assert made.store.sequence == 1
        with pytest.raises(Refused) as refused:
            await caller.call("CreateService", create("db", write=WRITE(idempotency_key="k1")))
        assert "idempotency_key" in str(refused.value.error)
        failing = api.ScaleServiceRequest(
            service="web", replicas=1, write=WRITE(idempotency_key="k2", expected_version=2)
        )
        with pytest.raises(Refused):
            await caller.call("ScaleService", failing)
        await caller.call("ScaleService", api.ScaleServiceRequest(service="web", replicas=7))
        retried = await caller.call("ScaleService", failing)  # it has that version now
        assert retried.service.spec.replicas == 1


async def test_keys_of_callers_with_one_name_in_two_tenants_are_two(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as made,
        made.calling_as(Role.OPERATOR, tenant="shop") as shop,
        made.calling_as(Role.OPERATOR, tenant="blog") as blog,
    ):
        request = create(write=WRITE(idempotency_key="k1"))
        answers = [await each.call("CreateService", request) for each in (shop, blog)]
        assert [each.service.tenant for each in answers] == ["shop", "blog"]


async def test_a_change_goes_on_when_its_caller_has_gone(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        request = create(write=WRITE(idempotency_key="k1"))
        calls = [
            asyncio.ensure_future(caller.call("CreateService", request, timeout=0.002 * number))
            for number in range(1, 6)
        ]
        await asyncio.gather(*calls, return_exceptions=True)
        answer = await caller.call("CreateService", request)
        assert answer.written.verb == call_pb2.VERB_CREATED
        assert made.store.sequence == 1


async def test_watches_tell_what_there_is_and_then_every_change(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        await caller.call("CreateService", create("a"))
        watch = caller.follow("WatchServices", api.WatchServicesRequest())
        assert (await anext(watch)).service.name == "a"
        synced = await anext(watch)
        assert synced.synced
        await caller.call("CreateService", create("b"))
        await caller.call("CreateService", create("other", tenant="shop"))
        await caller.call("ScaleService", api.ScaleServiceRequest(service="a", replicas=1))
        told = [await anext(watch), await anext(watch)]
        assert [(each.verb, each.service.name) for each in told] == [
            (call_pb2.VERB_CREATED, "b"),
            (call_pb2.VERB_UPDATED, "a"),
        ]
        later = caller.follow(
            "WatchServices", api.WatchServicesRequest(after_sequence=told[0].sequence)
        )
        assert await anext(later) == told[1]
        with pytest.raises(Refused) as refused:
            await anext(
                caller.follow("WatchServices", api.WatchServicesRequest(after_sequence=999))
            )
        assert refused.value.error.code == "watch_lost"


async def test_nodes_are_registered_changed_drained_and_removed(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.ADMIN) as caller:
        for name in ("n1", "n2"):
            await caller.call(
                "RegisterNode",
                node_pb2.RegisterNodeRequest(spec=node_pb2.NodeSpec(name=name, region="north")),
            )
        updated = await caller.call(
            "UpdateNode",
            node_pb2.UpdateNodeRequest(node="n1", set_labels={"zone": "a"}, datacenter="d1"),
        )
        assert dict(updated.node.labels) == {"zone": "a"}
        assert (updated.node.region, updated.node.datacenter) == ("north", "d1")
        labelled = await caller.call("ListNodes", node_pb2.ListNodesRequest(labels={"zone": "a"}))
        assert [each.name for each in labelled.nodes] == ["n1"]
        drained = await caller.call("DrainNode", node_pb2.DrainNodeRequest(node="n1"))
        assert drained.node.state == node_pb2.NODE_STATE_DRAINING
        back = await caller.call("UndrainNode", node_pb2.UndrainNodeRequest(node="n1"))
        assert back.node.state == node_pb2.NODE_STATE_UNKNOWN

        service = (await caller.call("CreateService", create())).service
        await made.store.write(puts=[running(service.id, "n1")])
        shown = await caller.call("GetNode", node_pb2.GetNodeRequest(node="n1"))
        assert shown.instances == 1
        with pytest.raises(Refused) as refused:
            await caller.call("RemoveNode", node_pb2.RemoveNodeRequest(node="n1"))
        assert isinstance(refused.value.error, errors.InUse)
        await caller.call("RemoveNode", node_pb2.RemoveNodeRequest(node="n2"))
        left = await caller.call("ListNodes")
        assert [each.name for each in left.nodes] == ["n1"]


def running(service_id: str, node: str) -> Instance:
    return Instance(
        id="ins_1",
        name="web.1",
        created_at=CLOCK.now(),
        updated_at=CLOCK.now(),
        service_id=service_id,
        service="web",
        slot=1,
        release=1,
        spec_hash="0" * 16,
        node=node,
    )


async def test_instances_are_read_and_listed(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.VIEWER) as caller:
        await made.store.write(puts=[running("svc_1", "n1")])
        shown = await caller.call("GetInstance", instance_pb2.GetInstanceRequest(instance="web.1"))
        assert shown.node == "n1"
        for request, count in (
            (instance_pb2.ListInstancesRequest(service="web"), 1),
            (instance_pb2.ListInstancesRequest(node="n1"), 1),
            (instance_pb2.ListInstancesRequest(node="n2"), 0),
            (
                instance_pb2.ListInstancesRequest(states=[instance_pb2.INSTANCE_STATE_RUNNING]),
                0,
            ),
        ):
            listed = await caller.call("ListInstances", request)
            assert len(listed.instances) == listed.page.total == count


async def test_a_follower_passes_changes_on_with_the_callers_identity(tmp_path: Path) -> None:
    async with world(tmp_path) as leader:
        following = FollowingRecorder(
            leader.opened, leader_address=f"127.0.0.1:{leader.listening.port}"
        )
        async with (
            beside(tmp_path, leader.opened, leader.authority, recorder=following) as follower,
            follower.calling_as(Role.OPERATOR, tenant="shop", name="eve") as caller,
            follower.calling_as(Role.VIEWER) as viewer,
            follower.calling_on_socket() as socket,
        ):
            created = await caller.call("CreateService", create())
            assert created.service.tenant == "shop"
            assert [each.caller for each in leader.calls] == ["operator/eve"]
            with pytest.raises(Refused) as refused:
                await caller.call("CreateService", create())
            assert isinstance(refused.value.error, errors.AlreadyExists)
            with pytest.raises(Refused) as refused:
                await viewer.call("CreateService", create())
            assert isinstance(refused.value.error, errors.Denied)
            managers = await socket.call("ListManagers")
            assert managers == manager_pb2.ListManagersResponse()
            assert leader.calls[-1].caller == "socket"
            read = await caller.call("GetService", api.GetServiceRequest(service="web"))
            assert read.name == "web"
            following.leader = 0
            following.leader_address = ""
            with pytest.raises(Refused) as refused:
                await caller.call("CreateService", create("db"))
            assert isinstance(refused.value.error, errors.NotLeader)


async def test_only_managers_speak_for_others(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as made,
        made.calling_as(Role.VIEWER) as viewer,
        made.calling_as(Role.MANAGER) as manager,
    ):
        somebody = ((ON_BEHALF_OF, made.identity(Role.ADMIN).uri),)
        with pytest.raises(Refused) as refused:
            await viewer.call("ListServices", metadata=somebody)
        assert isinstance(refused.value.error, errors.Denied)
        await manager.call("ListServices", metadata=somebody)
        for other in ("warren://clu_other/admin/ann", "nonsense"):
            with pytest.raises(Refused) as refused:
                await manager.call("ListServices", metadata=((ON_BEHALF_OF, other),))
            assert isinstance(refused.value.error, errors.Denied)


async def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        current = [made.setting.keys()]
        setting = replace(made.setting, keys=lambda: current[0])
        served = World(made.opened, made.authority, tmp_path / "x.sock", made.listening, setting)
        async with serve(Places(address="127.0.0.1:0"), setting) as listening:
            before = await shown_certificate(listening.port, served)
            current[0] = served.keys(Role.MANAGER, name="m1")
            after = await shown_certificate(listening.port, served)
        assert before != after
        assert after == ssl.PEM_cert_to_DER_cert(current[0].certificate.decode())


async def shown_certificate(port: int, made: World) -> bytes:
    context = ssl.create_default_context(cadata=made.authority.pem.decode())
    keys = made.keys(Role.VIEWER)
    file = made.socket.parent / "own.pem"
    file.write_bytes(keys.certificate + keys.key.reveal())
    context.load_cert_chain(file)
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    session: ssl.SSLObject = writer.get_extra_info("ssl_object")
    shown = session.getpeercert(binary_form=True)
    writer.close()
    assert shown is not None
    return shown


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_only_tls_1_3_is_spoken(version: ssl.TLSVersion, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        context = ssl.create_default_context(cadata=made.authority.pem.decode())
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2"])
        keys = made.keys(Role.ADMIN)
        file = tmp_path / "own.pem"
        file.write_bytes(keys.certificate + keys.key.reveal())
        context.load_cert_chain(file)
        connecting = asyncio.open_connection("127.0.0.1", made.listening.port, ssl=context)
        if version is ssl.TLSVersion.TLSv1_3:
            _, writer = await connecting
            writer.close()
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):  # whichever end is first
                await connecting


async def test_the_socket_is_for_its_group_and_says_who_asks(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_on_socket() as caller:
        assert stat.S_IMODE(made.socket.stat().st_mode) == 0o660
        who = await caller.call("WhoAmI")
        assert (who.cluster, who.name, who.serial) == (made.store.cluster_id, "socket", "")
        info = await caller.call("GetClusterInfo")
        assert (info.cluster_id, info.leader) == (made.store.cluster_id, 1)
        well = await caller.call("GetHealthStatus")
        assert well.ready
        with pytest.raises(Refused) as refused:
            await caller.call("DeleteService", api.DeleteServiceRequest(service="web"))
        assert isinstance(refused.value.error, errors.Denied)


async def test_health_protocol_and_reflection_answer_those_who_are_known(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as made,
        made.calling_as(Role.VIEWER) as viewer,
        made.calling_without_certificate(made.listening.join_port) as nobody,
    ):
        request = health_pb2.HealthCheckRequest(service="warren.v1.ServiceApi")
        answer = await health_pb2_grpc.HealthStub(viewer.channel).Check(request)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await health_pb2_grpc.HealthStub(nobody.channel).Check(request)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(viewer.channel)
        async for listed in stub.ServerReflectionInfo(iter([asked])):
            names = {each.name for each in listed.list_services_response.service}
            assert {"warren.v1.ServiceApi", "grpc.health.v1.Health"} <= names


async def test_broken_requests_are_refused_by_name(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.ADMIN) as caller:
        path = "/warren.v1.ServiceApi/GetService"
        for data, text in ((b"\xff\xff\xff", "GetServiceRequest"), (b"\xf8\x7f\x01", "2047")):
            with pytest.raises(Refused) as refused:
                await caller.send(path, data)
            assert isinstance(refused.value.error, errors.InvalidInput)
            assert text in str(refused.value.error)
        with pytest.raises(Refused) as refused:
            await caller.send(path, b"\0" * (5 << 20))
        assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert not [call for call in made.calls if call.code.name == "INTERNAL"]


async def test_a_call_without_deadline_gets_the_one_of_its_rpc(tmp_path: Path) -> None:
    class Stuck(LoneRecorder):
        async def fence(self) -> None:
            await asyncio.Event().wait()

    async with (
        world(tmp_path, recorder=Stuck) as made,
        made.calling_as(Role.VIEWER) as caller,
    ):
        began = CLOCK.monotonic()
        with pytest.raises(Refused) as refused:
            await caller.call("GetService", api.GetServiceRequest(service="web"), timeout=None)
        assert isinstance(refused.value.error, errors.DeadlineExceeded)
        assert 4.5 < CLOCK.monotonic() - began < 8
        stale = await caller.call(
            "ListServices", api.ListServicesRequest(read=call_pb2.ReadOptions(stale=True))
        )
        assert not stale.services
