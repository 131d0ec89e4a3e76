"""Services over the wire: looking at them and changing what is wanted."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from google.protobuf.message import Message

from warren.aio.clock import Clock
from warren.api import decisions
from warren.api.decisions import Decision
from warren.api.following import follow
from warren.api.guard import Call
from warren.api.lookup import find, has_labels, page_of, words_of
from warren.api.recorder import Recorder
from warren.api.writing import carry_out, check_version, verb_of, written_of
from warren.model.errors import AlreadyExists, InvalidInput, Problem, Unsupported
from warren.model.service import Service, ServiceSpec
from warren.model.validation import parse
from warren.store.store import Store
from warren.wire.conversion import decode, encode
from warren.wire.requests import dotted, trim
from warren.wire.v1 import call_pb2, service_api_pb2 as api, service_pb2

_STATES = service_pb2.DESCRIPTOR.enum_types_by_name["ServiceState"]


class Rules(Protocol):
    """What a spec is held to in view of everything else."""

    def check(self, store: Store, spec: ServiceSpec) -> None:
        """Refuse what could never come true.

        Raises:
            PermanentError: with what and why.
        """
        ...


class Services:
    """The RPCs of ``ServiceApi``; each method is one, and its name is the RPC's.

    Args:
        recorder: the manager that is spoken for.
        rules: see there.
        clock: stamps records.
        new_id: makes the id of a thing of a kind.
    """

    def __init__(
        self, recorder: Recorder, rules: Rules, clock: Clock, new_id: Callable[[str], str]
    ) -> None:
        self._recorder = recorder
        self._rules = rules
        self._clock = clock
        self._new_id = new_id

    async def create_service(
        self, request: api.CreateServiceRequest, call: Call
    ) -> api.ServiceWritten:
        """Record a new one."""
        _refuse_notes(request.notes)
        spec = spec_of(request.spec, request.tenant, call)
        new_id = self._new_id("service")

        def decide(store: Store) -> Decision:
            if store.services.named(spec.name, spec.tenant) is not None:
                raise AlreadyExists(
                    f"a service is named {spec.name!r} already",
                    hint="choose another name, or update the existing service",
                )
            self._rules.check(store, spec)
            return decisions.apply_service(None, spec, now=self._clock.now(), new_id=lambda: new_id)

        return await self._write(decide)

    async def get_service(self, request: api.GetServiceRequest, call: Call) -> Message:
        """Read one."""
        service = find(self._store.services, request.service, "service", tenant=call.tenant)
        return encode(service, service_pb2.Service)

    async def list_services(
        self, request: api.ListServicesRequest, call: Call
    ) -> api.ListServicesResponse:
        """List them by name."""
        store = self._store
        states = words_of(_STATES, request.states)
        inhabited = _services_in(store, request.node, request.region)
        chosen = [
            service
            for service in store.services
            if (request.all_tenants or service.tenant == call.tenant)
            and (not states or service.state.value in states)
            and has_labels(service, request.labels)
            and request.provider in {"", service.spec.provider}
            and (inhabited is None or service.id in inhabited)
        ]
        part, page = page_of(
            chosen, lambda each: (each.tenant, each.name), request.page, sequence=store.sequence
        )
        answer = api.ListServicesResponse(page=page)
        for service in part:
            message = encode(service, service_pb2.Service)
            trim(message, list(request.fields.paths), path=("fields",))
            answer.services.append(message)
        return answer

    async def watch_services(
        self, request: api.WatchServicesRequest, call: Call
    ) -> AsyncIterator[api.WatchServicesResponse]:
        """Follow them."""
        store = self._store
        steps = follow(
            store,
            store.services,
            "services",
            after_sequence=request.after_sequence,
            concerns=lambda each: request.all_tenants or each.tenant == call.tenant,
        )
        async for step in steps:
            yield api.WatchServicesResponse(
                sequence=step.sequence,
                verb=verb_of(step.verb) if step.thing else call_pb2.VERB_UNSPECIFIED,
                service=encode(step.thing, service_pb2.Service) if step.thing else None,
                synced=step.thing is None,
            )

    async def update_service(
        self, request: api.UpdateServiceRequest, call: Call
    ) -> api.ServiceWritten:
        """Put another spec in the place of one."""
        _refuse_notes(request.notes)
        if request.hold:
            raise Unsupported("a change is rolled out as soon as it is recorded: it cannot be held")
        spec = spec_of(request.spec, request.tenant, call)
        return await self._write(
            lambda store: self._applied(
                store,
                find(store.services, spec.name, "service", tenant=spec.tenant),
                spec,
                request.write.expected_version,
                keep_replicas=request.keep_replicas,
            )
        )

    async def update_service_image(
        self, request: api.UpdateServiceImageRequest, call: Call
    ) -> api.ServiceWritten:
        """Change the image of a container."""
        _refuse_notes(request.notes)
        if request.HasField("update"):
            raise Unsupported(
                "a roll-out follows the service's own update config",
                hint="update the service's spec first",
            )

        def decide(store: Store) -> Decision:
            existing = find(store.services, request.service, "service", tenant=call.tenant)
            spec = _with_image(existing.spec, request.container, request.image)
            return self._applied(
                store, existing, spec, request.write.expected_version, keep_replicas=True
            )

        return await self._write(decide)

    async def scale_service(
        self, request: api.ScaleServiceRequest, call: Call
    ) -> api.ServiceWritten:
        """Change the number of replicas."""
        if not request.HasField("replicas"):
            raise InvalidInput([Problem(field="replicas", value="", rule="is required")])

        def change(existing: Service, store: Store) -> Decision:
            scaled = decisions.scale_service(existing, request.replicas, now=self._clock.now())
            if isinstance(scaled.after, Service) and scaled.verb != "unchanged":
                self._rules.check(store, scaled.after.spec)
            return scaled

        return await self._change(request.service, call, request.write, change)

    async def pause_service(
        self, request: api.PauseServiceRequest, call: Call
    ) -> api.ServiceWritten:
        """Remove all instances of one, for the time being."""
        return await self._change(
            request.service,
            call,
            request.write,
            lambda existing, _: decisions.stop_service(existing, now=self._clock.now()),
        )

    async def resume_service(
        self, request: api.ResumeServiceRequest, call: Call
    ) -> api.ServiceWritten:
        """Bring back what was paused."""
        return await self._change(
            request.service,
            call,
            request.write,
            lambda existing, _: decisions.start_service(existing, now=self._clock.now()),
        )

    async def rollback_service(
        self, request: api.RollbackServiceRequest, call: Call
    ) -> api.ServiceWritten:
        """Bring a kept release back, as a new one."""
        _refuse_notes(request.notes)

        def decide(store: Store) -> Decision:
            existing = find(store.services, request.service, "service", tenant=call.tenant)
            spec = decisions.release_of(existing, request.release).spec
            return self._applied(
                store, existing, spec, request.write.expected_version, keep_replicas=True
            )

        return await self._write(decide)

    async def delete_service(
        self, request: api.DeleteServiceRequest, call: Call
    ) -> call_pb2.Written:
        """Remove one with all its instances."""

        def decide(store: Store) -> Decision:
            named = store.services.named(request.service, call.tenant)
            if named is None and request.allow_missing:
                return decisions.delete_service(None, now=self._clock.now())
            existing = find(store.services, request.service, "service", tenant=call.tenant)
            check_version(existing, request.write.expected_version)
            return decisions.delete_service(existing, now=self._clock.now())

        return written_of(await carry_out(self._recorder, decide), self._store)

    async def list_releases(
        self, request: api.ListReleasesRequest, call: Call
    ) -> api.ListReleasesResponse:
        """List the kept releases of one, newest first."""
        service = find(self._store.services, request.service, "service", tenant=call.tenant)
        releases = [encode(each, service_pb2.Release) for each in reversed(service.releases)]
        return api.ListReleasesResponse(releases=releases)

    @property
    def _store(self) -> Store:
        return self._recorder.store

    def _applied(
        self,
        store: Store,
        existing: Service,
        spec: ServiceSpec,
        expected_version: int,
        *,
        keep_replicas: bool,
    ) -> Decision:
        check_version(existing, expected_version)
        decision = decisions.apply_service(
            existing,
            spec,
            now=self._clock.now(),
            new_id=lambda: existing.id,
            keep_replicas=keep_replicas,
        )
        if decision.verb != "unchanged":
            self._rules.check(store, spec)
        return decision

    async def _change(
        self,
        name: str,
        call: Call,
        options: call_pb2.WriteOptions,
        change: Callable[[Service, Store], Decision],
    ) -> api.ServiceWritten:
        def decide(store: Store) -> Decision:
            existing = find(store.services, name, "service", tenant=call.tenant)
            check_version(existing, options.expected_version)
            return change(existing, store)

        return await self._write(decide)

    async def _write(self, decide: Callable[[Store], Decision]) -> api.ServiceWritten:
        decision = await carry_out(self._recorder, decide)
        assert decision.after is not None, "a service that is changed is there afterwards"
        return api.ServiceWritten(
            written=written_of(decision, self._store),
            service=encode(decision.after, service_pb2.Service),
        )


def spec_of(
    message: service_pb2.ServiceSpec,
    named: str,
    call: Call,
    *,
    path: tuple[str | int, ...] = ("spec",),
) -> ServiceSpec:
    """The spec of a request, in the tenant that the call is about.

    Args:
        message: see there.
        named: the tenant that the request names; empty for none.
        call: see there.
        path: where the spec stands in the request.

    Raises:
        InvalidInput: it breaks a rule, or the spec is of another tenant than the request.
    """
    spec = decode(message, ServiceSpec, path=path)
    if not message.HasField("tenant"):
        return spec.model_copy(update={"tenant": call.tenant})
    if spec.tenant != call.tenant and (named or call.caller.tenant):
        rule = f"must be that of the request, {call.tenant}"
        raise InvalidInput([Problem(field=dotted((*path, "tenant")), value=spec.tenant, rule=rule)])
    return spec


def _with_image(spec: ServiceSpec, container: str, image: str) -> ServiceSpec:
    name = container or spec.main.name
    if name not in {each.name for each in spec.containers}:
        known = ", ".join(each.name for each in spec.containers)
        rule = f"is no container of the service; those are {known}"
        raise InvalidInput([Problem(field="container", value=container, rule=rule)])
    document = spec.model_dump()
    for each in document["containers"]:
        if each["name"] == name:
            each["image"] = image
    return parse(ServiceSpec, document)


def _services_in(store: Store, node: str, region: str) -> frozenset[str] | None:
    """Ids of the services with an instance there; ``None`` if no place is named."""
    if not node and not region:
        return None
    places = {
        each.name
        for each in store.nodes
        if node in {"", each.name, each.id} and region in {"", each.region}
    }
    return frozenset(
        each.service_id for place in places for each in store.instances.by_index("node", place)
    )


def _refuse_notes(notes: str) -> None:
    if notes:
        raise Unsupported(
            "notes cannot be kept: this version keeps no record of deployments",
            hint="leave the notes out",
        )
