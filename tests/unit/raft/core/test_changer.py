"""Changes of configurations, by cases and by what must hold for all."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies

from warren.raft.core.changer import InvalidChange, apply_change, next_progress
from warren.raft.core.entry import (
    ChangeKind,
    Configuration,
    ConfigurationChange,
    MemberChange,
    Transition,
)
from warren.raft.core.progress import Progress
from warren.raft.errors import Refused

CASES = sorted((Path(__file__).parents[3] / "cases" / "membership").glob("*.yaml"))
KINDS = {"+": ChangeKind.ADD_VOTER, "~": ChangeKind.ADD_LEARNER, "-": ChangeKind.REMOVE}
FIELDS = {"voters": 0, "outgoing": 1, "learners": 2, "next": 3}


def parse(text: str) -> Configuration:
    groups: list[tuple[int, ...]] = [(), (), (), ()]
    auto_leave = False
    for part in filter(None, text.split(", ")):
        name, *members = part.split()
        if name == "auto":
            auto_leave = True
        else:
            groups[FIELDS[name]] = tuple(map(int, members))
    return Configuration(groups[0], groups[1], groups[2], groups[3], auto_leave)


def parse_change(transition: str, text: str) -> ConfigurationChange:
    changes = [MemberChange(KINDS[word[0]], int(word[1:])) for word in text.split()]
    return ConfigurationChange(
        tuple(changes), Transition[transition.replace("-", "_").upper()], b"who asked"
    )


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case: dict[str, Any] = yaml.safe_load(path.read_text())
    configuration = parse(case["begin"])
    for transition, change, expected in case["steps"]:
        if expected.startswith("refused: "):
            with pytest.raises(InvalidChange, match=expected.removeprefix("refused: ")):
                apply_change(configuration, parse_change(transition, change))
        else:
            configuration = apply_change(configuration, parse_change(transition, change))
            assert configuration == parse(expected), (transition, change)


def test_invalid_change_is_a_permanent_error() -> None:
    assert issubclass(InvalidChange, Refused)


member_changes = strategies.builds(
    MemberChange, strategies.sampled_from(ChangeKind), strategies.integers(1, 6)
)
changes = strategies.builds(
    ConfigurationChange,
    strategies.lists(member_changes, max_size=5).map(tuple),
    strategies.sampled_from(Transition),
)


def check_invariants(configuration: Configuration) -> None:
    groups = (
        configuration.voters,
        configuration.outgoing,
        configuration.learners,
        configuration.learners_next,
    )
    for group in groups:
        assert list(group) == sorted(set(group))
    voters, outgoing, learners, learners_next = map(set, groups)
    assert voters
    assert not learners & (voters | outgoing)
    assert learners_next <= outgoing
    assert not learners_next & (learners | voters)
    if not outgoing:
        assert not learners_next
        assert not configuration.auto_leave


def majorities_overlap(one: Configuration, other: Configuration) -> bool:
    """Whether no two quorums of the two configurations can decide without each other."""

    def quorum(configuration: Configuration, members: set[int]) -> bool:
        groups = [configuration.voters, configuration.outgoing]
        return all(2 * len(members & set(group)) > len(group) for group in groups if group)

    everybody = sorted(one.members | other.members)
    subsets = [
        {member for place, member in enumerate(everybody) if number >> place & 1}
        for number in range(1 << len(everybody))
    ]
    return not any(
        quorum(one, subset) and quorum(other, set(everybody) - subset) for subset in subsets
    )


@given(strategies.lists(changes, max_size=6))
def test_every_step_keeps_the_invariants_and_overlapping_majorities(
    steps: list[ConfigurationChange],
) -> None:
    configuration = parse("voters 1 2 3")
    for step in steps:
        try:
            following = apply_change(configuration, step)
        except InvalidChange:
            continue
        check_invariants(following)
        assert majorities_overlap(configuration, following)
        if configuration.outgoing:
            assert following.voters == configuration.voters
            assert set(configuration.learners_next) <= set(following.learners)
        configuration = following


class TestNextProgress:
    def test_keeps_the_records_of_those_who_stay_and_drops_the_others(self) -> None:
        before = {1: Progress(match=7, next=8), 2: Progress(match=5, next=6)}
        after = next_progress(before, parse("voters 2 3"), 9)
        assert list(after) == [2, 3]
        assert after[2] is before[2]

    def test_takes_new_members_to_be_alive_and_unknown(self) -> None:
        record = next_progress({}, parse("voters 3"), 9)[3]
        assert (record.match, record.next, record.recent_active) == (0, 9, True)
        assert next_progress({}, parse("voters 3"), 0)[3].next == 1

    def test_limits_the_windows_of_new_members(self) -> None:
        record = next_progress(
            {}, parse("voters 3"), 0, max_inflight_messages=1, max_inflight_bytes=10
        )[3]
        record.inflights.add(1, 1)
        assert record.inflights.full
        record = next_progress({}, parse("voters 3"), 0, max_inflight_bytes=10)[3]
        record.inflights.add(1, 10)
        assert record.inflights.full

    def test_makes_a_demoted_voter_a_learner_only_when_the_joint_change_ends(self) -> None:
        records = next_progress({}, parse("voters 1"), 0)
        records = next_progress(records, parse("voters 2, outgoing 1, next 1"), 0)
        assert not records[1].is_learner
        records = next_progress(records, parse("voters 2, learners 1"), 0)
        assert records[1].is_learner
        records = next_progress(records, parse("voters 1 2"), 0)
        assert not records[1].is_learner
