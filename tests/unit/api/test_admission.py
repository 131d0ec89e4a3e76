from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warren.api.admission import admit, tenant_for
from warren.api.callers import NOBODY, SOCKET, Caller, Callers
from warren.model.errors import Denied, Unidentified, WarrenError
from warren.pki.authority import Authority, make_authority, make_request
from warren.pki.identity import Identity, Role
from warren.wire.methods import METHODS, Access
from warren.wire.v1 import instance_pb2, service_api_pb2

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLUSTER = "clu_1"


def identity(role: Role, tenant: str = "", cluster: str = CLUSTER) -> Identity:
    member = 3 if role is Role.MANAGER else 0
    return Identity(cluster=cluster, role=role, name="ann", tenant=tenant, member=member)


def caller(role: Role, tenant: str = "") -> Caller:
    return Caller(way="certificate", identity=identity(role, tenant))


def access_of(name: str) -> Access:
    return next(method.access for method in METHODS.values() if method.name == name)


@pytest.mark.parametrize(
    ("name", "who", "refusal"),
    [
        ("CreateService", caller(Role.OPERATOR), None),
        ("CreateService", caller(Role.ADMIN), None),
        ("CreateService", caller(Role.VIEWER), Denied),
        ("CreateService", caller(Role.MANAGER), Denied),
        ("CreateService", SOCKET, Denied),
        ("CreateService", NOBODY, Unidentified),
        ("GetService", caller(Role.VIEWER), None),
        ("GetService", caller(Role.TOOL), None),
        ("GetService", SOCKET, None),
        ("ListNodes", caller(Role.OPERATOR, "shop"), None),
        ("DrainNode", caller(Role.OPERATOR), Denied),
        ("GenerateJoinToken", caller(Role.OPERATOR), Denied),
        ("GenerateJoinToken", caller(Role.ADMIN), None),
        ("GenerateJoinToken", SOCKET, Denied),
        ("ListTokens", SOCKET, Denied),
        ("Backup", SOCKET, Denied),
        ("Backup", caller(Role.MANAGER), Denied),
        ("RequestCertificate", NOBODY, None),
        ("RequestCertificate", SOCKET, Denied),
        ("JoinCluster", caller(Role.ADMIN), Denied),
        ("JoinCluster", caller(Role.MANAGER), None),
        ("WhoAmI", caller(Role.VIEWER, "shop"), None),
    ],
)
def test_who_may_call_what(name: str, who: Caller, refusal: type[WarrenError] | None) -> None:
    if refusal is None:
        admit(access_of(name), who, name)
    else:
        with pytest.raises(refusal, match=name):
            admit(access_of(name), who, name)


def test_a_write_about_the_cluster_is_not_for_callers_of_one_tenant() -> None:
    access = access_of("Heartbeat")
    admit(access, caller(Role.TOOL), "Heartbeat")
    with pytest.raises(Denied, match="whole cluster"):
        admit(access, caller(Role.TOOL, "shop"), "Heartbeat")


@pytest.mark.parametrize(
    ("own", "named", "about"),
    [("", "", "default"), ("", "blog", "blog"), ("shop", "", "shop"), ("shop", "shop", "shop")],
)
def test_a_request_is_about_the_tenant_that_it_names_or_the_callers(
    own: str, named: str, about: str
) -> None:
    request = service_api_pb2.GetServiceRequest(tenant=named)
    access = access_of("GetService")
    assert tenant_for(access, caller(Role.OPERATOR, own), request) == about


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("GetService", service_api_pb2.GetServiceRequest(tenant="blog")),
        ("ListServices", service_api_pb2.ListServicesRequest(all_tenants=True)),
        ("Exec", instance_pb2.ExecInput(start=instance_pb2.ExecStart(tenant="blog"))),
    ],
)
def test_callers_of_one_tenant_do_not_reach_another(name: str, request_: Any) -> None:
    with pytest.raises(Denied, match="of tenant shop"):
        tenant_for(access_of(name), caller(Role.OPERATOR, "shop"), request_)


class Connected:
    """A connection as gRPC shows it."""

    def __init__(self, pem: bytes = b"", peer: str = "ipv4:192.0.2.1:1") -> None:
        self._pem = pem
        self._peer = peer

    def peer(self) -> str:
        return self._peer

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        return {"x509_pem_cert": [self._pem]} if self._pem else {}


class Door:
    """An authority, and who it lets in."""

    def __init__(self) -> None:
        self.now = NOW
        self.revoked: set[int] = set()
        self.authority = Authority(*make_authority(CLUSTER, now=NOW))
        self.callers = Callers(
            CLUSTER, is_revoked=lambda _, serial: serial in self.revoked, now=lambda: self.now
        )

    def certified(self, who: Identity) -> Connected:
        return Connected(self.authority.issue(make_request("x").pem, who, now=NOW))


def test_a_certificate_says_who_calls_until_it_expires_or_is_revoked() -> None:
    door = Door()
    connection = door.certified(identity(Role.OPERATOR, "shop"))
    found = door.callers.caller_of(connection)
    assert found.identity == identity(Role.OPERATOR, "shop")
    assert (found.called, found.tenant) == ("operator/ann", "shop")
    door.revoked.add(found.serial)
    with pytest.raises(Unidentified, match="revoked"):
        door.callers.caller_of(connection)
    door.revoked.clear()
    door.now = NOW + timedelta(days=91)
    with pytest.raises(Unidentified, match="expired"):
        door.callers.caller_of(connection)


def test_a_certificate_of_another_cluster_is_not_accepted() -> None:
    door = Door()
    connection = door.certified(identity(Role.ADMIN, cluster="clu_2"))
    with pytest.raises(Unidentified, match="clu_2"):
        door.callers.caller_of(connection)


def test_the_socket_and_the_unknown_are_told_apart_by_the_connection_alone() -> None:
    door = Door()
    assert door.callers.caller_of(Connected(peer="unix:")) is SOCKET
    assert door.callers.caller_of(Connected()) is NOBODY


def test_only_managers_speak_for_others_and_only_for_their_own_cluster() -> None:
    door = Door()
    manager = door.certified(identity(Role.MANAGER))
    found = door.callers.caller_of(manager, identity(Role.VIEWER, "shop").uri)
    assert found.identity == identity(Role.VIEWER, "shop")
    assert found.passed_on_by == 3
    assert door.callers.caller_of(manager, "socket").way == "socket"
    admin = identity(Role.ADMIN).uri
    for connection in (door.certified(identity(Role.ADMIN)), Connected(), Connected(peer="unix:")):
        with pytest.raises(Denied, match="only managers"):
            door.callers.caller_of(connection, admin)
    for other in (identity(Role.ADMIN, cluster="clu_2").uri, "", "admin"):
        with pytest.raises(Denied):
            door.callers.caller_of(manager, other)
