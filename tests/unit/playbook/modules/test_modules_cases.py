"""What modules do to a tree of files, one file per case: before, arguments, result, after.

The outcomes were compared with those of ansible-core 2.19 when the cases were written.
"""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CASES = Path(__file__).parents[3] / "cases" / "modules"
SOURCES: dict[str, tuple[str, str]] = {
    "one.txt": ("one\n", "0644"),
    "run.sh": ("#!/bin/sh\n", "0750"),
    "tree/a": ("A\n", "0644"),
    "tree/sub/b": ("B\n", "0700"),
}
BACKUP = re.compile(r"\.\d+\.\d{4}-\d\d-\d\d@.*~$")


def put_sources(files: Path) -> None:
    for name, (content, mode) in SOURCES.items():
        path = files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(int(mode, 8))
    (files / "tree/empty").mkdir()
    (files / "tree/l").symlink_to("a")


def build(root: Path, before: dict[str, Any]) -> None:
    root.mkdir()
    root.chmod(0o755)
    for name, told in before.items():
        what = {"content": told} if isinstance(told, str) else told
        path = root / name
        if "link" in what:
            path.symlink_to(what["link"])
        elif "directory" in what:
            path.mkdir()
            path.chmod(int(what["directory"], 8))
        else:
            path.write_bytes(what["content"].encode())
            path.chmod(int(what.get("mode", "0644"), 8))


def snapshot(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for directory, names, files in os.walk(root):
        for name in sorted(names + files):
            path = Path(directory) / name
            key = BACKUP.sub(".BACKUP", path.relative_to(root).as_posix())
            mode = f"{stat.S_IMODE(path.lstat().st_mode):04o}"
            if path.is_symlink():
                found[key] = {"link": str(path.readlink()).replace(str(root), "{root}")}
            elif path.is_dir():
                found[key] = {"directory": mode}
            else:
                content = path.read_bytes().decode("utf-8", "replace")
                found[key] = {"content": content.replace(str(root), "{root}"), "mode": mode}
    return found


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    return [filled(item, names) for item in value] if isinstance(value, list) else value


def subset(actual: Any, expected: Any) -> Any:
    """The part of ``actual`` that ``expected`` speaks of."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: subset(actual.get(key, "(no such key)"), expected[key]) for key in expected}
    return actual


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
async def test_module_does_what_the_case_says(
    case: Path, tmp_path: Path, perform: Callable[..., Any], here: Any
) -> None:
    told = yaml.safe_load(case.read_text())  # noqa: ASYNC240
    if told.get("needs_root") and os.geteuid() != 0:
        pytest.skip("gives files to another user")
    files, root = tmp_path / "files", tmp_path / "root"
    put_sources(files)
    build(root, told["before"])
    names = {"root": str(root), "files": str(files)}
    arguments = filled(told["arguments"], names)
    options = told.get("options", {})
    before_umask = os.umask(0o022)
    try:
        result = await perform(told["module"], arguments, **options)
        assert here.trips <= 1, "one round trip"
        assert subset(result, filled(told["result"], names)) == filled(told["result"], names)
        assert bool(result.get("failed")) == bool(told["result"].get("failed"))
        assert snapshot(root) == told["after"]
        again = await perform(told["module"], arguments, **options)
        assert again["changed"] is told["changed_again"]
    finally:
        os.umask(before_umask)
