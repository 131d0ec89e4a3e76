"""Managers begin, join, lead, leave and come back, as their operator sees it."""

import json
import shutil
import signal
import stat
import zlib
from base64 import b32encode

import pytest

from tests.fleet.managers.managers import Managers
from tests.fleet.raft.members import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]


def test_a_cluster_of_three_forms_and_a_killed_leader_is_replaced(managers: Managers) -> None:
    managers.form(3)
    assert [(row["name"], row["suffrage"]) for row in managers.rows(3)] == [
        ("m1", "voter"),
        ("m2", "voter"),
        ("m3", "voter"),
    ]
    leader = managers.leader(at=2)
    managers.end(leader, signal.SIGKILL)
    other = 2 if leader != 2 else 3
    successor = managers.wait_for_leader(other, other_than=leader)
    wait_for(
        lambda: None if managers.rows(other)[leader - 1]["reachable"] else True,
        "the dead one shown as unreachable",
    )
    managers.run(leader)
    assert managers.leader(at=leader) == successor


def test_a_leader_told_to_end_hands_over_and_comes_back_on_its_data(managers: Managers) -> None:
    managers.form(3)
    leader = managers.leader(at=1)
    other = 1 if leader != 1 else 2
    assert managers.end(leader) == 0
    assert "the leadership is handed over" in managers.log(leader)
    assert managers.leader(at=other) != leader
    managers.run(leader)
    assert all(row["reachable"] for row in managers.rows(leader))


def test_leadership_goes_where_the_operator_says(managers: Managers) -> None:
    managers.form(3)
    for number in (3, 1, 2):
        assert f"manager m{number} ({number}) leads now" in managers.command(
            1, "transfer", f"m{number}"
        )
        assert managers.leader(at=3) == number
    assert "there is no manager 'm8'" in managers.command(1, "transfer", "m8", check=False)


def test_all_managers_stop_and_start_again_and_know_each_other(managers: Managers) -> None:
    managers.form(3)
    before = [(row["member"], row["name"], row["peer_address"]) for row in managers.rows(1)]
    for number in (1, 2, 3):
        managers.end(number, signal.SIGKILL)
    for number in (1, 2, 3):
        managers.begin_to_run(number)
    managers.wait_for_leader(1)
    rows = managers.rows(1)
    assert [(row["member"], row["name"], row["peer_address"]) for row in rows] == before


def test_a_removed_manager_ends_and_is_not_let_in_again(managers: Managers) -> None:
    managers.form(3)
    assert "manager m2 (2) is removed" in managers.command(3, "remove", "m2")
    assert managers.processes[2].wait(timeout=10) == 0
    assert "was removed from the cluster" in managers.log(2)
    assert [row["name"] for row in managers.rows(1)] == ["m1", "m3"]
    again = managers.command(2, "run", check=False)
    assert again.startswith("8 ")
    assert "was removed from cluster" in again
    token = managers.command(1, "token").split()[3]
    refused = managers.attempt_to_join(2, token, managers.address(1))
    assert "holds manager m2" in refused
    shutil.rmtree(managers.data(2))
    managers.join(2, token)
    assert [(row["member"], row["name"]) for row in managers.rows(1)] == [
        (1, "m1"),
        (3, "m3"),
        (4, "m2"),
    ]


def test_a_leader_that_is_removed_lets_another_one_lead_first(managers: Managers) -> None:
    managers.form(3)
    leader = managers.leader(at=1)
    other = 1 if leader != 1 else 2
    assert f"manager m{leader} ({leader}) is removed" in managers.command(
        other, "remove", f"m{leader}"
    )
    assert managers.processes[leader].wait(timeout=10) == 0
    assert len(managers.rows(other)) == 2


def test_a_manager_is_not_removed_while_the_others_could_not_agree(managers: Managers) -> None:
    managers.form(3)
    leader = managers.leader(at=1)
    dead, alive = [number for number in (1, 2, 3) if number != leader]
    managers.end(dead, signal.SIGKILL)
    wait_for(lambda: None if managers.rows(leader)[dead - 1]["reachable"] else True, "the dead one")
    refused = managers.command(leader, "remove", f"m{alive}", check=False)
    assert "cannot be removed now" in refused
    assert len(managers.rows(leader)) == 3
    assert "is removed" in managers.command(leader, "remove", f"m{dead}")


def test_tokens_are_good_once_and_only_where_they_are_from(managers: Managers) -> None:
    (token,) = managers.found(tokens=1)
    managers.join(2, token)
    reused = managers.attempt_to_join(3, token, managers.address(1))
    assert reused.startswith("8 ")
    assert "was used already" in reused
    torn = managers.attempt_to_join(3, token[:-2], managers.address(1))
    assert torn.startswith("2 ")
    assert token[:20] not in torn
    fresh = managers.command(2, "token").split()[3]
    where = fresh.split(".")[2]
    other = managers.attempt_to_join(3, forged(fresh, where), managers.address(1))
    assert "another authority" in other
    taken = managers.attempt_to_join(3, fresh, "localhost")
    assert "cannot connect" in taken
    managers.join(3, fresh, at=2)
    assert len(managers.rows(3)) == 3


def forged(token: str, fingerprint: str) -> str:
    """The same token for another authority."""
    other = ("a" if fingerprint[0] != "a" else "b") + fingerprint[1:]
    body = token.rpartition(".")[0].replace(fingerprint, other)
    check = b32encode(zlib.crc32(body.encode()).to_bytes(4, "big")).decode().rstrip("=").lower()
    return f"{body}.{check}"


def test_keys_and_tokens_are_nowhere_where_others_could_read_them(managers: Managers) -> None:
    tokens = managers.found(tokens=2)
    managers.join(2, tokens[0])
    for number in (1, 2):
        directory = managers.data(number)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        for path in directory.rglob("*"):
            if path.is_file():
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
                content = path.read_bytes()
                assert not any(token.split(".")[1].encode() in content for token in tokens), path
                is_own = path.name == "identity.pem"
                assert is_own or b"PRIVATE KEY" not in content, path
        log = managers.log(number)
        assert not any(token.split(".")[1] in log for token in tokens)
        assert all(json.loads(line)["manager"] == f"m{number}" for line in log.splitlines())
    assert managers.data(1).joinpath("unlock.key").read_bytes() == (
        managers.data(2).joinpath("unlock.key").read_bytes()
    )


def test_a_second_process_on_the_data_of_a_manager_is_refused(managers: Managers) -> None:
    managers.found(tokens=0)
    refused = managers.command(1, "run", check=False)
    assert refused.startswith("6 ")
    assert "is in use by warren manager init" in refused
    managers.end(1)
    again = managers.command(1, "init", check=False)
    assert again.startswith("5 ")
    assert "holds manager m1 of cluster" in again
