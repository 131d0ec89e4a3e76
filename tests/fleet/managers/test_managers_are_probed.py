"""Health and metrics of managers, as balancers and scrapers see them."""

import http.client
import json
import socket

import pytest

from tests.fleet.managers.managers import Managers
from tests.fleet.raft.members import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]
PORT = 8083


def fetch(managers: Managers, number: int, path: str, method: str = "GET") -> tuple[int, str]:
    with managers.grounds.at(number):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        connection.connect()
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_manager_alone_is_live_and_not_ready_once_the_others_are_gone(managers: Managers) -> None:
    managers.form(2)
    assert fetch(managers, 1, "/ready")[0] == 200
    status, figures = fetch(managers, 2, "/metrics")
    assert status == 200
    assert "warren_raft_voters 2\n" in figures
    assert 'warren_nodes{state="ready"} 0\n' in figures
    managers.processes[1].kill()
    wait_for(lambda: True if fetch(managers, 2, "/ready")[0] == 503 else None, "not ready")
    checks = json.loads(fetch(managers, 2, "/ready")[1])["checks"]
    assert [name for name, check in checks.items() if not check["ok"]] == ["leader"]
    assert fetch(managers, 2, "/live")[0] == 200
    assert json.loads(fetch(managers, 2, "/health")[1])["status"] == "unhealthy"


def test_nothing_but_probes_is_answered(managers: Managers) -> None:
    managers.found(tokens=0)
    assert fetch(managers, 1, "/v1/services")[0] == 404
    assert fetch(managers, 1, "/live", "POST")[0] == 405
    assert fetch(managers, 1, "/live", "HEAD") == (200, "")
    for nonsense in (b"\x16\x03\x01" * 100 + b"\r\n\r\n", b"GET /live\r\n\r\n", b"x" * 20_000):
        with (
            managers.grounds.at(1),
            socket.create_connection(("127.0.0.1", PORT), timeout=5) as caller,
        ):
            caller.sendall(nonsense)
            caller.shutdown(socket.SHUT_WR)
            assert caller.recv(100)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 431", b""}
    assert fetch(managers, 1, "/live")[0] == 200
