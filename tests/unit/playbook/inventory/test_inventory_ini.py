from typing import Any

import pytest
from hypothesis import given, settings, strategies

from warren.model.errors import InvalidInput, Place
from warren.playbook.inventory import ini
from warren.playbook.inventory.drafts import Draft


def read(text: str) -> Draft:
    draft = Draft()
    ini.read(draft, text, "hosts")
    return draft


def test_variable_knows_its_line_and_column() -> None:
    draft = read("# c\n[web]\n  a   x=1 y='two words' z=3 # end\n[web:vars]\n  v = 1\n")
    places = draft.hosts["a"].values.places
    assert places["x"] == Place("hosts", 3, 7)
    assert places["y"] == Place("hosts", 3, 11)
    assert places["z"] == Place("hosts", 3, 25)
    assert draft.groups["web"].values.places["v"] == Place("hosts", 5, 3)


def test_lines_end_as_on_any_system() -> None:
    draft = read("[web]\r\na x=1\r\nb\rc\n")
    assert list(draft.groups["web"].hosts) == ["a", "b", "c"]
    assert draft.hosts["a"].values.variables == {"x": 1}


def test_form_feed_in_a_value_does_not_end_the_line() -> None:
    draft = read('[web]\na x="1\x0c2" y=3\n')
    assert draft.hosts["a"].values.variables == {"x": "1\x0c2", "y": 3}


def test_port_of_a_known_host_is_ignored_with_a_warning() -> None:
    draft = read("a\na:22\n")
    assert "ansible_port" not in draft.hosts["a"].values.variables
    (warning,) = draft.warnings
    assert warning.startswith("hosts:2:1: port 22 of host a is ignored")
    assert "first named without it at hosts:1:1" in warning


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{1, 3, 2}", [1, 2, 3]),
        ("{{1}}", "{{1}}"),
        ("(" * 300, "(" * 300),
        ("9" * 5000, "9" * 5000),
        ("{'a': (1, {2})}", {"a": [1, [2]]}),
        ("\x00", "\x00"),
        ("'\\d'", "\\d"),
    ],
)
def test_value_is_read_or_stays_text(text: str, value: Any) -> None:
    assert ini.typed(text) == value


@settings(deadline=None)
@given(strategies.text())
def test_any_value_becomes_plain(text: str) -> None:
    assert isinstance(ini.typed(text), str | int | float | bool | list | dict | None)


@settings(deadline=None)
@given(
    strategies.text(alphabet="ab[]:=# \n\t'\"\\{}123vars,hild;é", max_size=120)
    | strategies.text(max_size=60)
)
def test_any_text_is_read_or_refused_with_places(text: str) -> None:
    try:
        read(text)
    except InvalidInput as error:
        lines = text.count("\n") + text.count("\r") + 1
        for problem in error.problems:
            assert problem.place is not None
            assert 1 <= problem.place.line <= lines
