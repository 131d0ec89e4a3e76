"""Who is heard at the reception of a manager, and at the port of the consensus."""

import asyncio
import socket
import ssl

import pytest

from tests.fleet.managers.managers import Managers
from warren.daemon.manager.asking import ask_there, trusting
from warren.daemon.manager.words import Certify, MakeToken, Question, Remove, ShowManagers, Transfer
from warren.model.errors import Denied
from warren.pki.authority import make_request

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]


def ask(managers: Managers, question: Question, context: ssl.SSLContext) -> object:
    with managers.grounds.at():
        return asyncio.run(
            ask_there(f"{managers.address(1)}:8082", question, context, timeout_seconds=10)
        )


def test_strangers_are_heard_with_a_token_only_and_nobody_gets_a_certificate_from_afar(
    managers: Managers,
) -> None:
    managers.found(tokens=0)
    authority = managers.data(1).joinpath("authority.pem").read_bytes()
    for question in (ShowManagers(), Remove("m1"), Transfer(), MakeToken()):
        with pytest.raises(Denied, match="only a join token is heard here"):
            ask(managers, question, trusting(authority))
    own = trusting(authority)
    own.load_cert_chain(managers.data(1) / "identity.pem")
    ask(managers, ShowManagers(), own)
    wanted = Certify(role="admin", name="eve", request_pem=make_request("eve").pem)
    for context in (trusting(authority), own):
        with pytest.raises(Denied, match="certificates are asked for beside the manager"):
            ask(managers, wanted, context)
    managers.command(1, "certify", "ann", "--role", "admin", "--out", str(managers.data(1) / "ann"))
    admin = trusting(authority)
    admin.load_cert_chain(managers.data(1) / "ann")
    with pytest.raises(Denied, match="admin ann is not heard here"):
        ask(managers, ShowManagers(), admin)


def test_old_tls_and_nonsense_are_refused_and_leave_the_manager_well(managers: Managers) -> None:
    managers.found(tokens=0)
    for port in (8081, 8082):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname = False
        old.verify_mode = ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with managers.grounds.at():
            raw = socket.create_connection((managers.address(1), port), timeout=5)
        with raw, pytest.raises(ssl.SSLError):
            old.wrap_socket(raw)
        with managers.grounds.at():
            raw = socket.create_connection((managers.address(1), port), timeout=5)
        with raw:
            raw.sendall(b"\xff" * 4096)
    authority = managers.data(1).joinpath("authority.pem").read_bytes()
    with managers.grounds.at():
        raw = socket.create_connection((managers.address(1), 8082), timeout=5)
    with (
        raw,
        trusting(authority).wrap_socket(raw, server_hostname=managers.address(1)) as caller,
    ):
        caller.sendall(b"\xff\xff\xff\xff" + b"x" * 1000)
        caller.settimeout(8)
        while caller.recv(4096):
            pass
    assert [row["name"] for row in managers.rows(1)] == ["m1"]
