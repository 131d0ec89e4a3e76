"""Expressions: filters, tests and lookups give what playbooks rely on."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from warren.model.errors import NotFound, Place
from warren.playbook.inventory.layers import VaultText
from warren.playbook.modules.contract import TemplateStyle
from warren.playbook.templating.engine import Engine
from warren.playbook.templating.shadow import encrypt
from warren.playbook.templating.undefined import TemplateFailed, UndefinedVariable
from warren.playbook.templating.values import Text, compile_value
from warren.playbook.variables.levels import Layer, Level
from warren.playbook.variables.scope import Scope


def scope(
    values: dict[str, Any] | None = None, directory: Path = Path("/nowhere"), **engine: Any
) -> Scope:
    def find(name: str, _kind: str) -> Path:
        path = directory / name
        if not path.exists():
            raise NotFound(f"{name} does not exist")
        return path

    compiled = {name: compile_value(value) for name, value in (values or {}).items()}
    magic = {"playbook_dir": str(directory), "groups": {"all": ["a", "b"], "web": ["b"]}}
    layers = [Layer(level=Level.PLAY, values=compiled), Layer(level=Level.MAGIC, values=magic)]
    clock = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Scope(Engine(chance=Random(1), now=lambda: clock, **engine), layers, find)


FILTERS: list[tuple[str, Any]] = [
    ("'yes' | bool", True),
    ("none | bool", None),
    ("'a' | ternary(1, 2)", 1),
    ("none | ternary(1, 2, 3)", 3),
    ("1536 | human_readable", "1.50 KB"),
    ("10 | human_readable(isbits=true)", "10.00 bits"),
    ("'1.5 GB' | human_to_bytes", 1610612736),
    ("'10' | human_to_bytes('K')", 10240),
    ("{'a': {'x': 1}, 'l': [1]} | combine({'a': {'y': 2}, 'l': [2]}, recursive=true)",
     {"a": {"x": 1, "y": 2}, "l": [2]}),
    ("{'l': [1, 2]} | combine({'l': [2, 3]}, list_merge='append_rp')", {"l": [1, 2, 3]}),
    ("[1, [2, [3, none]]] | flatten", [1, 2, 3]),
    ("[1, [2, [3]]] | flatten(levels=1)", [1, 2, [3]]),
    ("{'a': 1} | dict2items", [{"key": "a", "value": 1}]),
    ("[{'key': 'a', 'value': 1}] | items2dict", {"a": 1}),
    ("[3, 1, 3] | unique", [3, 1]),
    ("[1, 2] | union([2, 3])", [1, 2, 3]),
    ("[1, 2] | intersect([2, 3])", [2]),
    ("[1, 2] | difference([2])", [1]),
    ("[1, 2] | symmetric_difference([2, 3])", [1, 3]),
    ("['a', 'b'] | zip([1, 2]) | list", [["a", 1], ["b", 2]]),
    ("[{'n': 1, 'l': [1, 2]}] | subelements('l') | length", 2),
    ("'a' | extract({'a': {'b': 1}}, 'b')", 1),
    ("[{'n': 'x'}] | rekey_on_member('n')", {"x": {"n": "x"}}),
    ("'foobar' | regex_replace('o+', 'O')", "fObar"),
    ("'foobar' | regex_replace('^f(o+)', '\\1f')", "oofbar"),
    ("'foobar' | regex_search('o+')", "oo"),
    ("'foobar' | regex_search('(o+)(b)', '\\2')", ["b"]),
    ("'foo' | regex_search('x')", None),
    ("'a1b2' | regex_findall('[0-9]')", ["1", "2"]),
    ("'a.b' | regex_escape", "a\\.b"),
    ("'a b' | quote", "'a b'"),
    ("'text' | comment", "#\n# text\n#"),
    ("'http://u:p@h:1/p?q=1' | urlsplit('port')", 1),
    ("'a%20b' | urldecode", "a b"),
    ("'/a/b.c' | basename", "b.c"),
    ("'/a/b.c' | splitext", ["/a/b", ".c"]),
    ("['/a', 'b'] | path_join", "/a/b"),
    ("[1, 'x', none] | to_json", '[1, "x", null]'),
    ("{'b': 1, 'a': [1]} | to_nice_json", '{\n    "a": [\n        1\n    ],\n    "b": 1\n}'),
    ("{'b': 1, 'a': [1]} | to_nice_yaml", "a:\n- 1\nb: 1\n"),
    ("{'b': 1, 'a': [1]} | to_yaml", "a: [1]\nb: 1\n"),
    ("'{\"a\": 1}' | from_json", {"a": 1}),
    ("'a: [1]' | from_yaml", {"a": [1]}),
    ("'hi' | b64encode", "aGk="),
    ("'aGk=' | b64decode", "hi"),
    ("'x' | hash('md5')", "9dd4e461268c8034f5c8564e155c67a6"),
    ("'abc' | to_uuid", "27dc713b-d72c-5825-88f3-9f240e739319"),
    ("8 | log(2)", 3.0),
    ("2 | pow(3)", 8.0),
    ("9 | root", 3.0),
    ("[1, 2, 3] | product([4]) | length", 3),
    ("'%Y-%m-%d' | strftime(0, utc=true)", "1970-01-01"),
    ("('2026-01-02 00:00:00' | to_datetime).year", 2026),
    ("now(utc=true, fmt='%H:%M:%S')", "03:04:05"),
    ("'1.10' is version('1.9', '>')", True),
    ("'1.0.0-rc.1' is version('1.0.0', 'lt', version_type='semver')", True),
    ("'1.0rc1' is version('1.0', '<', version_type='pep440')", True),
    ("'1.2b1' is version('1.2', '<', strict=true)", True),
    ("'abc' is match('b')", False),
    ("'abc' is search('b')", True),
    ("[1] is subset([1, 2])", True),
    ("[1, 2] is contains(2)", True),
    ("{'failed': true} is failed", True),
    ("{'changed': true} is changed and {'skipped': true} is skipped", True),
    ("{'failed': false} is succeeded", True),
    ("'https://a/b' is url", True),
    ("missing.a.b is defined", False),
    ("query('sequence', 'start=2 end=8 stride=3')", ["2", "5", "8"]),
    ("query('sequence', '1-3:v%d')", ["v1", "v2", "v3"]),
    ("query('sequence', count=0)", []),
    ("lookup('dict', {'a': 1})", {"key": "a", "value": 1}),
    ("query('together', [1, 2], ['a'])", [[1, "a"], [2, None]]),
    ("query('cartesian', [1], [2, 3])", [[1, 2], [1, 3]]),
    ("query('inventory_hostnames', 'web')", ["b"]),
    ("lookup('vars', 'nope', default='d')", "d"),
    ("query('varnames', '^play')", ["playbook_dir"]),
    ("lookup('pipe', 'printf a') if false else 'b'", "b"),
    ("query('flattened', [1, [2, [3]]])", [1, 2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "value"), FILTERS, ids=[source for source, _ in FILTERS])
def test_expression_gives_its_value(source: str, value: Any) -> None:
    assert scope().expression(source.replace("\\", "\\\\")) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing", "'missing' is undefined"),
        ("{'a': 1}.b", "'dict object' has no attribute 'b'"),
        ("[1] | items2dict", "TypeError"),
        ("1 | combine({})", "combine needs mappings, not int"),
        ("'x' | human_to_bytes", "'x' is no size"),
        ("'1' is version('', '<')", "a version to compare is empty"),
        ("'1' is version('2', 'near')", "operator 'near' is not one of"),
        ("'1.x' is version('1.0', '<', version_type='semver')", "is no semantic version"),
        ("1 is failed", "needs the registered result of a task, not int"),
        ("'x' | hash('nope')", "hash 'nope' is not available"),
        ("'p' | password_hash('bcrypt')", "password hash 'bcrypt' is not known"),
        ("lookup('nope')", "lookup 'nope' is not known"),
        ("query('sequence', 'start=3 end=1')", "never gets from 3 to 1"),
        ("lookup('file', 'none')", "lookup 'file' failed: none does not exist"),
        ("''.__class__", "'str object' has no attribute '__class__'"),
        ("''.__class__.__mro__", "has no attribute '__mro__'"),
        ("vars._engine", "has no attribute '_engine'"),
        ("vars['_layers']", "has no attribute '_layers'"),
        ("undef('set it in group_vars')", "set it in group_vars"),
        ("missing | mandatory", "mandatory variable 'missing' is not defined"),
    ],
)
def test_expression_fails_with_a_reason(source: str, message: str) -> None:
    with pytest.raises(TemplateFailed) as raised:
        scope().expression(source)
    assert message in str(raised.value)


def test_lookups_read_files_beside_the_play(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("content \n")
    (tmp_path / "t.j2").write_text("<{{ name }}>{% if true %}\nx{% endif %}\n")
    (tmp_path / "a.ini").write_text("[s]\nkey = v\n")
    variables = scope({"name": "n"}, tmp_path)
    assert variables.expression("lookup('file', 'text')") == "content"
    assert variables.expression("lookup('template', 't.j2')") == "<n>x"
    assert variables.expression("lookup('ini', 'key section=s file=a.ini')") == "v"
    assert variables.expression("query('fileglob', 't*') | map('basename') | list") == [
        "t.j2",
        "text",
    ]
    assert variables.expression("lookup('first_found', ['no', 'text'])") == str(tmp_path / "text")
    assert variables.expression("query('first_found', ['no'], skip=true)") == []
    assert variables.expression("query('file', 'no', errors='ignore')") == []


def test_password_lookup_makes_a_password_once_for_its_owner_only(tmp_path: Path) -> None:
    source = "lookup('password', 'secret/word length=12 chars=digits')"
    first = scope({}, tmp_path).expression(source)
    assert first.isdigit()
    assert len(first) == 12
    assert scope({}, tmp_path).expression(source) == first
    assert (tmp_path / "secret" / "word").stat().st_mode & 0o777 == 0o600


def test_password_hash_follows_the_published_example() -> None:
    assert encrypt("Hello world!", scheme="sha256", salt="saltstring") == (
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
    )
    assert encrypt("Hello world!", scheme="sha512", salt="saltstring") == (
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4O"
        "TLiBFdcbYEdFCoEOfaS35inz1"
    )


def test_template_file_names_the_line_that_fails() -> None:
    variables = scope({"a": 1})
    style = TemplateStyle()
    with pytest.raises(UndefinedVariable) as raised:
        variables.render_file("one\ntwo {{ b }}\n", path=Path("/t.j2"), style=style)
    assert str(raised.value) == "/t.j2:2:1: 'b' is undefined"
    with pytest.raises(TemplateFailed, match=r"/t\.j2:3:1: "):
        variables.render_file("one\n\n{% if %}\n", path=Path("/t.j2"), style=style)


def test_template_file_is_text_with_its_own_delimiters() -> None:
    style = TemplateStyle(variable_start_string="<<", variable_end_string=">>")
    text = scope({"a": [1]}).render_file(
        "<< a >> {{ a }} << none >> << b >>\n", path=Path("/t"), style=style, variables={"b": 2}
    )
    assert text == "[1] {{ a }}  2\n"


def test_scope_prefers_stronger_levels_and_later_layers() -> None:
    layers = [
        Layer(level=Level.EXTRA, values={"a": "extra"}),
        Layer(level=Level.PLAY, values={"a": "play", "b": "first"}),
        Layer(level=Level.PLAY, values={"b": "second"}, owner="later"),
    ]
    engine = Engine(chance=Random(1), now=lambda: datetime.now(UTC))
    variables = Scope(engine, layers, lambda name, _kind: Path(name))
    assert (variables["a"], variables["b"]) == ("extra", "second")
    origins = variables.origins_of("b")
    assert [str(origin) for origin in origins] == [
        "vars of the play (later)",
        "vars of the play",
    ]


def test_variable_is_evaluated_once_per_scope_and_only_when_asked_for() -> None:
    variables = scope({"broken": "{{ 1 / 0 }}", "list_": "{{ [1] }}"})
    assert variables["list_"] is variables["list_"]
    with pytest.raises(TemplateFailed, match="division by zero"):
        variables["broken"]


def test_encrypted_value_is_opened_when_used_or_says_what_is_missing() -> None:
    secret = VaultText("$ANSIBLE_VAULT;1.1;AES256\n00", Place("vars.yml", 2, 3))
    with pytest.raises(TemplateFailed, match=r"vars.yml:2:3: the value is encrypted"):
        scope({"secret": secret})["secret"]
    opened = scope({"secret": secret, "x": 1}, open_vault=lambda _text: "opened {{ x }}")
    assert opened["secret"] == "opened 1"


def test_only_what_users_write_is_a_template() -> None:
    assert isinstance(compile_value("{{ a }}"), Text)
    assert compile_value({"a": ["x", 1]}) == {"a": ["x", 1]}
    variables = scope({"outer": "{{ inner }}"}).with_variables({"inner": "{{ evil }}"})
    assert variables["outer"] == "{{ evil }}"
