"""Real members, each a process in a network namespace of its own, while things happen to them."""

import random
import signal
import time
from functools import partial

import pytest

from tests.fleet.raft.history import longest_silence
from tests.fleet.raft.journeys import Journey
from tests.fleet.raft.members import wait_for
from warren.raft.errors import Unavailable

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]

of_both_sizes = pytest.mark.parametrize("journey", [3, 5], indirect=True)


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
    for ask in (journey.read, partial(journey.write, value="after")):
        with pytest.raises(Unavailable) as refused:
            ask("key", at=(survivor,), timeout_seconds=4)
        assert "nothing can be written" in str(refused.value)
        assert "heard from 1 lately" in str(refused.value)
    status = journey.members.status(survivor)
    assert status is not None
    assert status["leader"] == 0
    journey.members.start(others[0])
    journey.wait_until_all_follow(survivor, others[0])
    assert journey.read("key") == "before"
    journey.write("key", "later")
    assert journey.read("key") == "later"


@of_both_sizes
def test_a_leader_told_to_end_hands_over_first(journey: Journey) -> None:
    with journey.load():
        leader = journey.leader()
        journey.members.signal(leader, signal.SIGTERM)
        assert journey.members.processes[leader].wait(timeout=10) == 0
        journey.members.start(leader)
        journey.wait_until_all_follow()
    assert longest_silence(journey.history) < 0.5
