"""``warren inventory``: show what an inventory says, in the forms of ``ansible-inventory``."""

import difflib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from warren.cli import session
from warren.cli.rendering import Output, show_document, show_rows
from warren.model.errors import InvalidInput, NotFound, Problem
from warren.playbook.inventory.drafts import everything
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.inventory.layers import VaultText, merge
from warren.playbook.inventory.patterns import select_limit
from warren.playbook.inventory.sources import load

Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--inventory",
        "-i",
        envvar="WARREN_INVENTORY",
        help="File, directory, script or host1,host2,",
    ),
]

_USUAL = Path("inventory")


def command(
    *,
    sources: Sources = None,
    pattern: Annotated[str, typer.Argument(help="Group that --graph starts from")] = everything,
    listing: Annotated[bool, typer.Option("--list", help="All groups and variables")] = False,
    graph: Annotated[bool, typer.Option("--graph", help="Groups and hosts as a tree")] = False,
    host: Annotated[str, typer.Option("--host", help="The variables of one host")] = "",
    explain: Annotated[
        str, typer.Option("--explain-var", help="With --host: where a variable is set")
    ] = "",
    show_variables: Annotated[bool, typer.Option("--vars", help="Variables in --graph")] = False,
    limit: Annotated[str, typer.Option("--limit", "-l", help="Only these hosts")] = "",
    playbook_directory: Annotated[
        Path | None, typer.Option("--playbook-dir", help="Where more group_vars are")
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option("--output", "-o", help="table, json or yaml; --list and --host are JSON"),
    ] = None,
) -> None:
    """Show hosts, groups and variables of an inventory.

    Example: warren inventory -i inventory/demo --host web1 --output yaml
    """
    _require_one(listing=listing, graph=graph, host=host)
    inventory = load(_named(sources), playbook_directory=playbook_directory)
    for warning in inventory.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    if graph:
        _show_graph(inventory, pattern, show_variables=show_variables, output=output)
    elif host and explain:
        _show_origins(inventory, _known(inventory, host), explain, output)
    elif host:
        _show_variables(inventory, _known(inventory, host), output)
    else:
        _show_listing(inventory, limit, output)


def _show_graph(
    inventory: Inventory, group: str, *, show_variables: bool, output: Output | None
) -> None:
    if output in {None, Output.TABLE}:
        sys.stdout.write(render_graph(inventory, group, show_variables=show_variables))
    else:
        inventory.members(group)
        _show_data(tree_of(inventory, group, show_variables=show_variables), output)


def _show_origins(inventory: Inventory, host: str, variable: str, output: Output | None) -> None:
    if output in {None, Output.TABLE}:
        sys.stdout.write(render_origins(inventory, host, variable))
        return
    origins = [
        {"kind": origin.rank.title, "owner": origin.owner, "place": str(origin.place)}
        for origin in reversed(inventory.origins_of(host, variable))
    ]
    _show_data({"host": host, "variable": variable, "origins": origins}, output)


def _show_variables(inventory: Inventory, host: str, output: Output | None) -> None:
    variables = inventory.variables_of(host)
    if output is Output.TABLE:
        variables = json.loads(render_json(variables))
        rows = [{"variable": name, "value": variables[name]} for name in sorted(variables)]
        show_rows(rows, ("variable", "value"), output)
    else:
        _show_data(variables, output)


def _show_listing(inventory: Inventory, limit: str, output: Output | None) -> None:
    if output is not Output.TABLE:
        _show_data(listing_of(inventory, limit=limit), output)
        return
    allowed = select_limit(inventory, limit)
    rows = [
        {"host": host, "groups": [name for name in inventory.groups_of(host) if name != everything]}
        for host in (inventory.names if allowed is None else allowed)
    ]
    show_rows(rows, ("host", "groups"), output)


def _show_data(value: Mapping[str, Any], output: Output | None) -> None:
    text = render_json(value)
    if output is Output.YAML:
        show_document(json.loads(text), output)
    else:
        sys.stdout.write(text)


def _named(sources: list[str] | None) -> list[str]:
    named = session.chosen(sources)
    if not named and not _USUAL.exists():
        rule = f"must name an inventory; there is no ./{_USUAL}"
        raise InvalidInput([Problem(field="--inventory", value="", rule=rule)])
    return named or [str(_USUAL)]


def _require_one(*, listing: bool, graph: bool, host: str) -> None:
    if [listing, graph, bool(host)].count(True) != 1:
        rule = "exactly one of them must be given"
        raise InvalidInput([Problem(field="--list, --graph, --host", value="", rule=rule)])


def _known(inventory: Inventory, host: str) -> str:
    name = inventory.find(host)
    if name is not None:
        return name
    near = difflib.get_close_matches(host, inventory.names, n=1)
    hint = f"did you mean {near[0]}?" if near else "warren inventory --graph shows all hosts"
    raise NotFound(f"host {host!r} is not in the inventory", hint=hint)


def listing_of(inventory: Inventory, *, limit: str = "") -> dict[str, Any]:
    """The whole inventory in the form that inventory scripts print.

    Raises:
        NotFound: the limit matches nothing.
    """
    allowed = select_limit(inventory, limit)
    hosts = inventory.names if allowed is None else allowed
    permitted = set(hosts)
    hostvars = {host: inventory.variables_of(host) for host in hosts}
    listing: dict[str, Any] = {
        "_meta": {"hostvars": {host: values for host, values in hostvars.items() if values}}
    }
    for group in inventory.group_table.values():
        members = [host for host in group.hosts if host in permitted]
        entry: dict[str, list[str]] = {}
        if group.children:
            entry["children"] = list(group.children)
        if members and group.name != everything:
            entry["hosts"] = members
        if entry:
            listing[group.name] = entry
    return listing


def render_json(value: Mapping[str, Any]) -> str:
    """Pretty JSON with sorted keys; values still encrypted are shown as Ansible shows them."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, VaultText):
        return {"__ansible_vault": value.ciphertext}
    return str(value)


def render_graph(inventory: Inventory, group: str, *, show_variables: bool) -> str:
    """The tree of groups and hosts below a group.

    Raises:
        NotFound: there is no such group.
    """
    inventory.members(group)
    return "\n".join([f"@{group}:", *_branches(inventory, group, 1, show_variables)]) + "\n"


def tree_of(inventory: Inventory, name: str, *, show_variables: bool) -> dict[str, Any]:
    """A group as data: its children, its own hosts and, if asked for, their variables."""
    group = inventory.group_table[name]
    hosts = group.hosts if name != everything else ()
    tree: dict[str, Any] = {
        "group": name,
        "children": [
            tree_of(inventory, child, show_variables=show_variables) for child in group.children
        ],
        "hosts": list(hosts),
    }
    if show_variables:
        tree["variables"] = merge(inventory.layers_of_group(name))
        tree["hostvars"] = {host: inventory.variables_of(host) for host in hosts}
    return tree


def _branches(inventory: Inventory, name: str, depth: int, show_variables: bool) -> list[str]:
    group = inventory.group_table[name]
    indent = "  |" * depth + "--"
    lines: list[str] = []
    for child in group.children:
        lines.append(f"{indent}@{child}:")
        lines.extend(_branches(inventory, child, depth + 1, show_variables))
    for host in group.hosts if name != everything else ():
        lines.append(f"{indent}{host}")
        if show_variables:
            lines.extend(_assignments(inventory.variables_of(host), depth + 1))
    if show_variables:
        lines.extend(_assignments(merge(inventory.layers_of_group(name)), depth))
    return lines


def _assignments(variables: Mapping[str, Any], depth: int) -> list[str]:
    indent = "  |" * depth + "--"
    return [f"{indent}{{{name} = {value}}}" for name, value in sorted(variables.items())]


def render_origins(inventory: Inventory, host: str, variable: str) -> str:
    """Every place that sets a variable for a host, the one that holds first."""
    origins = inventory.origins_of(host, variable)
    if not origins:
        return f"{variable} is not set for {host}\n"
    first, *hidden = reversed(origins)
    lines = [f"{variable} of {host} is set by {first}"]
    lines.extend(f"  hides {origin}" for origin in hidden)
    return "\n".join(lines) + "\n"
