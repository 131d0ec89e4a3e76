"""Inventories from programs: ``SCRIPT --list`` prints groups as JSON, ``--host NAME`` variables."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from warren.model.errors import DeadlineExceeded, InvalidInput, PermanentError, Place
from warren.playbook.inventory import addresses
from warren.playbook.inventory.drafts import Draft, problem

RunScript = Callable[[Path, Sequence[str]], bytes]
"""Runs an inventory script with arguments and gives what it prints."""

timeout_seconds = 60.0
_sections = {"hosts", "vars", "children"}


def run_script(path: Path, arguments: Sequence[str]) -> bytes:
    """Run an inventory script in its own process.

    Raises:
        PermanentError: it cannot be started or ends with a status other than 0.
        DeadlineExceeded: it does not end in time.
    """
    try:
        done = subprocess.run(  # noqa: S603 - running the user's own inventory script is the point
            [str(path), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeadlineExceeded(
            f"inventory script {path} did not end within {timeout_seconds:g} s",
            hint="run it by hand; it may wait for a network or for input",
        ) from error
    except OSError as error:
        raise PermanentError(
            f"inventory script {path} cannot be started: {error.strerror}",
            hint="check its first line (#!) and its permissions, or make it not executable",
        ) from error
    if done.returncode:
        tail = done.stderr.decode("utf-8", "replace").strip()[-2000:]
        raise PermanentError(
            f"inventory script {path} ended with status {done.returncode}"
            + (f": {tail}" if tail else ""),
            hint=f"run it by hand: {path} {' '.join(arguments)}",
        )
    return done.stdout


def read(draft: Draft, path: Path, run: RunScript) -> None:
    """Record what an inventory script prints.

    Raises:
        InvalidInput: the output is not the JSON of an inventory.
        PermanentError, DeadlineExceeded: as ``run`` raises.
    """
    reading = _Reading(draft, path)
    listing = reading.parse(run(path, ["--list"]), "--list")
    meta = listing.pop("_meta", None)
    for name, content in listing.items():
        reading.group(name, content)
    hosts = list(reading.hosts)
    if meta is None:
        for host in hosts:
            output = run(path, ["--host", host])
            if output.strip():
                reading.host_variables(host, reading.parse(output, f"--host {host}"))
        return
    variables = reading.mapping(meta, "_meta").get("hostvars", {})
    given = reading.mapping(variables, "_meta.hostvars")
    for host in hosts:
        reading.host_variables(host, given.get(host))


class _Reading:
    """The output of one script; positions inside it would tell nobody anything."""

    def __init__(self, draft: Draft, path: Path) -> None:
        self._draft = draft
        self._file = str(path)
        self._place = Place(self._file, 1, 1)
        self.hosts: dict[str, None] = {}

    def parse(self, output: bytes, call: str) -> dict[str, Any]:
        try:
            parsed = json.loads(output)
        except ValueError as error:
            rule = f"is not JSON: {error}"
            raise InvalidInput([problem("output of", call, rule, self._place)]) from error
        return dict(self.mapping(parsed, f"output of {call}"))

    def mapping(self, value: Any, what: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._wrong(what, value, "must be an object")
        return value

    def group(self, name: str, content: Any) -> None:
        self._draft.add_group(name, self._place)
        if isinstance(content, list):
            content = {"hosts": content}
        group = self.mapping(content, f"group {name}")
        if group and not _sections & group.keys():
            group = {"hosts": [name], "vars": group}  # the short form: one host and its variables
        for host in self._names(group.get("hosts"), f"hosts of {name}"):
            self._host(name, host)
        for key, value in self.mapping(group.get("vars") or {}, f"vars of {name}").items():
            self._draft.set_group_variable(name, key, value, self._place)
        for child in self._names(group.get("children"), f"children of {name}"):
            self._draft.add_group(child, self._place)
            self._draft.add_child(name, child, self._place)

    def _names(self, value: Any, what: str) -> list[str]:
        names = value if value is not None else []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._wrong(what, value, "must be a list of names")
        return names

    def _host(self, group: str, name: str) -> None:
        try:
            addresses.check_name(name)
        except addresses.AddressError as error:
            raise self._wrong("host", name, str(error)) from error
        self._draft.add_host(name, group=group, place=self._place, source=self._file)
        self.hosts[name] = None

    def host_variables(self, host: str, variables: Any) -> None:
        for key, value in self.mapping(variables or {}, f"variables of {host}").items():
            self._draft.set_host_variable(host, key, value, self._place)

    def _wrong(self, what: str, value: Any, rule: str) -> InvalidInput:
        shown = value if isinstance(value, str) else type(value).__name__
        return InvalidInput([problem(what, shown, rule, self._place)])
