from pathlib import Path

import pytest

from warren.model import marked
from warren.model.errors import Place, SyntaxProblem


def test_every_node_knows_where_it_stands() -> None:
    value = marked.load("a:\n  - x\n  - {b: 2}\n", "f.yml")
    assert value == {"a": ["x", {"b": 2}]}
    assert marked.place_of(value, ("a",)) == Place("f.yml", 2, 3)
    assert marked.place_of(value, ("a", 0)) == Place("f.yml", 2, 5)
    assert marked.place_of(value, ("a", 1, "b")) == Place("f.yml", 3, 9)


def test_place_of_a_missing_field_is_that_of_its_mapping() -> None:
    value = marked.load("a:\n  b: 1\n", "f.yml")
    assert marked.place_of(value, ("a", "nope", "x")) == Place("f.yml", 2, 3)


def test_merge_keys_and_aliases_work_as_in_yaml() -> None:
    value = marked.load("x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\nz: *x\n", "f.yml")
    assert value["y"] == {"a": 1, "b": 2}
    assert value["z"] is value["x"]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: [1\n", 2, 1, "expected"),
        ("a: 1\na: 2\n", 2, 1, "written twice; first at f.yml:1:1"),
        ("a: !python/object:x {}\n", 1, 4, "unknown tag"),
        ("a: !odd x\n", 1, 4, "unknown tag '!odd'"),
        ("- &a [*a]\n", 1, 3, "contains it"),
        ("[1, 2]: x\n", 1, 1, "plain value"),
        ("a: 2026-99-99\n", 1, 4, "not a valid timestamp"),
        ("a: 1\n---\nb: 2\n", 3, 1, "second document"),
    ],
)
def test_broken_yaml_is_refused_with_its_place(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        marked.load(text, "f.yml")
    assert (caught.value.place.line, caught.value.place.column) == (line, column)
    assert words in caught.value.message


def test_bytes_that_are_not_utf8_are_refused_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(SyntaxProblem, match=r"0xff is not UTF-8") as caught:
        marked.load_file(path)
    assert (caught.value.place.line, caught.value.place.column) == (2, 4)


def test_tagged_scalars_are_built_by_the_given_constructor() -> None:
    value = marked.load("a: !vault x\n", "f.yml", tags={"!vault": lambda text, _: text.upper()})
    assert value == {"a": "X"}
