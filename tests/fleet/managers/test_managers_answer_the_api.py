"""The API of managers, called with certificates that a manager's owner had made."""

import signal
from pathlib import Path

import pytest

from tests.fleet.managers.calls import call, certified
from tests.fleet.managers.managers import Managers
from tests.fleet.raft.members import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]
WEB = {"spec": {"name": "web", "replicas": 2, "containers": [{"name": "web", "image": "nginx:1"}]}}


def test_what_one_manager_records_all_show_and_none_forgets(
    managers: Managers, tmp_path: Path
) -> None:
    managers.form(3)
    admin, viewer = (certified(managers, tmp_path, role) for role in ("admin", "viewer"))
    leader = managers.leader(at=1)
    follower = 1 if leader != 1 else 2
    made = call(managers, follower, admin, "CreateService", WEB)
    assert "error" not in made, made
    for number in (1, 2, 3):
        listed = call(managers, number, viewer, "ListServices")
        assert [each["name"] for each in listed["services"]] == ["web"], listed
    refused = call(managers, follower, viewer, "CreateService", WEB)
    assert refused["error"].startswith("PERMISSION_DENIED"), refused
    managers.end(leader, signal.SIGKILL)
    managers.wait_for_leader(follower, other_than=leader)
    wait_for(
        lambda: call(managers, follower, viewer, "ListServices").get("services"), "the service"
    )
    info = call(managers, follower, viewer, "GetClusterInfo")
    assert info["leader"] != str(leader)
    assert [each["name"] for each in info["managers"]] == ["m1", "m2", "m3"]


def test_certificates_of_other_clusters_and_unknown_roles_are_not_taken(
    managers: Managers, tmp_path: Path
) -> None:
    managers.found(tokens=0)
    admin = certified(managers, tmp_path, "admin")
    refused = managers.command(
        1, "certify", "bob", "--role", "manager", "--out", str(tmp_path / "x"), check=False
    )
    assert refused.startswith("2 "), refused
    assert not (tmp_path / "x").exists()
    foreign = tmp_path / "foreign"
    other = Managers(foreign, managers.grounds)
    foreign.mkdir()
    try:
        managers.end(1)
        other.found(tokens=0)
        answer = call(other, 1, admin, "ListServices")
        assert answer["error"].startswith("UNAVAILABLE"), answer
    finally:
        other.stop()
