from itertools import islice

from warren.aio.backoff import Backoff


def test_backoff_doubles_its_bound_up_to_the_ceiling() -> None:
    backoff = Backoff(first_seconds=1, ceiling_seconds=5)
    assert list(islice(backoff.waits(lambda: 1.0), 5)) == [1, 2, 4, 5, 5]


def test_backoff_spreads_each_wait_from_zero() -> None:
    backoff = Backoff(first_seconds=1, ceiling_seconds=5)
    assert list(islice(backoff.waits(lambda: 0.5), 3)) == [0.5, 1, 2]


def test_backoff_ends_after_its_attempts() -> None:
    assert len(list(Backoff(attempts=3).waits(lambda: 0.0))) == 3
