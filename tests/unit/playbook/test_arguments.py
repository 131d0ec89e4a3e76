"""Arguments written as text."""

import pytest

from warren.model import marked
from warren.model.errors import InvalidInput, Place
from warren.playbook.language.arguments import check_arguments, parse_text, split_words
from warren.playbook.modules import cluster

PLACE = Place("site.yml", 1, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ["a", "b"]),
        ("a='b c' d", ["a='b c'", "d"]),
        ('a="b \\" c" d', ['a="b \\" c"', "d"]),
        ("a={{ b | default('c d') }} e", ["a={{ b | default('c d') }}", "e"]),
        ("{{ a }}{{ b }} c", ["{{ a }}{{ b }}", "c"]),
        ("{% if a %} b {% endif %}", ["{% if a %}", "b", "{% endif %}"]),
        ("  a\n b  ", ["a", "b"]),
        ("", []),
    ],
)
def test_words_are_split_outside_quotes_and_expressions(text: str, words: list[str]) -> None:
    assert split_words(text, PLACE) == words


@pytest.mark.parametrize("text", ["a='b", "a={{ b"])
def test_unclosed_text_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"site.yml:1:1: arguments: .* unclosed"):
        split_words(text, PLACE)


@pytest.mark.parametrize(
    ("text", "options", "found"),
    [
        ("ls -l creates=/x a=b", {"creates"}, {"creates": "/x", "_raw_params": "ls -l a=b"}),
        ("echo 'a  b'", {"creates"}, {"_raw_params": "echo 'a  b'"}),
        ("src=a dest='b c'", None, {"src": "a", "dest": "b c"}),
        (r"line='a\tb' x=\d", None, {"line": "a\tb", "x": r"\d"}),
        ("file.yml", None, {"_raw_params": "file.yml"}),
    ],
)
def test_text_becomes_a_mapping(text: str, options: set[str] | None, found: dict[str, str]) -> None:
    chosen = None if options is None else frozenset(options)
    assert parse_text(text, PLACE, free_form=True, options=chosen) == found


def test_loose_words_are_refused_without_free_form() -> None:
    with pytest.raises(InvalidInput, match="'loose' must be written as name=value"):
        parse_text("src=a loose", PLACE, free_form=False)


def test_a_field_below_another_is_checked_though_its_namesake_above_is_undecided() -> None:
    text = "{name: '{{ x }}', image: 'web:1', ports: [{name: a b, container_port: 8080}]}"
    with pytest.raises(InvalidInput, match=r"f:1:\d+: warren.core.service: ports.0.name: 'a b'"):
        check_arguments(cluster.SERVICE, marked.load(text, "f"))
