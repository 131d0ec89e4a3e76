"""What is sent to hosts must run there: old Pythons, nothing installed, nothing on disk."""

import ast
import sys
from pathlib import Path

import pytest

REMOTE = Path(__file__).parents[4] / "warren" / "fleet" / "remote"
PACKAGE = "warren.fleet.remote"
SOURCES = sorted(path for path in REMOTE.glob("*.py") if path.name != "__init__.py")
BYTES_MAX = 16_000
BUILTIN_GENERICS = {"dict", "list", "tuple", "set", "frozenset", "type"}


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def tree(request: pytest.FixtureRequest) -> ast.Module:
    path: Path = request.param
    return ast.parse(path.read_text(), feature_version=(3, 6))


def assigned(tree: ast.Module, name: str) -> ast.expr | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
    return None


def test_source_parses_as_python_3_6_without_later_syntax(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        assert not isinstance(node, ast.NamedExpr | ast.Match), ast.unparse(node)
        if isinstance(node, ast.arguments):
            assert not node.posonlyargs
        if isinstance(node, ast.FunctionDef):
            for annotation in (node.returns, *(each.annotation for each in node.args.args)):
                assert not isinstance(annotation, ast.Subscript | ast.BinOp), (
                    f"{node.name}: {ast.unparse(annotation)} is evaluated on the host; quote it"
                )


def test_source_uses_no_generic_alias_at_run_time(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            assert node.value.id not in BUILTIN_GENERICS, ast.unparse(node)


def test_source_imports_the_standard_library_and_what_it_requires(tree: ast.Module) -> None:
    required: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots = {alias.name.split(".")[0] for alias in node.names}
            assert roots <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            required |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in sys.stdlib_module_names
    named = assigned(tree, "REQUIRES")
    assert (set(ast.literal_eval(named)) if named else set()) == required


def test_source_does_nothing_when_imported(tree: ast.Module) -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
    for node in tree.body[1:]:
        assert isinstance(node, allowed), ast.unparse(node)
        if isinstance(node, ast.Assign):
            calls = [part for part in ast.walk(node.value) if isinstance(part, ast.Call)]
            assert all(ast.unparse(call.func) == "re.compile" for call in calls)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_is_small_enough_to_be_sent(path: Path) -> None:
    assert path.stat().st_size <= BYTES_MAX
