"""``group_vars`` and ``host_vars``: files of variables beside an inventory or a playbook.

Most groups and hosts have no file, and a fleet of a thousand hosts must not cost thousands of
failed look-ups; so each directory is listed once, and files are read when their owner is known.
"""

import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warren.model import marked
from warren.model.errors import InvalidInput, PermanentError, Place, SyntaxProblem
from warren.model.marked import MarkedDict, TagConstructor
from warren.playbook.inventory.drafts import (
    Values,
    check_variable_name,
    everything,
    group_priority,
    problem,
)
from warren.playbook.inventory.layers import Layer, Rank, VaultText

Decrypt = Callable[[bytes], str]
"""Opens the content of a file that ansible-vault encrypted."""

vault_header = b"$ANSIBLE_VAULT;"
_extensions = ("", ".yml", ".yaml", ".json")
_ranks = {
    ("group_vars", True, False): Rank.INVENTORY_GROUP_VARS_ALL,
    ("group_vars", False, False): Rank.INVENTORY_GROUP_VARS,
    ("host_vars", False, False): Rank.INVENTORY_HOST_VARS,
    ("group_vars", True, True): Rank.PLAYBOOK_GROUP_VARS_ALL,
    ("group_vars", False, True): Rank.PLAYBOOK_GROUP_VARS,
    ("host_vars", False, True): Rank.PLAYBOOK_HOST_VARS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are turned into values.

    Attributes:
        decrypt: opens files encrypted by ansible-vault; without it such a file is refused.
        tags: constructors of tagged scalars; ``!vault`` is by default kept as ``VaultText``.
    """

    decrypt: Decrypt | None = None
    tags: Mapping[str, TagConstructor] = field(default_factory=dict)

    def load(self, path: Path) -> Any:
        """Read a YAML or JSON file, encrypted or not.

        Raises:
            InvalidInput: it cannot be read, or is encrypted and there is no way to open it.
            SyntaxProblem: it does not parse.
        """
        return self.parse(self.text(path), path)

    def text(self, path: Path) -> str:
        """Read a file's text, decrypted.

        Raises:
            InvalidInput: it cannot be read, or is encrypted and there is no way to open it.
            SyntaxProblem: it is not UTF-8.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            rule = f"cannot be read: {error.strerror}"
            raise InvalidInput([problem("file", str(path), rule, None)]) from error
        if not data.startswith(vault_header):
            return decode(data, path)
        if self.decrypt is None:
            rule = "is encrypted and no vault password was given"
            raise InvalidInput(
                [problem("file", path.name, rule, Place(str(path), 1, 1))],
                hint="give one with --vault-password-file or --ask-vault-pass",
            )
        try:
            return self.decrypt(data)
        except PermanentError as error:
            raise PermanentError(f"{path}: {error.message}", hint=error.hint) from error

    def parse(self, text: str, path: Path) -> Any:
        """Parse YAML; JSON that is no YAML (tabs, surrogate pairs) is read as JSON.

        Raises:
            SyntaxProblem: it is neither.
        """
        tags = {"!vault": VaultText, "!vault-encrypted": VaultText, **self.tags}
        try:
            return marked.load(text, str(path), tags=tags)
        except SyntaxProblem:
            if not text.lstrip().startswith("{"):
                raise
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = None
            if parsed is None:
                raise
        return _marked(parsed, Place(str(path), 1, 1))


def decode(data: bytes, path: Path) -> str:
    """Decode UTF-8.

    Raises:
        SyntaxProblem: a byte is not UTF-8; the place says which.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        place = Place(str(path), before.count(b"\n") + 1, column)
        raise SyntaxProblem(f"byte {data[error.start]:#04x} is not UTF-8", place) from error


def _marked(value: Any, place: Place) -> Any:
    if not isinstance(value, dict):
        return value
    result = MarkedDict(place)
    for key, item in value.items():
        result[key] = _marked(item, place)
        result.key_places[key] = result.value_places[key] = place
    return result


class VariableFiles:
    """The ``group_vars`` and ``host_vars`` of one directory, each read at most once."""

    def __init__(self, directory: Path, reading: Reading, *, of_playbook: bool) -> None:
        self.directory = directory
        self.of_playbook = of_playbook
        self._reading = reading
        self._names = {kind: _listing(directory / kind) for kind in ("group_vars", "host_vars")}
        self._layers: dict[tuple[str, str], Layer | None] = {}
        self.warnings: list[str] = []

    def of_group(self, group: str) -> Layer | None:
        """The variables of a group, or ``None``.

        Raises:
            InvalidInput, SyntaxProblem: a file is unreadable or malformed.
        """
        return self._layer("group_vars", group)

    def of_host(self, host: str) -> Layer | None:
        """The variables of a host, or ``None``.

        Raises:
            InvalidInput, SyntaxProblem: a file is unreadable or malformed.
        """
        return self._layer("host_vars", host)

    def _layer(self, kind: str, owner: str) -> Layer | None:
        if not self._names[kind]:
            return None
        key = (kind, owner)
        if key not in self._layers:
            self._layers[key] = self._read(kind, owner)
        return self._layers[key]

    def _read(self, kind: str, owner: str) -> Layer | None:
        """Read what is named after the owner; like Ansible, only the first that exists counts."""
        found = next((owner + end for end in _extensions if owner + end in self._names[kind]), None)
        if found is None:
            return None
        path = self.directory / kind / found
        values = Values()
        for file in _files_below(path) if path.is_dir() else (path,):
            self._read_file(file, values)
        if kind == "group_vars" and group_priority in values.places:
            self.warnings.append(
                f"{values.places[group_priority]}: {group_priority} has no effect in group_vars; "
                "set it in the inventory file"
            )
        is_all = kind == "group_vars" and owner == everything
        rank = _ranks[kind, is_all, self.of_playbook]
        return Layer(rank=rank, owner=owner, variables=values.variables, places=values.places)

    def _read_file(self, path: Path, values: Values) -> None:
        content = self._reading.load(path)
        if content is None:
            return
        if not isinstance(content, MarkedDict):
            place = getattr(content, "place", Place(str(path), 1, 1))
            rule = "must be a mapping of variables, NAME: VALUE"
            raise InvalidInput([problem("file", path.name, rule, place)])
        for name, value in content.items():
            check_variable_name(name, content.key_places[name])
            values.put(name, value, content.key_places[name])


def _listing(directory: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
        raise InvalidInput([problem("directory", str(directory), rule, None)]) from error


def _files_below(directory: Path) -> list[Path]:
    """The files of a directory named after a group or host, by name, subdirectories in their turn."""
    files: list[Path] = []
    for name in sorted(_listing(directory)):
        path = directory / name
        if name.startswith(".") or name.endswith("~"):
            continue
        try:
            mode = path.stat().st_mode
        except OSError as error:
            rule = f"cannot be read: {error.strerror}"
            raise InvalidInput([problem("file", str(path), rule, None)]) from error
        if stat.S_ISDIR(mode) and not path.suffix:
            files.extend(_files_below(path))
        elif stat.S_ISREG(mode) and path.suffix in _extensions:
            files.append(path)
    return files
