import json
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from warren.cli import inventory as command
from warren.model.errors import InvalidInput, NotFound, WarrenError
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.inventory.patterns import select
from warren.playbook.inventory.sources import load

example = Path(__file__).parents[3] / "inventory" / "example"


@pytest.fixture(scope="module")
def fleet() -> Inventory:
    return load([str(example)])


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(command.command)
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, WarrenError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_example_fleet_holds_together(fleet: Inventory) -> None:
    assert not fleet.warnings
    assert len(fleet.names) == 10
    assert select(fleet, "web:&frankfurt").hosts == ("web3.example.com", "web4.example.com")
    assert fleet.variables_of("db1.example.com")["data_directory"] == "/mnt/nvme/data"


def test_list_has_the_form_that_scripts_print(fleet: Inventory) -> None:
    listing = json.loads(run("-i", str(example), "--list"))
    assert listing["_meta"]["hostvars"]["metrics.example.com"]["ansible_port"] == 2222
    assert listing["web"] == {"hosts": [f"web{n}.example.com" for n in range(1, 5)]}
    assert listing["workers"] == {"children": ["web", "database"]}
    assert "ungrouped" in listing["all"]["children"]
    assert set(listing["_meta"]["hostvars"]) == set(fleet.names)


def test_list_with_a_limit_shows_only_these_hosts() -> None:
    listing = json.loads(run("-i", str(example), "--list", "--limit", "db1*"))
    assert list(listing["_meta"]["hostvars"]) == ["db1.example.com"]
    assert listing["database"] == {"hosts": ["db1.example.com"]}
    assert "web" not in listing


def test_graph_is_a_tree() -> None:
    assert run("-i", str(example), "--graph", "internal") == (
        "@internal:\n"
        "  |--@monitoring:\n"
        "  |  |--metrics.example.com\n"
        "  |--@database:\n"
        "  |  |--db1.example.com\n"
        "  |  |--db2.example.com\n"
    )


def test_graph_shows_variables_when_asked() -> None:
    assert run("-i", "a:22,", "--graph", "--vars") == (
        "@all:\n  |--@ungrouped:\n  |  |--a\n  |  |  |--{ansible_port = 22}\n"
    )


def test_host_shows_merged_variables() -> None:
    variables = json.loads(run("-i", str(example), "--host", "web3.example.com"))
    assert variables["service_network"] == "10.61.0.0/16"


def test_explanation_names_the_place_that_holds_and_the_hidden_ones() -> None:
    arguments = ("--host", "web3.example.com", "--explain-var", "service_network")
    first, second = run("-i", str(example), *arguments).splitlines()
    assert first.startswith("service_network of web3.example.com is set by group_vars beside the")
    assert first.endswith("group_vars/frankfurt.yml:1:1")
    assert second.startswith("  hides group_vars/all beside the inventory (all) at ")
    assert run("-i", "a,", "--host", "a", "--explain-var", "x") == "x is not set for a\n"


def test_encrypted_value_is_listed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: {x: !vault abc}}}\n")
    listing = json.loads(run("-i", str(tmp_path / "hosts.yml"), "--list"))
    assert listing["_meta"]["hostvars"]["a"]["x"] == {"__ansible_vault": "abc"}


def test_unknown_host_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean web1"):
        run("-i", "web1,web2,", "--host", "wbe1")
    with pytest.raises(NotFound, match="group 'nope'"):
        run("-i", "web1,", "--graph", "nope")


@pytest.mark.parametrize("arguments", [(), ("--list", "--graph"), ("--list", "--host", "a")])
def test_exactly_one_form_is_asked_for(arguments: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="exactly one"):
        run("-i", "a,", *arguments)


def test_every_form_is_shown_as_data_and_as_a_table() -> None:
    one = ("-i", str(example), "--host", "web3.example.com")
    for form in (
        ("-i", str(example), "--list"), one, (*one, "--explain-var", "service_network"),
        ("-i", str(example), "--graph", "--vars"),
    ):  # fmt: skip
        found = json.loads(run(*form, "--output", "json"))
        assert yaml.safe_load(run(*form, "--output", "yaml")) == found
    origins = json.loads(run(*one, "--explain-var", "service_network", "-o", "json"))["origins"]
    assert [origin["owner"] for origin in origins] == ["frankfurt", "all"]
    tree = json.loads(run("-i", str(example), "--graph", "internal", "-o", "json"))
    assert [child["group"] for child in tree["children"]] == ["monitoring", "database"]
    assert tree["children"][1]["hosts"] == ["db1.example.com", "db2.example.com"]
    rows = [
        line.split(maxsplit=1) for line in run("-i", "a,b,", "--list", "-o", "table").split("\n")
    ]
    assert ["a", "ungrouped"] in [[word.strip() for word in row] for row in rows]
    table = run("-i", "a:22,", "--host", "a", "-o", "table")
    assert ["ansible_port", "22"] in [line.split() for line in table.splitlines()]
    assert run("-i", "a,", "--graph", "-o", "table") == run("-i", "a,", "--graph")
