"""A manager's API on real sockets, and callers of every kind."""

import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from warren.aio.clock import SystemClock
from warren.api.guard import Ended
from warren.api.keys import Keys, client_credentials
from warren.api.recorder import Peer, Standing
from warren.api.serving import Listening, Places, Setting, serve
from warren.control import validation
from warren.daemon.consensus import translate
from warren.daemon.opening import Opened, open_store
from warren.model.errors import WarrenError
from warren.model.ids import new_id
from warren.model.node import Capacity, Node, NodeSpec
from warren.model.service import ServiceSpec
from warren.pki.authority import Authority, make_authority, make_request
from warren.pki.identity import Identity, Role
from warren.raft.errors import Unavailable
from warren.store.store import Store
from warren.wire.failures import TRAILER, error_of
from warren.wire.methods import METHODS

CLOCK = SystemClock()
_numbers = itertools.count(1)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Refused(Exception):
    """How a call failed."""

    code: grpc.StatusCode
    error: WarrenError


class Rules:
    """What the daemon holds specs to, without engines."""

    def check(self, store: Store, spec: ServiceSpec) -> None:
        validation.check_supported(spec)
        is_new = store.services.named(spec.name, spec.tenant) is None
        validation.check_among(spec, store.services, store.nodes.list(), is_new=is_new)


class Surveyor:
    """Hosts as they are described here: nothing is reached."""

    async def survey(self, spec: NodeSpec) -> Node:
        return Node(
            id=f"nod_{spec.name}",
            name=spec.name,
            labels=spec.labels,
            created_at=now(),
            updated_at=now(),
            address=spec.address or "192.0.2.1",
            role=spec.role,
            region=spec.region,
            datacenter=spec.datacenter,
            capacity=Capacity(cpus=8, memory_bytes=16 << 30),
            provider=spec.provider or "podman",
        )


@dataclass
class Signer:
    """The authority, with its key in the clear."""

    authority: Authority

    def certificate(self) -> bytes:
        return self.authority.pem

    def issue(
        self,
        request_pem: bytes,
        identity: Identity,
        *,
        now: datetime,
        addresses: Sequence[str] = (),
    ) -> bytes:
        return self.authority.issue(request_pem, identity, now=now, addresses=addresses)


@dataclass
class LoneRecorder:
    """The one voter, as the daemon opens it."""

    opened: Opened
    address: str = ""

    @property
    def store(self) -> Store:
        return self.opened.store

    def standing(self) -> Standing:
        status = self.opened.node.status
        return Standing(
            member=status.member,
            leader=status.leader,
            term=status.term,
            leader_address=self.address,
        )

    def peers(self) -> Mapping[int, Peer]:
        return {self.opened.node.status.member: Peer(is_reachable=True)}

    async def fence(self) -> None:
        try:
            await self.opened.node.read(b"")
        except Unavailable as error:
            raise translate(error) from error


@dataclass
class FollowingRecorder(LoneRecorder):
    """The same record seen by a manager that does not lead."""

    leader_address: str = ""
    leader: int = 1

    def standing(self) -> Standing:
        return Standing(member=2, leader=self.leader, term=1, leader_address=self.leader_address)


def issue(
    authority: Authority, identity: Identity, *, at: datetime | None = None, days: int = 90
) -> Keys:
    request = make_request(identity.name)
    certificate = authority.issue(
        request.pem, identity, now=at or now(), addresses=("127.0.0.1",), days=days
    )
    return Keys(certificate=certificate, key=request.key, authority=authority.pem)


@dataclass
class World:
    """One manager and whoever calls it."""

    opened: Opened
    authority: Authority
    socket: Path
    listening: Listening
    setting: Setting
    revoked: set[int] = field(default_factory=set)
    calls: list[Ended] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.opened.store

    def identity(self, role: Role, *, tenant: str = "", name: str = "ann") -> Identity:
        member = 3 if role is Role.MANAGER else 0
        return Identity(
            cluster=self.store.cluster_id, role=role, name=name, tenant=tenant, member=member
        )

    def keys(self, role: Role, **fields: Any) -> Keys:
        return issue(self.authority, self.identity(role, **fields))

    def expired(self) -> Keys:
        long_ago = now() - timedelta(days=100)
        return issue(self.authority, self.identity(Role.ADMIN), at=long_ago)

    def of_another_authority(self) -> Keys:
        other = Authority(*make_authority(self.store.cluster_id, now=now()))
        keys = issue(other, self.identity(Role.ADMIN))
        return replace(keys, authority=self.authority.pem)

    @asynccontextmanager
    async def calling(self, keys: Keys, *, port: int = 0) -> AsyncIterator["Caller"]:
        target = f"127.0.0.1:{port or self.listening.port}"
        async with grpc.aio.secure_channel(target, client_credentials(keys)) as channel:
            yield Caller(channel)

    @asynccontextmanager
    async def calling_as(self, role: Role, **fields: Any) -> AsyncIterator["Caller"]:
        async with self.calling(self.keys(role, **fields)) as caller:
            yield caller

    @asynccontextmanager
    async def calling_without_certificate(self, port: int) -> AsyncIterator["Caller"]:
        credentials = grpc.ssl_channel_credentials(self.authority.pem)
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
            yield Caller(channel)

    @asynccontextmanager
    async def calling_on_socket(self) -> AsyncIterator["Caller"]:
        async with grpc.aio.insecure_channel(f"unix:{self.socket}") as channel:
            yield Caller(channel)


class Caller:
    """Calls RPCs by name."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel

    async def call(self, name: str, request: Message | None = None, **options: Any) -> Any:
        """The answer; the first one of a stream.

        Raises:
            Refused: with what the server said.
        """
        path = path_of(name)
        method = METHODS[path]
        sent = request if request is not None else method.request()
        return method.response.FromString(
            await self.send(path, sent.SerializeToString(), **options)
        )

    async def send(self, path: str, data: bytes, **options: Any) -> bytes:
        method = METHODS[path]
        options.setdefault("timeout", 10)
        try:
            if method.client_streaming and method.server_streaming:
                return await anext(aiter(self._any("stream_stream", path)(iter([data]), **options)))
            if method.client_streaming:
                answer: bytes = await self._any("stream_unary", path)(iter([data]), **options)
                return answer
            if method.server_streaming:
                return await anext(aiter(self._any("unary_stream", path)(data, **options)))
            answer = await self._any("unary_unary", path)(data, **options)
        except grpc.aio.AioRpcError as error:
            raise Refused(error.code(), _error(error)) from error
        return answer

    async def follow(self, name: str, request: Message, **options: Any) -> AsyncIterator[Any]:
        path = path_of(name)
        try:
            async for data in self._any("unary_stream", path)(
                request.SerializeToString(), **options
            ):
                yield METHODS[path].response.FromString(data)
        except grpc.aio.AioRpcError as error:
            raise Refused(error.code(), _error(error)) from error

    def _any(self, kind: str, path: str) -> Any:
        return getattr(self.channel, kind)(path)


def _error(error: grpc.aio.AioRpcError) -> WarrenError:
    details = dict(error.trailing_metadata() or ()).get(TRAILER)
    assert details is None or isinstance(details, bytes)
    return error_of(error.code().value[0], error.details() or "", details)


def path_of(name: str) -> str:
    return next(path for path, method in METHODS.items() if method.name == name)


def make_id(kind: str) -> str:
    return new_id(kind, now_ms=int(now().timestamp() * 1000), random_bytes=secrets.token_bytes)


@asynccontextmanager
async def world(
    directory: Path,
    *,
    further: tuple[object, ...] = (),
    recorder: Callable[[Opened], LoneRecorder] = LoneRecorder,
) -> AsyncIterator[World]:
    async with open_store(directory / "state", clock=CLOCK) as opened:
        authority = Authority(*make_authority(opened.store.cluster_id, now=now()))
        async with beside(
            directory, opened, authority, further=further, recorder=recorder(opened)
        ) as made:
            yield made


@asynccontextmanager
async def beside(
    directory: Path,
    opened: Opened,
    authority: Authority,
    *,
    recorder: LoneRecorder,
    further: tuple[object, ...] = (),
) -> AsyncIterator[World]:
    """One more server of the same record."""
    identity = Identity(
        cluster=opened.store.cluster_id,
        role=Role.MANAGER,
        name="m1",
        member=recorder.standing().member,
    )
    keys = issue(authority, identity)
    revoked: set[int] = set()
    calls: list[Ended] = []
    setting = Setting(
        recorder=recorder,
        rules=Rules(),
        keys=lambda: keys,
        clock=CLOCK,
        new_id=make_id,
        is_revoked=lambda _identity, serial: serial in revoked,
        surveyor=Surveyor(),
        signer=Signer(authority),
        ended=calls.append,
        further=further,
    )
    socket = directory / f"api-{next(_numbers)}.sock"
    places = Places(address="127.0.0.1:0", socket=socket, join_address="127.0.0.1:0")
    async with serve(places, setting) as listening:
        if not recorder.address:
            recorder.address = f"127.0.0.1:{listening.port}"
        yield World(opened, authority, socket, listening, setting, revoked, calls)
