"""Histograms: close enough to act on."""

import pytest

from warren.raft.node.statistics import Durations


def test_percentiles_are_within_a_factor_of_the_square_root_of_two() -> None:
    durations = Durations()
    for number in range(1, 1001):
        durations.add(number / 10_000)
    assert durations.count == 1000
    assert durations.longest_seconds == pytest.approx(0.1)
    assert durations.total_seconds == pytest.approx(50.05)
    for share in (0.1, 0.5, 0.9, 0.99):
        exact = share / 10
        assert exact <= durations.percentile(share) <= exact * 1.4143


@pytest.mark.parametrize("seconds", [0.0, 1e-7, 1e-6, 3600.0, 1e6])
def test_whatever_takes_no_time_or_very_long_is_counted(seconds: float) -> None:
    durations = Durations()
    durations.add(seconds)
    assert durations.count == 1
    assert durations.percentile(0.5) <= seconds + 2e-6


def test_nothing_took_no_time() -> None:
    assert Durations().percentile(0.99) == 0.0
