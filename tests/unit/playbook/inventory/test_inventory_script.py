from collections.abc import Sequence
from pathlib import Path

import pytest

from warren.model.errors import InvalidInput, PermanentError
from warren.playbook.inventory import script
from warren.playbook.inventory.drafts import Draft


def read(*outputs: bytes) -> Draft:
    """Read a script that answers its calls with these outputs."""
    left = list(outputs)
    draft = Draft()
    script.read(draft, Path("/inv"), lambda _path, _arguments: left.pop(0))
    assert not left
    return draft


def test_script_is_asked_for_each_host_without_meta() -> None:
    calls: list[Sequence[str]] = []

    def run(_path: Path, arguments: Sequence[str]) -> bytes:
        calls.append(tuple(arguments))
        return b'{"g": ["b", "a"]}' if arguments[0] == "--list" else b'{"x": 1}'

    draft = Draft()
    script.read(draft, Path("/inv"), run)
    assert calls == [("--list",), ("--host", "b"), ("--host", "a")]
    assert draft.hosts["a"].values.variables == {"x": 1}


def test_script_with_meta_is_asked_once() -> None:
    draft = read(b'{"g": {"hosts": ["a"], "vars": {"v": null}}, "_meta": {"hostvars": {}}}')
    assert draft.groups["g"].values.variables == {"v": None}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "must be an object"),
        (b'{"g": 1}', "group g: 'int' must be an object"),
        (b'{"g": {"hosts": "a"}}', "hosts of g: 'a' must be a list of names"),
        (b'{"g": {"hosts": [1]}}', "hosts of g: 'list' must be a list of names"),
        (b'{"g": {"vars": []}, "_meta": {"hostvars": []}}', "_meta.hostvars"),
        (b'{"g": ["a b"]}', "host: 'a b' contains ' '"),
        (b'{"a:b": ["a"]}', "'a:b' is no group name"),
    ],
)
def test_output_that_is_no_inventory_is_refused(output: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(output)
    assert message in str(caught.value)


def test_script_that_fails_shows_its_last_words(tmp_path: Path) -> None:
    path = tmp_path / "inv"
    path.write_text("#!/bin/sh\necho no credentials >&2\nexit 3\n")
    path.chmod(0o755)
    with pytest.raises(PermanentError, match="ended with status 3: no credentials"):
        script.run_script(path, ["--list"])


def test_script_that_cannot_start_says_why(tmp_path: Path) -> None:
    path = tmp_path / "inv"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    with pytest.raises(PermanentError, match="cannot be started: No such file"):
        script.run_script(path, ["--list"])
