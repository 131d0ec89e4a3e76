"""Services of the host's own service manager: systemd or OpenRC."""

from typing import Any

from warren.fleet.remote import answers, programs

REQUIRES = ("answers", "programs")

_no_systemd = ("not been booted", "Failed to connect", "is not running")
_enabled = ("enabled", "enabled-runtime", "static", "alias", "indirect", "generated")
_running = ("active", "activating", "reloading")
_verbs = {"started": "start", "stopped": "stop", "restarted": "restart", "reloaded": "reload"}


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Bring the service ``name`` to ``state`` and ``enabled``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    if programs.find("systemctl"):
        shown = _show(arguments)
        if shown is not None:
            return _systemd(arguments, shown)
    if programs.find("rc-service"):
        return _openrc(arguments)
    raise answers.Failure(
        "this host runs no service manager (neither systemd nor OpenRC), so %s cannot be managed"
        % (arguments.get("name") or "its services")
    )


def _systemctl(arguments: "dict[str, Any]") -> "list[str]":
    scope = arguments.get("scope") or "system"
    return ["systemctl"] + (["--" + scope] if scope != "system" else [])


def _show(arguments: "dict[str, Any]") -> "dict[str, str] | None":
    """What systemd says of the service; ``None`` if systemd does not run here."""
    properties = "LoadState,ActiveState,SubState,UnitFileState,CanReload,MainPID,Id"
    argv = [*_systemctl(arguments), "show", "--property=" + properties]
    status, out, err = programs.run(argv + [arguments["name"]] * bool(arguments.get("name")))
    if status != 0 and any(sign in err for sign in _no_systemd):
        return None
    if status != 0:
        raise answers.Failure("systemctl show: %s" % err.strip(), rc=status)
    pairs = [line.partition("=") for line in out.splitlines()]
    return {key: value for key, _, value in pairs}


def _systemd(arguments: "dict[str, Any]", shown: "dict[str, str]") -> "dict[str, Any]":
    systemctl, check = _systemctl(arguments), arguments.get("check", False)
    for option, verb in (("daemon_reexec", "daemon-reexec"), ("daemon_reload", "daemon-reload")):
        if arguments.get(option) and not check:
            programs.must([*systemctl, verb])
            shown = _show(arguments) or shown
    name = arguments.get("name")
    answer = {"changed": False, "name": name, "status": shown}  # type: dict[str, Any]
    if not name:
        return answer
    actions = []
    if arguments.get("masked") is not None and arguments["masked"] != _is_masked(shown):
        actions.append("mask" if arguments["masked"] else "unmask")
    elif shown.get("LoadState") == "not-found":
        if not check:
            raise answers.Failure("there is no service %s on this host" % name)
        return dict(answer, changed=True, msg="the service is not there yet")
    if arguments.get("enabled") is not None:
        actions += _enabling(arguments["enabled"], shown.get("UnitFileState", ""))
        answer["enabled"] = arguments["enabled"]
    actions += _acting(arguments.get("state"), shown.get("ActiveState") in _running)
    if arguments.get("state"):
        answer["state"] = "stopped" if arguments["state"] == "stopped" else "started"
    for action in [] if check else actions:
        options = ["--no-block"] if arguments.get("no_block") else []
        programs.must(systemctl + options + [action, name])
    return dict(answer, changed=bool(actions))


def _is_masked(shown: "dict[str, str]") -> bool:
    return shown.get("LoadState") == "masked" or shown.get("UnitFileState", "").startswith("masked")


def _enabling(wanted: bool, state: str) -> "list[str]":  # noqa: FBT001
    if wanted:
        return [] if state in _enabled else ["enable"]
    return ["disable"] if state in ("enabled", "enabled-runtime") else []


def _acting(state: "str | None", running: bool) -> "list[str]":  # noqa: FBT001
    if state == "started":
        return [] if running else ["start"]
    if state == "stopped":
        return ["stop"] if running else []
    if state in ("restarted", "reloaded"):
        return [_verbs[state]] if running else ["start"]
    return []


def _openrc(arguments: "dict[str, Any]") -> "dict[str, Any]":
    name = arguments.get("name")
    answer = {"changed": False, "name": name}  # type: dict[str, Any]
    if not name:
        return answer
    if programs.run(["rc-service", "--exists", name])[0] != 0 and not arguments.get("check"):
        raise answers.Failure("there is no service %s on this host" % name)
    actions = []
    if arguments.get("enabled") is not None:
        out = programs.run(["rc-update", "show", "default"])[1]
        there = any(line.split("|")[0].strip() == name for line in out.splitlines())
        if there != arguments["enabled"]:
            actions.append(["rc-update", "add" if arguments["enabled"] else "del", name, "default"])
        answer["enabled"] = arguments["enabled"]
    running = programs.run(["rc-service", name, "status"])[0] == 0
    actions += [["rc-service", name, verb] for verb in _acting(arguments.get("state"), running)]
    if arguments.get("state"):
        answer["state"] = "stopped" if arguments["state"] == "stopped" else "started"
    for action in [] if arguments.get("check") else actions:
        programs.must(action)
    return dict(answer, changed=bool(actions))
