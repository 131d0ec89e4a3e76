"""Every RPC there is, with what its options say: read once from the descriptors, and nowhere else.

A server registers what is here, a client calls what is here, and the interceptor asks ``access``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from warren.wire.files import FILES
from warren.wire.schema import enum_texts
from warren.wire.v1 import access_pb2

Scope = Literal["cluster", "tenant", "self"]
Effect = Literal["read", "write"]
AnsweredBy = Literal["any", "leader", "called"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may call an RPC, and how it is carried out; the words are those of ``access.proto``.

    Attributes:
        roles: of callers; any of them is enough.
        scope: what it is about: the cluster, things of one tenant, the caller itself.
        effect: whether it changes anything.
        answered_by: any manager, the leader, or the very one that was called.
        on_socket: whether the Unix socket answers it, without a certificate.
        yields_secrets: whether its answer holds what must not be seen.
        deadline_seconds: if the caller does not say; ``None`` for streams without end.
        by_token: whether a token in the request takes the place of a certificate.
    """

    roles: frozenset[str]
    scope: Scope
    effect: Effect
    answered_by: AnsweredBy
    on_socket: bool
    yields_secrets: bool
    deadline_seconds: float | None
    by_token: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC.

    Attributes:
        path: as HTTP/2 carries it (``/warren.v1.ServiceApi/CreateService``).
        service: the gRPC service's full name.
        name: of the RPC.
        request: what is sent, or each of what is sent.
        response: what is answered, or each of what is answered.
        client_streaming: whether a stream is sent.
        server_streaming: whether a stream is answered.
        access: who may call it.
    """

    path: str
    service: str
    name: str
    request: type[Message]
    response: type[Message]
    client_streaming: bool
    server_streaming: bool
    access: Access


def _access(method: MethodDescriptor) -> Access:
    options = method.GetOptions()
    extension: Any = access_pb2.access
    assert options.HasExtension(extension), f"{method.full_name} does not say who may call it"
    access: access_pb2.Access = options.Extensions[extension]
    roles, scopes, effects, answers = (
        enum_texts(access_pb2.DESCRIPTOR.enum_types_by_name[name])
        for name in ("CallerRole", "Scope", "Effect", "AnsweredBy")
    )
    return Access(
        roles=frozenset(roles[role] for role in access.roles),
        scope=scopes[access.scope],  # type: ignore[arg-type]  # the words of the options
        effect=effects[access.effect],  # type: ignore[arg-type]
        answered_by=answers[access.answered_by],  # type: ignore[arg-type]
        on_socket=access.on_socket,
        yields_secrets=access.yields_secrets,
        deadline_seconds=access.deadline_seconds or None,
        by_token=access.by_token,
    )


def _methods() -> Iterator[Method]:
    for file in FILES:
        for service in file.services_by_name.values():
            for method in service.methods:
                yield Method(
                    path=f"/{service.full_name}/{method.name}",
                    service=service.full_name,
                    name=method.name,
                    request=GetMessageClass(method.input_type),
                    response=GetMessageClass(method.output_type),
                    client_streaming=method.client_streaming,
                    server_streaming=method.server_streaming,
                    access=_access(method),
                )


METHODS: Mapping[str, Method] = MappingProxyType({method.path: method for method in _methods()})
"""By path."""
