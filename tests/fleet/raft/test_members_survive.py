"""Real members, each a process in a network namespace of its own, while things happen to them."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.raft.grounds import Grounds
from tests.fleet.raft.history import longest_silence
from tests.fleet.raft.journeys import Journey
from tests.fleet.raft.members import Members, wait_for
from warren.raft.errors import NotLeader, Unavailable

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]

SIZES = [3, 5]


@pytest.fixture
def journey(
    request: pytest.FixtureRequest, tmp_path: Path, able_machine: None
) -> Iterator[Journey]:
    size = getattr(request, "param", 3)
    with Grounds(size + 2) as grounds:
        members = Members(tmp_path, size, grounds=grounds, snapshot_entries=1_000)
        members.start()
        try:
            yield Journey(members, grounds)
        finally:
            members.stop()
            print(members.diagnosis())  # pytest shows it if the test failed


of_both_sizes = pytest.mark.parametrize("journey", SIZES, indirect=True)


@of_both_sizes
def test_nothing_acknowledged_is_lost_when_members_are_killed(journey: Journey) -> None:
    with journey.load():
        for _ in range(6):
            victim = random.choice([journey.leader(), *journey.members.running()])
            journey.members.kill(victim)
            time.sleep(random.uniform(0.2, 1.5))
            journey.members.start(victim)
            journey.wait_until_all_follow()


@of_both_sizes
def test_nothing_acknowledged_is_lost_when_all_members_are_killed_at_once(journey: Journey) -> None:
    with journey.load():
        for _ in range(3):
            time.sleep(1)
            for member in journey.members.running():
                journey.members.signal(member, signal.SIGKILL)
            for member in journey.members.addresses:
                journey.members.kill(member)
            journey.members.start()
            journey.wait_until_all_follow()


@of_both_sizes
def test_a_leader_that_was_stopped_for_a_while_misleads_nobody(journey: Journey) -> None:
    with journey.load():
        for _ in range(4):
            leader = journey.leader()
            journey.members.signal(leader, signal.SIGSTOP)
            time.sleep(random.uniform(1.0, 2.5))
            journey.members.signal(leader, signal.SIGCONT)
            time.sleep(random.uniform(0.5, 1.0))


@of_both_sizes
def test_links_that_come_and_go_cost_no_acknowledged_write(journey: Journey) -> None:
    members = list(journey.members.addresses)
    with journey.load():
        for _ in range(4):
            random.shuffle(members)
            half = len(members) // 2
            journey.grounds.part(tuple(members[:half]), tuple(members[half:]))
            time.sleep(random.uniform(1.0, 2.0))
            journey.grounds.heal()
            one, other = random.sample(members, 2)
            journey.grounds.cut(one, other, one_way=True)
            time.sleep(random.uniform(0.5, 1.5))
            journey.grounds.heal()


@of_both_sizes
def test_a_leader_that_is_cut_off_is_replaced(journey: Journey) -> None:
    with journey.load():
        leader = journey.leader()
        others = [member for member in journey.members.addresses if member != leader]
        journey.grounds.part((leader,), tuple(others))
        wait_for(lambda: journey.members.leader_among(*others), "a new leader")
        time.sleep(1)
        journey.grounds.heal()
        journey.wait_until_all_follow()


def test_a_minority_writes_nothing_and_says_why(journey: Journey) -> None:
    journey.write("key", "before")
    survivor, *others = journey.members.addresses
    for member in others:
        journey.members.kill(member)
    with pytest.raises(Unavailable) as refused:
        journey.write("key", "after", survivor, timeout_seconds=4)
    assert "1 of 3" in str(refused.value) or "of 3 voters" in str(refused.value)
    assert isinstance(refused.value, NotLeader) or refused.value.__cause__ is not None
    journey.members.start(others[0])
    journey.wait_until_all_follow()
    journey.write("key", "later")
    assert journey.read("key") == "later"
