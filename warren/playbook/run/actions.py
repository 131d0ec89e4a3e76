"""Actions that the engine does itself because they change its own memory: variables, hosts, groups."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warren.model.errors import NotFound
from warren.model.marked import MarkedDict
from warren.playbook.language.arguments import raw
from warren.playbook.language.fields import variables_of
from warren.playbook.run.attempt import Act, Attempt
from warren.playbook.run.results import Result, failed
from warren.playbook.run.session import Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.values import Table

_ends_of_variables = ("yaml", "yml", "json")
_group_bad = re.compile(r"[^\w-]")


async def include_vars(attempt: Attempt, arguments: Mapping[str, Any]) -> Result:
    """Read a file, or the files of a directory, as variables of the host."""
    name = arguments.get("file") or arguments.get(raw)
    if name:
        files = [attempt.scope.find_file(str(name), "vars")]
        if files[0].is_dir():
            return failed(f"include_vars: {files[0]} is a directory; use dir")
    elif arguments.get("dir"):
        files = _files_in(attempt, arguments)
    else:
        return failed("include_vars must name a file or a dir")
    library = attempt.session.library
    united = MarkedDict(attempt.step.place)
    for file in files:
        found = library.load_variables(file)
        united.update(found)
        united.key_places.update(found.key_places)
        united.value_places.update(found.value_places)
    values: dict[str, Any] = variables_of(united)
    places = dict(united.key_places)
    if under := arguments.get("name"):
        values, places = {str(under): Table(values)}, {str(under): attempt.step.place}
    attempt.session.store.host(attempt.host).include(values, places)
    read = [str(file) for file in files]
    return {"changed": False, "ansible_included_var_files": read, "ansible_facts": {}}


def _files_in(attempt: Attempt, arguments: Mapping[str, Any]) -> list[Path]:
    directory = attempt.scope.find_file(str(arguments["dir"]), "vars")
    if not directory.is_dir():
        raise NotFound(f"include_vars: {directory} is no directory")
    ends = arguments.get("extensions", _ends_of_variables)
    ends = [ends] if isinstance(ends, str) else list(ends)
    depth_max = int(arguments.get("depth") or 0)
    matching = re.compile(str(arguments.get("files_matching") or ""))
    ignored = [re.compile(str(one)) for one in arguments.get("ignore_files") or ()]
    found: list[Path] = []
    for path in sorted(directory.rglob("*")):
        depth = len(path.relative_to(directory).parts)
        is_wanted = path.suffix.lstrip(".") in ends and matching.search(path.name)
        if not path.is_file() or not is_wanted or (depth_max and depth > depth_max):
            continue
        if not any(one.fullmatch(path.name) for one in ignored):
            found.append(path)
    return found


async def add_host(attempt: Attempt, arguments: Mapping[str, Any]) -> Result:
    """Add a host, its groups and variables to the inventory."""
    known = dict(arguments)
    name = next((known.pop(key) for key in ("name", "hostname", "host") if key in known), None)
    if not name:
        return failed("add_host must name a host")
    groups: Any = None
    for key in ("groups", "groupname", "group"):
        groups = known.pop(key, None) or groups
    wanted = groups.split(",") if isinstance(groups, str) else list(groups or ())
    wanted = [str(group).strip() for group in wanted]
    inventory = attempt.session.store.inventory
    changed = (
        str(name) not in inventory.hosts
        or any(name not in inventory.groups.get(group, ()) for group in wanted)
        or any(inventory.variables_of(str(name)).get(key) != known[key] for key in known)
    )
    added = inventory.add_host(str(name), groups=wanted, variables=known, place=attempt.step.place)
    attempt.session.store.replace_inventory(added)
    about = {"host_name": str(name), "groups": wanted, "host_vars": known}
    return {"changed": changed, "add_host": about}


async def group_by(attempt: Attempt, arguments: Mapping[str, Any]) -> Result:
    """Put the host into a group that is named by a value."""
    if not arguments.get("key"):
        return failed("group_by must have a key")
    group = _group_bad.sub("_", str(arguments["key"]))
    parents = arguments.get("parents") or ["all"]
    above = [parents] if isinstance(parents, str) else [str(one) for one in parents]
    inventory = attempt.session.store.inventory
    changed = attempt.host not in inventory.groups.get(group, ())
    if changed:
        grouped = inventory.group_by(
            {group: [attempt.host]}, parents=above, place=attempt.step.place
        )
        attempt.session.store.replace_inventory(grouped)
    return {"changed": changed, "add_group": group, "parent_groups": above}


table: Mapping[str, Act] = {
    "add_host": add_host,
    "group_by": group_by,
    "include_vars": include_vars,
}


def keep(attempt: Attempt, result: Result, session: Session, hosts: list[str]) -> None:
    """Remember the facts that a result brings.

    Args:
        attempt: what was done.
        result: its result.
        session: remembers.
        hosts: the hosts that the result is for.
    """
    facts = result.get("ansible_facts")
    if not isinstance(facts, Mapping) or not facts or result.get("failed"):
        return
    delegates_facts = attempt.step.setting("delegate_facts")
    if attempt.delegate and delegates_facts is not None:
        wanted = to_bool(attempt.scope.evaluate(delegates_facts))
        hosts = [attempt.delegate] if wanted else hosts
    is_set = attempt.step.task.action == "ansible.builtin.set_fact"
    for host in hosts:
        store = session.store.host(host)
        if not is_set or result.get("_ansible_facts_cacheable"):
            store.add_facts(facts)
        if not is_set:
            continue
        for name, value in facts.items():
            store.set(str(name), value, attempt.step.place)
