"""Who may call what: plain functions of an RPC's options, its caller and its request."""

from google.protobuf.message import Message

from warren.api.callers import Caller
from warren.model.errors import Denied, Unidentified
from warren.wire.methods import Access
from warren.wire.requests import tenant_of

DEFAULT_TENANT = "default"


def admit(access: Access, caller: Caller, name: str) -> None:
    """Whether the caller may call the RPC at all; what it asks for is not looked at.

    Args:
        access: the RPC's options.
        caller: see there.
        name: of the RPC, for messages.

    Raises:
        Unidentified: it takes a certificate, and there is none.
        Denied: the caller may not.
    """
    if caller.way == "socket":
        _admit_socket(access, name)
    elif caller.identity is None:
        if not access.by_token:
            raise Unidentified(
                f"{name} takes a certificate",
                hint="have a token made by an administrator and log in: warren login TOKEN",
            )
    else:
        _admit_identity(access, caller, name)


def _admit_socket(access: Access, name: str) -> None:
    if not access.on_socket or access.effect != "read" or access.yields_secrets:
        raise Denied(
            f"{name} is not answered on the Unix socket, which is for looking only",
            hint="call it over TLS with a certificate: warren login TOKEN",
        )


def _admit_identity(access: Access, caller: Caller, name: str) -> None:
    identity = caller.identity
    assert identity is not None, "the caller has shown a certificate"
    if identity.role.value not in access.roles:
        allowed = ", ".join(sorted(access.roles))
        raise Denied(f"{caller.called} may not call {name}: it is for {allowed}")
    if access.scope == "cluster" and identity.tenant and access.effect == "write":
        raise Denied(
            f"{caller.called} may not call {name}: it is of tenant {identity.tenant}, "
            "and this concerns the whole cluster"
        )


def tenant_for(access: Access, caller: Caller, request: Message) -> str:
    """The tenant that a request is about.

    Raises:
        Denied: it is not the caller's.
    """
    own = caller.tenant
    if access.scope != "tenant":
        return own
    named = tenant_of(getattr(request, "start", request))
    if own and named not in {"", own}:
        raise Denied(f"{caller.called} is of tenant {own} and may not touch tenant {named}")
    if own and getattr(request, "all_tenants", False):
        raise Denied(f"{caller.called} is of tenant {own} and may not ask about all tenants")
    return named or own or DEFAULT_TENANT
