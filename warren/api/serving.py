"""The server: which RPCs there are, where they are answered, and until when.

It listens at up to three places. At ``address`` callers show a certificate; at ``join_address``, for
those who do not have one yet, only calls are answered where a token decides; and on the Unix socket,
for those whom the file system lets in, only looking is.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection  # type: ignore[import-untyped]

from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.api.callers import Callers
from warren.api.cluster import Cluster, Health, WhoAsks
from warren.api.condition import Conditions
from warren.api.forwarding import MESSAGE_BYTES_MAX, Forwarder
from warren.api.guard import Ended, Guard, log_ended
from warren.api.instances import Instances
from warren.api.keys import Keys, server_credentials
from warren.api.nodes import Nodes, Registration, Surveyor
from warren.api.plans import Plans
from warren.api.recorder import Recorder
from warren.api.repetition import Repetitions
from warren.api.services import Rules, Services
from warren.api.tokens import Certificates, Signer, Tokens
from warren.model.errors import PermanentError
from warren.pki.identity import Identity
from warren.wire.methods import METHODS

SOCKET_MODE = 0o660
GRACE_SECONDS = 5.0
_CALLS_MAX = 4096
_HEALTH_SECONDS = 1.0
_OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the server listens.

    Attributes:
        address: ``host:port`` for callers with a certificate; port 0 takes a free one.
        socket: path of the Unix socket; ``None`` for none.
        join_address: ``host:port`` for callers with a token; empty for none.
    """

    address: str
    socket: Path | None = None
    join_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where the server was found to listen.

    Attributes:
        port: of ``Places.address``.
        join_port: of ``Places.join_address``; 0 without it.
    """

    port: int
    join_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the server is made of.

    Attributes:
        recorder: the manager that is spoken for.
        rules: what specs are held to.
        keys: certificate and key of now; asked at each handshake, from other threads.
        clock: see there.
        new_id: makes the id of a thing of a kind.
        is_revoked: whether an identity's certificate with that number counts no more.
        surveyor: looks at hosts; without one no nodes are registered here.
        signer: the authority; without one there are no tokens here.
        random_bytes: for tokens.
        last_seen: when the leader last heard from the node of that name.
        ended: is told of every call; must be quick and not raise.
        further: groups of RPCs that are not made here; each method is one, by the RPC's name.
    """

    recorder: Recorder
    rules: Rules
    keys: Callable[[], Keys]
    clock: Clock
    new_id: Callable[[str], str]
    is_revoked: Callable[[Identity, int], bool] = lambda _identity, _serial: False
    surveyor: Surveyor | None = None
    signer: Signer | None = None
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    last_seen: Callable[[str], datetime | None] = lambda _name: None
    ended: Callable[[Ended], None] = log_ended
    further: tuple[object, ...] = ()


@asynccontextmanager
async def serve(places: Places, setting: Setting) -> AsyncIterator[Listening]:
    """Answer calls until the block ends; then those under way get a moment to finish.

    Raises:
        PermanentError: a place cannot be listened at.
    """
    recorder, clock = setting.recorder, setting.clock
    async with AsyncExitStack() as stack:
        companions = await stack.enter_async_context(Companions())
        forwarder = Forwarder(recorder.standing, setting.keys)
        stack.push_async_callback(forwarder.close)
        callers = Callers(recorder.store.cluster_id, is_revoked=setting.is_revoked, now=clock.now)
        guard = Guard(
            recorder,
            callers,
            forwarder,
            Repetitions(companions, clock.monotonic),
            monotonic=clock.monotonic,
            ended=setting.ended,
        )
        server = grpc.aio.server(
            interceptors=[guard], options=_OPTIONS, maximum_concurrent_rpcs=_CALLS_MAX
        )
        register(server, _groups(setting))
        health_pb2_grpc.add_HealthServicer_to_server(_Protocol(recorder, clock), server)
        _enable_reflection(server)
        listening = _listen(server, places, setting)
        stack.push_async_callback(server.stop, GRACE_SECONDS)
        if places.socket is not None:
            await asyncio.to_thread(places.socket.chmod, SOCKET_MODE)
        await server.start()
        yield listening


def register(server: grpc.aio.Server, groups: Iterable[object]) -> None:
    """Add RPCs to a server; what no group has is not there, and gRPC answers so.

    Args:
        server: one with a ``Guard``.
        groups: objects whose public methods are named after RPCs.
    """
    handlers: dict[str, dict[str, Any]] = {}
    for path, operation in operations(groups).items():
        method = METHODS[path]
        match method.client_streaming, method.server_streaming:
            case False, False:
                handler: Any = grpc.unary_unary_rpc_method_handler(operation)
            case False, True:
                handler = grpc.unary_stream_rpc_method_handler(operation)
            case True, False:
                handler = grpc.stream_unary_rpc_method_handler(operation)
            case _:
                handler = grpc.stream_stream_rpc_method_handler(operation)
        handlers.setdefault(method.service, {})[method.name] = handler
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(service, found)
            for service, found in handlers.items()
        )
    )


def operations(groups: Iterable[object]) -> Mapping[str, Any]:
    """The methods of groups by the paths of their RPCs.

    Raises:
        AssertionError: a public method is named after no RPC.
    """
    paths = {_snake(method.name): path for path, method in METHODS.items()}
    found = {}
    for group in groups:
        for name in dir(group):
            if not name.startswith("_"):
                assert name in paths, f"{type(group).__name__}.{name} is no RPC"
                found[paths[name]] = getattr(group, name)
    return found


def _groups(setting: Setting) -> tuple[object, ...]:
    recorder, clock = setting.recorder, setting.clock
    groups: tuple[object, ...] = (
        Services(recorder, setting.rules, clock, setting.new_id),
        Plans(recorder, setting.rules, clock, setting.new_id),
        Conditions(recorder),
        Instances(recorder),
        Nodes(recorder, clock, last_seen=setting.last_seen),
        Cluster(recorder),
        Health(recorder, clock),
        WhoAsks(recorder.store.cluster_id),
    )
    if setting.surveyor is not None:
        groups += (Registration(recorder, setting.surveyor),)
    if setting.signer is not None:
        groups += (
            Tokens(recorder, setting.signer, clock, setting.random_bytes),
            Certificates(recorder, setting.signer, clock),
        )
    return (*groups, *setting.further)


def _listen(server: grpc.aio.Server, places: Places, setting: Setting) -> Listening:
    try:
        port = server.add_secure_port(
            places.address, server_credentials(setting.keys, asks_callers=True)
        )
        join_port = (
            server.add_secure_port(
                places.join_address, server_credentials(setting.keys, asks_callers=False)
            )
            if places.join_address
            else 0
        )
        if places.socket is not None:
            places.socket.unlink(missing_ok=True)  # of a process that was killed
            server.add_insecure_port(f"unix:{places.socket}")
    except (RuntimeError, OSError) as error:
        raise PermanentError(
            f"cannot listen at {places.address}"
            + (f", {places.join_address}" if places.join_address else "")
            + (f", {places.socket}" if places.socket else "")
            + f": {error}",
            hint="another process may listen there, or the address is none of this machine",
        ) from error
    return Listening(port=port, join_port=join_port)


def _enable_reflection(server: grpc.aio.Server) -> None:
    names = {method.service for method in METHODS.values()}
    health = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
    reflection.enable_server_reflection([*sorted(names), health, reflection.SERVICE_NAME], server)


class _Protocol(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # untyped
    """gRPC's own health protocol: a manager that knows a leader serves."""

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock

    async def Check(  # noqa: N802 - the protocol's word
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> health_pb2.HealthCheckResponse:
        status = self._status(request.service)
        if status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no service has that name")
        return health_pb2.HealthCheckResponse(status=status)

    async def Watch(  # noqa: N802
        self, request: health_pb2.HealthCheckRequest, _context: Any
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        told = None
        while True:
            status = self._status(request.service)
            if status != told:
                yield health_pb2.HealthCheckResponse(status=status)
                told = status
            await self._clock.sleep(_HEALTH_SECONDS)

    def _status(self, service: str) -> Any:
        known = {"", *(method.service for method in METHODS.values())}
        if service not in known:
            return health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        if self._recorder.standing().leader:
            return health_pb2.HealthCheckResponse.SERVING
        return health_pb2.HealthCheckResponse.NOT_SERVING


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
