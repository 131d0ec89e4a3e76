"""Results as text: JSON without what people need not see, and differences as unified diffs."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from warren.playbook.templating.finishing import Omit

_hidden = frozenset(("diff", "failed", "invocation", "skipped", "include", "_include"))
_hidden_of_debug = frozenset(("changed", "failed_when_result", "attempts"))

_internal = "_ansible_"
_loud = "_ansible_verbose_always"


def dumped(
    result: Mapping[str, Any],
    *,
    action: str,
    verbosity: int = 0,
    hides: frozenset[str] = frozenset(),
) -> str:
    """A result as JSON: one line, or indented for modules whose result is the point and for -vvv."""
    dropped = set(hides) | ({"failed", "skipped"} if verbosity > 2 else _hidden)  # noqa: PLR2004
    if action == "ansible.builtin.debug" and not result.get("failed"):
        dropped |= _hidden_of_debug
    kept = {
        name: value
        for name, value in result.items()
        if name not in dropped and not str(name).startswith(_internal)
    }
    indent = 4 if is_loud(result) or verbosity > 2 else None  # noqa: PLR2004 - as Ansible
    return to_text(kept, indent=indent)


def is_loud(result: Mapping[str, Any]) -> bool:
    """Whether a module's result is the point, so that it is shown in full at any verbosity."""
    return bool(result.get(_loud))


def to_text(value: Any, *, indent: int | None = None) -> str:
    """Any value as JSON; secrets show as their ``repr``, which is ``***``."""
    return json.dumps(
        value, indent=indent, sort_keys=True, ensure_ascii=False, default=_plain, skipkeys=True
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    if isinstance(value, Omit):
        return "omit"
    if isinstance(value, set | frozenset | tuple | Sequence) and not isinstance(value, str | bytes):
        return list(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def diff_lines(diff: Any) -> Iterator[str]:
    """The lines of a module's ``diff``: one mapping or several."""
    for one in diff if isinstance(diff, list) else [diff]:
        if not isinstance(one, Mapping):
            continue
        if "prepared" in one:
            yield from str(one["prepared"]).splitlines()
            continue
        if "before" not in one or "after" not in one:
            continue
        yield from _unified(one)


def _unified(diff: Mapping[str, Any]) -> Iterator[str]:
    before, after = _text(diff["before"]), _text(diff["after"])
    if before == after:
        return
    old, new = (
        f"{word}: {diff[name]}" if diff.get(name) else word
        for word, name in (("before", "before_header"), ("after", "after_header"))
    )
    yield from difflib.unified_diff(
        before.splitlines(), after.splitlines(), fromfile=old, tofile=new, lineterm=""
    )
    if before.endswith("\n") != after.endswith("\n") and before and after:
        yield r"\ No newline at end of file"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return to_text(value, indent=4) + "\n"
