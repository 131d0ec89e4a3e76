"""Seeds: a fixed hundred, and fifty that nobody has seen before."""

import os

import pytest

from tests.simulation.raft.__main__ import Failure, run_seed
from tests.simulation.raft.run import Run

AT_ONCE = 5


def run_seeds(start: int) -> None:
    failures = [
        outcome
        for seed in range(start, start + AT_ONCE)
        if isinstance(outcome := run_seed(seed), Failure)
    ]
    assert not failures, "\n".join(f"{each.reason}\nreplay: {each.command}" for each in failures)


@pytest.mark.parametrize("start", range(0, 100, AT_ONCE))
def test_cluster_keeps_its_promises_under_known_seeds(start: int) -> None:
    run_seeds(start)


@pytest.mark.parametrize("part", range(50 // AT_ONCE))
def test_cluster_keeps_its_promises_under_fresh_seeds(part: int) -> None:
    run_seeds(int.from_bytes(os.urandom(5), "big"))


def test_seed_gives_the_same_run_every_time() -> None:
    one, two = Run(4).run(), Run(4).run()
    assert one == two
    assert one.digest != Run(7).run().digest
