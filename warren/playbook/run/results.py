"""Results as playbooks know them: what a module answers, shaped, merged, censored."""

from collections.abc import Mapping, Sequence
from typing import Any

from warren.model.errors import HostRefused, HostUnreachable, WarrenError
from warren.playbook.output.events import Status

Result = dict[str, Any]

censored = (
    "the output has been hidden due to the fact that 'no_log: true' was specified for this result"
)
censored_label = "(censored due to no_log)"


def status_of(result: Mapping[str, Any]) -> Status:
    """How a task ended, from its result."""
    if result.get("unreachable"):
        return Status.UNREACHABLE
    if result.get("failed"):
        return Status.FAILED
    if result.get("skipped"):
        return Status.SKIPPED
    return Status.CHANGED if result.get("changed") else Status.OK


def skipped(reason: str, condition: Any = None) -> Result:
    """The result of a task that did not run."""
    result: Result = {"changed": False, "skipped": True, "skip_reason": reason}
    if condition is not None:
        result["false_condition"] = condition
    return result


def failed(message: str, **more: Any) -> Result:
    """The result of a task that failed before or beside its module."""
    return {"changed": False, "failed": True, "msg": message, **more}


def of_error(error: WarrenError) -> Result:
    """An error as a result: hosts that cannot be reached are told apart from failures."""
    if isinstance(error, HostUnreachable | HostRefused):
        return {"changed": False, "unreachable": True, "msg": str(error)}
    return failed(str(error))


def shaped(result: Mapping[str, Any]) -> Result:
    """A module's answer with the keys that every result has."""
    found = dict(result)
    found.setdefault("changed", False)
    found["failed"] = bool(found.get("failed", False))
    for name in ("stdout", "stderr"):
        if isinstance(found.get(name), str) and f"{name}_lines" not in found:
            found[f"{name}_lines"] = found[name].splitlines()
    return found


def registered(result: Mapping[str, Any]) -> Result:
    """A result as a variable: without what modules tell the engine only."""
    found = {name: value for name, value in result.items() if not name.startswith("_ansible_")}
    if isinstance(found.get("results"), list):
        found["results"] = [
            registered(one) if isinstance(one, Mapping) else one for one in found["results"]
        ]
    return found


def merged(results: Sequence[Result]) -> Result:
    """The result of a loop from those of its items."""
    found: Result = {"results": list(results), "changed": False}
    if not results:
        return found | skipped("No items in the list")
    found["changed"] = any(bool(result.get("changed")) for result in results)
    if any(result.get("unreachable") for result in results):
        found["unreachable"] = True
    if all(result.get("skipped") for result in results):
        return found | {"skipped": True, "msg": "All items skipped"}
    found["skipped"] = False
    if any(result.get("failed") for result in results):
        return found | {"failed": True, "msg": "One or more items failed"}
    return found | {"failed": False, "msg": "All items completed"}


def shown(result: Mapping[str, Any], *, no_log: bool) -> Mapping[str, Any]:
    """A result as events may carry it."""
    if not no_log:
        return result
    kept = ("changed", "failed", "skipped", "unreachable", "attempts")
    return {"censored": censored, **{name: result[name] for name in kept if name in result}}
