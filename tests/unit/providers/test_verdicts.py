import pytest

from warren.model.container import TcpCheck
from warren.providers.probing.verdicts import EAGER_SECONDS, Course, Probe, due_at, judge

GOOD, BAD = Probe(good=True, message="ok"), Probe(good=False, message="refused")


def check(**fields: float) -> TcpCheck:
    return TcpCheck.model_validate({"type": "tcp", "port": 80, "interval_seconds": 10, **fields})


def after(course: Course, rule: TcpCheck, *answers: tuple[float, Probe]) -> Course:
    for now, probe in answers:
        course = judge(course, rule, probe, now=now)
    return course


def test_first_success_is_healthy() -> None:
    assert after(Course(began_at=0), check(), (1, BAD), (2, GOOD)).healthy is True


def test_failures_count_once_an_interval_while_there_is_no_verdict() -> None:
    early = after(Course(began_at=0), check(retries=3), (0, BAD), (1, BAD), (2, BAD), (9, BAD))
    assert (early.healthy, early.failures) == (None, 1)
    late = after(early, check(retries=3), (10, BAD), (20, BAD))
    assert (late.healthy, late.failures, late.message) == (False, 3, "refused")


def test_failures_in_the_start_period_do_not_count() -> None:
    rule = check(retries=1, start_period_seconds=30)
    course = after(Course(began_at=0), rule, (0, BAD), (29, BAD))
    assert (course.healthy, course.failures) == (None, 0)
    assert after(course, rule, (30, BAD)).healthy is False


def test_start_period_ends_with_the_first_success() -> None:
    rule = check(retries=2, start_period_seconds=100)
    course = after(Course(began_at=0), rule, (1, GOOD), (11, BAD))
    assert (course.healthy, course.failures) == (True, 1)
    assert after(course, rule, (21, BAD)).healthy is False


def test_failures_must_follow_one_another() -> None:
    rule = check(retries=2)
    course = after(Course(began_at=0), rule, (0, GOOD), (10, BAD), (20, GOOD), (30, BAD))
    assert course.healthy is True


def test_unhealthy_recovers_with_one_success() -> None:
    course = after(Course(began_at=0), check(retries=1), (0, BAD), (10, GOOD))
    assert (course.healthy, course.failures) == (True, 0)


@pytest.mark.parametrize(
    ("course", "due"),
    [
        (Course(began_at=5), 5),
        (Course(began_at=5, asked_at=6), 6 + EAGER_SECONDS),
        (Course(began_at=5, asked_at=6, healthy=True), 16),
        (Course(began_at=5, asked_at=6, healthy=False), 16),
    ],
)
def test_probe_is_due(course: Course, due: float) -> None:
    assert due_at(course, check()) == due


def test_probes_are_never_more_frequent_than_asked_for() -> None:
    assert due_at(Course(began_at=0, asked_at=1), check(interval_seconds=0.1)) == 1.1
