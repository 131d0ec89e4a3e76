"""Members come and go, and disks fill up, while clients go on."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fleet.raft.history import longest_silence
from tests.fleet.raft.journeys import Journey
from tests.fleet.raft.members import wait_for
from warren.raft.errors import Unavailable
from warren.raft.replica.membership import AddLearner, Promote, Remove, Replace

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]


def join(journey: Journey, number: int, host: int) -> None:
    """Add a member on a host, wait until it votes."""
    journey.members.hosts[number] = host
    assert journey.change(AddLearner(journey.members.address(number))) == number
    journey.members.start(number, joins=True)
    journey.change(Promote(number))


def test_every_founder_is_replaced_while_clients_go_on(journey: Journey) -> None:
    with journey.load():
        for number, founder in enumerate(journey.members.addresses, start=4):
            spare = 4 + (number % 2)
            journey.members.hosts[number] = spare if number < 6 else 1
            assert journey.change(AddLearner(journey.members.address(number))) == number
            journey.members.start(number, joins=True)
            journey.change(Replace(leaves=founder, joins=number))
            time.sleep(0.5)
            journey.members.kill(founder)
        assert journey.leader() in {4, 5, 6}
    assert longest_silence(journey.history) < 5


def test_a_member_that_lost_its_disk_comes_back_under_a_new_number(journey: Journey) -> None:
    with journey.load():
        lost = journey.leader()
        journey.members.kill(lost)
        journey.change(Remove(lost))
        join(journey, 4, host=lost)
        rest = [member for member in journey.members.addresses if member != lost]
        journey.wait_until_all_follow(4, *rest)
        status = journey.members.status(4)
        assert status is not None
        assert sorted(status["configuration"][0]) == sorted([*rest, 4])


def test_a_cluster_shrinks_to_one_and_grows_again(journey: Journey) -> None:
    with journey.load():
        first = journey.leader()
        for member in [each for each in journey.members.addresses if each != first]:
            journey.change(Remove(member))
            time.sleep(0.3)
            journey.members.kill(member)
        join(journey, 4, host=4)
        join(journey, 5, host=5)
        journey.wait_until_all_follow(first, 4, 5)


def test_a_full_disk_stops_one_member_and_not_the_cluster(cramped: Journey) -> None:
    with cramped.load():
        leader = cramped.leader()
        filler = fill(cramped.members.disk(leader))
        cramped.swell(until=lambda: is_full(cramped, leader))
        others = [member for member in cramped.members.addresses if member != leader]
        wait_for(lambda: cramped.members.leader_among(*others), "another leader")
        time.sleep(1)
        filler.unlink()
        wait_for_space(cramped, leader)
        cramped.wait_until_all_follow()


def test_full_disks_everywhere_leave_reading_and_lose_nothing(cramped: Journey) -> None:
    members = cramped.members
    cramped.write("key", "before")
    with cramped.load():
        fillers = [fill(members.disk(member)) for member in members.addresses]
        cramped.swell(until=lambda: all(is_full(cramped, each) for each in members.addresses))
        assert cramped.read("key") == "before"
        with pytest.raises(Unavailable) as refused:
            cramped.write("key", "meanwhile", timeout_seconds=3)
        assert "full" in str(refused.value)
        for filler in fillers:
            filler.unlink()
        for member in members.addresses:
            wait_for_space(cramped, member)
        cramped.wait_until_all_follow()
    cramped.write("key", "after")
    assert cramped.read("key") == "after"


def test_a_member_killed_with_a_full_disk_comes_back(cramped: Journey) -> None:
    members = cramped.members
    with cramped.load():
        leader = cramped.leader()
        filler = fill(members.disk(leader))
        cramped.swell(until=lambda: is_full(cramped, leader))
        members.kill(leader)
        filler.unlink()
        members.start(leader)
        cramped.wait_until_all_follow()


def is_full(journey: Journey, member: int) -> bool:
    status = journey.members.status(member)
    return status is not None and bool(status["is_disk_full"])


def wait_for_space(journey: Journey, member: int) -> None:
    wait_for(lambda: None if is_full(journey, member) else True, f"space on the disk of {member}")


def fill(disk: Path) -> Path:
    """Leave no space on a disk but what those have who reserved it."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while filler.write(bytes(size)) == size:
                    pass
    return path
