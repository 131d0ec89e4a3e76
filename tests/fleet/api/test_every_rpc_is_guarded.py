"""Every RPC for every kind of caller: the verdict that its options promise, on real connections."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from tests.fleet.api.world import Caller, Refused, World, world
from warren.pki.authority import read_certificate
from warren.pki.identity import Role
from warren.wire.methods import METHODS, Access, Method

OK = grpc.StatusCode.OK
DENIED = grpc.StatusCode.PERMISSION_DENIED
UNIDENTIFIED = grpc.StatusCode.UNAUTHENTICATED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
"""What a caller sees of a handshake that was refused."""

Verdict = Callable[[Access], grpc.StatusCode]
Open = Callable[[World], AbstractAsyncContextManager[Caller]]


def answering_everything() -> SimpleNamespace:
    """Every RPC there is, answered by nothing: what is looked at stands before it."""
    return SimpleNamespace(**{_snake(method.name): _answer(method) for method in METHODS.values()})


def _answer(method: Method) -> Any:
    async def one(_request: Any, _call: Any) -> Message:
        return method.response()

    async def stream(_request: Any, _call: Any) -> AsyncIterator[Message]:
        yield method.response()

    return stream if method.server_streaming else one


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _request(method: Method, tenant: str) -> Message:
    request: Any = method.request()
    about = request.start if hasattr(request, "start") else request
    if hasattr(about, "tenant"):
        about.tenant = tenant
    return request  # type: ignore[no-any-return]  # made by its class


def certified(role: Role, tenant: str = "") -> Open:
    return lambda world: world.calling_as(role, tenant=tenant)


@asynccontextmanager
async def revoked(world: World) -> AsyncIterator[Caller]:
    keys = world.keys(Role.ADMIN)
    world.revoked.add(read_certificate(keys.certificate).serial_number)
    async with world.calling(keys) as caller:
        yield caller


def of_role(role: str) -> Verdict:
    return lambda access: OK if role in access.roles else DENIED


def of_another_tenant(access: Access) -> grpc.StatusCode:
    if "operator" not in access.roles or access.scope == "tenant":
        return DENIED
    return DENIED if access.scope == "cluster" and access.effect == "write" else OK


def on_socket(access: Access) -> grpc.StatusCode:
    looks = access.on_socket and access.effect == "read" and not access.yields_secrets
    return OK if looks else DENIED


CALLERS: dict[str, tuple[Open, Verdict]] = {
    "no certificate": (
        lambda world: world.calling_without_certificate(world.listening.port),
        lambda _: UNAVAILABLE,
    ),
    "no certificate where tokens count": (
        lambda world: world.calling_without_certificate(world.listening.join_port),
        lambda access: OK if access.by_token else UNIDENTIFIED,
    ),
    "other authority": (
        lambda world: world.calling(world.of_another_authority()),
        lambda _: UNAVAILABLE,
    ),
    "expired": (lambda world: world.calling(world.expired()), lambda _: UNAVAILABLE),
    "revoked": (revoked, lambda _: UNIDENTIFIED),
    "viewer": (certified(Role.VIEWER), of_role("viewer")),
    "operator": (certified(Role.OPERATOR), of_role("operator")),
    "admin": (certified(Role.ADMIN), of_role("admin")),
    "manager": (certified(Role.MANAGER), of_role("manager")),
    "tool": (certified(Role.TOOL), of_role("tool")),
    "other tenant": (certified(Role.OPERATOR, "shop"), of_another_tenant),
    "Unix socket": (lambda world: world.calling_on_socket(), on_socket),
}


@pytest.mark.parametrize("kind", CALLERS)
async def test_every_rpc_gives_the_verdict_of_its_options(kind: str, tmp_path: Path) -> None:
    open_caller, verdict = CALLERS[kind]
    wrong, seen = [], set()
    async with (
        world(tmp_path, further=(answering_everything(),)) as made,
        open_caller(made) as caller,
    ):
        for path, method in METHODS.items():
            try:
                await caller.send(path, _request(method, "default").SerializeToString())
            except Refused as refused:
                code = refused.code
            else:
                code = OK
            seen.add(code)
            if code is not verdict(method.access):
                wrong.append(f"{path}: {code.name}, not {verdict(method.access).name}")
    assert not wrong, "\n".join(wrong)
    assert seen == {verdict(method.access) for method in METHODS.values()}


async def test_what_no_group_answers_is_unimplemented(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.ADMIN) as caller:
        with pytest.raises(Refused) as refused:
            await caller.call("RestartService")
    assert refused.value.code is grpc.StatusCode.UNIMPLEMENTED
