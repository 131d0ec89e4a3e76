"""Whole inventories, one file each; what is expected was taken from ansible-core 2.19."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from warren.model import errors
from warren.playbook.inventory.patterns import select
from warren.playbook.inventory.sources import load

cases = Path(__file__).parents[3] / "cases" / "inventory"
assert cases.is_dir()


def read_case(path: Path) -> dict[str, Any]:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(case, dict)
    return case


def lay_out(case: dict[str, Any], directory: Path) -> list[str]:
    for name, text in case["files"].items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if name in case.get("programs", ()):
            path.chmod(0o755)
    return [source if "," in source else str(directory / source) for source in case["sources"]]


@pytest.mark.parametrize("path", sorted(cases.glob("*.yaml")), ids=lambda path: path.stem)
def test_inventory_equals_ansibles(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    sources = lay_out(case, tmp_path)
    playbook = tmp_path / case["playbook"] if "playbook" in case else None
    inventory = load(sources, playbook_directory=playbook)

    expected = case["expect"]
    assert list(inventory.names) == expected["hosts"]
    assert {name: list(hosts) for name, hosts in inventory.groups.items()} == expected["groups"]
    groups = {name: list(inventory.groups_of(name)) for name in inventory.names}
    assert groups == expected["group_names"]
    # repr tells 1 from True and from 1.0, which compare equal
    variables = {name: inventory.variables_of(name) for name in inventory.names}
    assert {host: plain(values) for host, values in variables.items()} == {
        host: plain(values) for host, values in expected["variables"].items()
    }
    for pattern, hosts in expected.get("patterns", {}).items():
        if hosts:
            assert list(select(inventory, pattern).hosts) == hosts, pattern
        else:
            with pytest.raises(errors.NotFound):
                select(inventory, pattern)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return repr(value)


@pytest.mark.parametrize("path", sorted((cases / "refused").glob("*.yaml")), ids=lambda p: p.stem)
def test_inventory_is_refused(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    sources = lay_out(case, tmp_path)
    with pytest.raises(errors.PermanentError) as caught:
        load(sources)
    assert type(caught.value).__name__ == case["raises"]
    text = str(caught.value).replace(f"{tmp_path}/", "")
    for part in case["says"]:
        assert part in text, text
    assert "hunter2" not in text
