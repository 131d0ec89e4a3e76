"""The architecture as failing tests: import contracts, sizes, banned names, clean prose."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "warren"
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
PUBLIC_METHODS_MAX = 14
WIDE = {
    "warren/raft/core/raft.py": ("Raft", 18),  # one method for each input of the algorithm
    "warren/raft/core/log.py": ("Log", 18),  # one for each step in the life of an entry
}
"""Two classes that were looked at and are one thing each; they may not grow either."""
BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "base", "shared"}
BANNED_SUFFIXES = ("Manager", "Helper", "Handler", "Util", "Utils", "Data")
CLASSES_NAMED_BY_A_LIBRARY: set[str] = set()


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_pb2" not in path.name)


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in sources()]


def test_imports_point_down_as_the_contracts_say() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_modules_and_functions_stay_small() -> None:
    too_long = [
        f"{path}: {count} lines"
        for path in sources()
        if (count := path.read_text().count("\n")) > MODULE_LINES_MAX
    ]
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    too_long.append(f"{path}:{node.lineno} {node.name}: {lines} lines")
    assert not too_long, "\n".join(too_long)


def test_classes_stay_narrow_and_are_named_for_what_they_are() -> None:
    wrong = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            public = [
                child.name
                for child in node.body
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                and not child.name.startswith("_")
                and not any("property" in ast.unparse(line) for line in child.decorator_list)
            ]
            if len(public) > PUBLIC_METHODS_MAX and WIDE.get(str(path.relative_to(ROOT))) != (
                node.name,
                len(public),
            ):
                wrong.append(f"{path}:{node.lineno} {node.name} has {len(public)} public methods")
            if node.name.endswith(BANNED_SUFFIXES) and node.name not in CLASSES_NAMED_BY_A_LIBRARY:
                wrong.append(f"{path}:{node.lineno} {node.name}: name what it is")
    assert not wrong, "\n".join(wrong)


def test_modules_are_named_for_a_concept() -> None:
    banned = [str(path) for path in sources() if path.stem in BANNED_NAMES]
    assert not banned, banned


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"\bTYPE_CHECKING\b", ()),
        (r"\b(TODO|FIXME|XXX)\b|NotImplementedError", ()),
        (r"\basyncio\.(create_task|ensure_future)\(|loop\.create_task\(", ("aio",)),
        (r"\btime\.time\(|\bdatetime\.now\(|\buuid4\(", ("aio", "daemon", "fleet/remote")),
        (r"\brandom\.(random|choice|randint|shuffle)\(", ("aio", "daemon")),
    ],
)
def test_forbidden_text_appears_only_where_allowed(pattern: str, allowed: tuple[str, ...]) -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in sources()
        if not str(path.relative_to(PACKAGE)).startswith(allowed or ("\0",))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, "\n".join(found)


def test_every_package_says_what_it_owns() -> None:
    silent = [
        str(path)
        for path in PACKAGE.rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent, silent


def test_architecture_page_has_a_paragraph_for_every_package_and_a_line_for_every_dependency() -> (
    None
):
    page = (ROOT / "ARCHITECTURE.md").read_text()
    packages = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())
    missing = [name for name in packages if f"**`{name}`**" not in page]
    assert not missing, missing
    project = (ROOT / "pyproject.toml").read_text()
    block = project.split("dependencies = [")[1].split("]")[0]
    names = re.findall(r'"([A-Za-z0-9_-]+)', block)
    assert names
    assert not [name for name in names if f"`{name}`" not in page]


def test_requirement_files_hold_no_index_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path
        assert "--index-url" not in text, path
