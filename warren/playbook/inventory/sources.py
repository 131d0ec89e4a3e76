"""Inventory sources: what ``-i`` may name.

A source is a file, a directory of them, a program, or a list of hosts with a comma in it. Which
form a file has is told by its name and, where the name says nothing, by its first line, so that a
mistake is reported in the words of the form that was meant.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from warren.model.errors import InvalidInput, NotFound, Place, Unsupported
from warren.playbook.inventory import addresses, ini, script, tree
from warren.playbook.inventory.adjacent import Reading, VariableFiles
from warren.playbook.inventory.drafts import Draft, problem, ungrouped
from warren.playbook.inventory.inventory import Inventory, freeze
from warren.playbook.inventory.script import RunScript, run_script

_ignored_names = ("group_vars", "host_vars", "vars_plugins")
_ignored_ends = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
)  # fmt: skip
_yaml_ends = (".yml", ".yaml", ".json")
_program_starts = (b"#!", b"\x7fELF")
_yaml_line = re.compile(r"---|%YAML|\{|(\"[^\"]*\"|'[^']*'|[^\s\[#;=:'\"][^\s=:]*)\s*:(\s|$)")


def load(
    sources: Sequence[str],
    *,
    playbook_directory: Path | None = None,
    reading: Reading | None = None,
    run: RunScript = run_script,
) -> Inventory:
    """Read inventory sources, later ones over earlier ones, and the variables beside them.

    Args:
        sources: paths and host lists, as given to ``-i``; none gives an empty inventory.
        playbook_directory: where a playbook's ``group_vars`` and ``host_vars`` are looked for.
        reading: how encrypted files and tagged values are opened.
        run: runs inventory scripts.

    Raises:
        NotFound: a source does not exist.
        InvalidInput: a source or a file of variables breaks a rule, or cannot be read.
        SyntaxProblem: a file does not parse.
        PermanentError, DeadlineExceeded: an inventory script failed.
    """
    how = reading or Reading()
    draft = Draft()
    directories: dict[Path, None] = {}
    for source in sources:
        beside = _read_source(draft, source, how, run)
        if beside is not None:
            directories.pop(beside, None)
            directories[beside] = None
    files = [VariableFiles(directory, how, of_playbook=False) for directory in directories]
    if playbook_directory is not None:
        files.append(VariableFiles(playbook_directory, how, of_playbook=True))
    return freeze(draft, files)


def _read_source(draft: Draft, source: str, reading: Reading, run: RunScript) -> Path | None:
    """Read one source; gives the directory whose ``group_vars`` belong to it."""
    path = Path(os.path.abspath(os.path.expanduser(source)))  # noqa: PTH100, PTH111 - links are kept
    if not path.exists():
        if "," in source:
            _read_list(draft, source)
            return None
        hint = "check the path after -i; a list of hosts needs a comma: -i host1,"
        raise NotFound(f"inventory {source!r} does not exist", hint=hint)
    if not path.is_dir():
        _read_file(draft, path, reading, run)
        return path.parent
    count = 0
    for file in _files_below(path):
        _read_file(draft, file, reading, run)
        count += 1
    if not count:
        rule = "holds no inventory file; hidden and backup files do not count"
        raise InvalidInput([problem("inventory", source, rule, None)])
    return path


def _read_list(draft: Draft, source: str) -> None:
    place = Place(source, 1, 1)
    for entry in filter(None, map(str.strip, source.split(","))):
        try:
            names, port = addresses.parse(entry)
        except addresses.AddressError as error:
            raise InvalidInput([problem("host", entry, str(error), place)]) from error
        for name in names:
            if name not in draft.hosts:
                draft.add_host(name, group=ungrouped, place=place, source=source, port=port)


def _files_below(directory: Path) -> Iterator[Path]:
    try:
        names = sorted(path.name for path in directory.iterdir())
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
        raise InvalidInput([problem("directory", str(directory), rule, None)]) from error
    for name in names:
        if name.startswith(".") or name in _ignored_names or name.endswith(_ignored_ends):
            continue
        path = directory / name
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path


def _read_file(draft: Draft, path: Path, reading: Reading, run: RunScript) -> None:
    if _is_program(path):
        script.read(draft, path, run)
        return
    if path.suffix == ".toml":
        raise Unsupported(f"inventory {path} is TOML", hint="write it as YAML or INI")
    text = reading.text(path)
    if path.suffix in _yaml_ends or (not path.suffix and _looks_like_yaml(text)):
        tree.read(draft, reading.parse(text, path), str(path))
    else:
        ini.read(draft, text, str(path))


def _is_program(path: Path) -> bool:
    """Executable, and starting as a program does: some file systems mark every file executable."""
    if not os.access(path, os.X_OK):
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(4).startswith(_program_starts)
    except OSError:
        return False


def _looks_like_yaml(text: str) -> bool:
    for line in text.splitlines():
        if line.strip() and line.lstrip()[0] not in "#;":
            return bool(_yaml_line.match(line))
    return False
