"""Tests (``x is …``) beside Jinja's own: results of tasks, text, sets, files, versions."""

import os.path
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from warren.model.errors import PermanentError
from warren.playbook.inventory.layers import VaultText
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.versions import compare


def _result(value: Any, test: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PermanentError(
            f"the test {test!r} needs the registered result of a task, not {type(value).__name__}"
        )
    return value


def failed(value: Any) -> bool:
    """Whether a task failed."""
    return bool(_result(value, "failed").get("failed", False))


def succeeded(value: Any) -> bool:
    """Whether a task did not fail."""
    return not failed(value)


def changed(value: Any) -> bool:
    """Whether a task, or an item of its loop, changed something."""
    result = _result(value, "changed")
    if "changed" not in result and isinstance(result.get("results"), list):
        return any(item.get("changed", False) for item in result["results"])
    return bool(result.get("changed", False))


def skipped(value: Any) -> bool:
    """Whether a task was skipped."""
    return bool(_result(value, "skipped").get("skipped", False))


def unreachable(value: Any) -> bool:
    """Whether a task's host could not be reached."""
    return bool(_result(value, "unreachable").get("unreachable", False))


def timed_out(value: Any) -> bool:
    """Whether a task ran out of its time."""
    return bool(_result(value, "timedout").get("timedout", False))


def regex(
    value: Any = "",
    pattern: str = "",
    *,
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    """Whether an expression matches somewhere (``search``), at the start, or the whole text."""
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    return getattr(re.compile(pattern, flags), match_type)(str(value)) is not None


def match(value: Any, pattern: str = "", **settings: bool) -> bool:
    """Whether an expression matches at the start."""
    return regex(value, pattern, match_type="match", **settings)


def search(value: Any, pattern: str = "", **settings: bool) -> bool:
    """Whether an expression matches anywhere."""
    return regex(value, pattern, match_type="search", **settings)


def truthy(value: Any, convert_bool: bool = False) -> bool:  # noqa: FBT001, FBT002
    """Whether a value counts as true."""
    return bool(to_bool(value) if convert_bool else value)


def falsy(value: Any, convert_bool: bool = False) -> bool:  # noqa: FBT001, FBT002
    """Whether a value counts as false."""
    return not truthy(value, convert_bool)


def subset(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether the second has all of the first."""
    members = list(other)
    return all(item in members for item in one)


def superset(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether the first has all of the second."""
    return subset(other, one)


def contains(container: Any, item: Any) -> bool:
    """Whether a container has an item."""
    return item in container


def vault_encrypted(value: Any) -> bool:
    """Whether a value is still encrypted."""
    return isinstance(value, VaultText) or str(value).startswith("$ANSIBLE_VAULT;")


def is_uri(value: Any) -> bool:
    """Whether a text is a URI."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+", str(value)) is not None


def is_url(value: Any) -> bool:
    """Whether a text is a URL with a host."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s/]+", str(value)) is not None


def is_nan(value: Any) -> bool:
    """Whether a number is not one."""
    return isinstance(value, float) and value != value  # noqa: PLR0124 - NaN differs from itself


def same_file(one: str, other: str) -> bool:
    """Whether two paths mean one file."""
    return os.path.samefile(one, other)  # noqa: PTH121 - tests work on text


def _same_function(*names: str, of: Callable[..., bool]) -> dict[str, Callable[..., bool]]:
    return dict.fromkeys(names, of)


def all_tests() -> dict[str, Callable[..., bool]]:
    """Every test by its short and its full name."""
    found: dict[str, Callable[..., bool]] = {
        **_same_function("failed", "failure", of=failed),
        **_same_function("succeeded", "success", "successful", of=succeeded),
        **_same_function("changed", "change", of=changed),
        **_same_function("skipped", "skip", of=skipped),
        **_same_function("version", "version_compare", of=compare),
        **_same_function("subset", "issubset", of=subset),
        **_same_function("superset", "issuperset", of=superset),
        **_same_function("directory", "is_dir", of=os.path.isdir),
        **_same_function("file", "is_file", of=os.path.isfile),
        **_same_function("link", "is_link", of=os.path.islink),
        **_same_function("exists", of=os.path.exists),
        **_same_function("link_exists", of=os.path.lexists),
        **_same_function("abs", "is_abs", of=os.path.isabs),
        **_same_function("mount", "is_mount", of=os.path.ismount),
        **_same_function("same_file", "is_same_file", of=same_file),
        **_same_function("nan", "isnan", of=is_nan),
    }
    found |= {
        "all": all,
        "any": any,
        "contains": contains,
        "falsy": falsy,
        "match": match,
        "regex": regex,
        "search": search,
        "timedout": timed_out,
        "truthy": truthy,
        "unreachable": unreachable,
        "uri": is_uri,
        "url": is_url,
        "vault_encrypted": vault_encrypted,
    }
    return found | {"ansible.builtin." + name: function for name, function in found.items()}
