"""Packages of the system's package manager: present, absent or latest.

What is installed is asked first, so that a run with nothing to do starts no transaction; what the
manager would do is asked of its own simulation, because only it knows dependencies.
"""

import os
import re
import time
from typing import Any

from warren.fleet.remote import answers, programs

REQUIRES = ("answers", "programs")

_known = (("apt", "apt-get"), ("dnf", "dnf"), ("yum", "yum"), ("apk", "apk"))
_apt_stamps = ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists")
_updates_waiting = 100


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Bring the packages ``names`` to ``state`` with ``manager`` (``auto``: what is there)."""
    return answers.answer(_run, arguments)


def detect() -> "str | None":
    """The package manager of this host."""
    for manager, program in _known:
        if programs.find(program):
            return manager
    return None


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    manager = arguments.get("manager") or "auto"
    if manager == "auto":
        found = detect()
        if found is None:
            known = ", ".join(name for name, _ in _known)
            raise answers.Failure("this host has none of the package managers %s" % known)
        manager = found
    elif not programs.find(dict(_known)[manager]):
        raise answers.Failure("this host has no %s" % dict(_known)[manager])
    answer = {"changed": False, "manager": manager}  # type: dict[str, Any]
    if arguments.get("update_cache"):
        answer["cache_updated"] = _update_cache(manager, arguments)
        # Fetching lists alone is what a task without packages asks for, hence its change.
        answer["changed"] = answer["cache_updated"] and not arguments.get("names")
    if arguments.get("names"):
        answer.update(_settle(manager, arguments))
    return answer


def _update_cache(manager: str, arguments: "dict[str, Any]") -> bool:
    age = arguments.get("cache_valid_time") or 0
    stamps = [os.stat(path).st_mtime for path in _apt_stamps if os.path.exists(path)]
    if manager == "apt" and age and stamps and time.time() - max(stamps) < age:
        return False
    if not arguments.get("check"):
        argv = {
            "apt": ["apt-get", "update", "-q"],
            "dnf": ["dnf", "-q", "-y", "makecache"],
            "yum": ["yum", "-q", "-y", "makecache"],
            "apk": ["apk", "update"],
        }
        programs.must(argv[manager], arguments.get("environment"))
    return True


def _settle(manager: str, arguments: "dict[str, Any]") -> "dict[str, Any]":
    names, state = arguments["names"], arguments["state"]
    installed = [name for name in names if _is_installed(manager, name)]
    missing = [name for name in names if name not in installed]
    if state == "absent":
        wanted = installed
    elif state == "latest":
        wanted = missing + _outdated(manager, installed, arguments)
    else:
        wanted = missing
    if not wanted:
        return {"changed": False, "rc": 0, "msg": "nothing to do"}
    argv = _transaction(manager, state, wanted, arguments)
    answer = {"changed": True, "rc": 0, "cmd": argv, "packages": wanted}  # type: dict[str, Any]
    if manager == "apt" and arguments.get("check"):
        simulated = programs.must([argv[0], "-s", *argv[1:]], arguments.get("environment"))
        answer["changed"] = _apt_acted(simulated["stdout"])
    elif not arguments.get("check"):
        answer.update(programs.must(argv, arguments.get("environment")))
        answer["changed"] = manager != "apt" or _apt_acted(answer["stdout"])
    if answer["changed"] and arguments.get("diff"):
        answer["diff"] = _difference(state, wanted)
    return answer


def _difference(state: str, names: "list[str]") -> "dict[str, str]":
    listed = "".join("%s\n" % name for name in sorted(names))
    before, after = (listed, "") if state == "absent" else ("", listed)
    return {
        "before_header": "packages",
        "after_header": "packages",
        "before": before,
        "after": after,
    }


def _is_installed(manager: str, name: str) -> bool:
    if manager == "apt":
        return _is_installed_deb(name)
    if manager == "apk":
        return programs.run(["apk", "info", "-e", name])[0] == 0
    return programs.run(["rpm", "-q", "--whatprovides", name])[0] == 0


def _is_installed_deb(name: str) -> bool:
    if "/" in name:
        return False
    plain, _, version = name.partition("=")
    shape = "${db:Status-Status} ${Version}\n"
    status, out, _ = programs.run(["dpkg-query", "-W", "-f", shape, plain])
    versions = [line.split(" ", 1)[1] for line in out.splitlines() if line.startswith("installed ")]
    if status != 0 or not versions:
        return False
    pattern = re.escape(version).replace(r"\*", ".*") if version else ".*"
    return any(re.match(pattern + "$", found) for found in versions)


def _outdated(manager: str, names: "list[str]", arguments: "dict[str, Any]") -> "list[str]":
    if not names or manager == "apt":
        return names
    if manager == "apk":
        out = programs.run(["apk", "version", "-l", "<", *names])[1]
        return [name for name in names if re.search("(?m)^%s-[0-9]" % re.escape(name), out)]
    status, _, err = programs.run([manager, "-q", "check-update", *names], arguments["environment"])
    if status not in (0, _updates_waiting):
        raise answers.Failure("%s check-update: %s" % (manager, err.strip()), rc=status)
    return names if status == _updates_waiting else []


def _transaction(
    manager: str, state: str, names: "list[str]", arguments: "dict[str, Any]"
) -> "list[str]":
    absent, latest = state == "absent", state == "latest"
    if manager == "apt":
        verb = ("purge" if arguments.get("purge") else "remove") if absent else "install"
        options = ["-y", "-q", "-o", "Dpkg::Options::=--force-confdef"]
        options += ["-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=60"]
        if arguments.get("autoremove") and absent:
            options.append("--auto-remove")
        if arguments.get("install_recommends") is not None:
            answer = "yes" if arguments["install_recommends"] else "no"
            options += ["-o", "APT::Install-Recommends=" + answer]
        if arguments.get("allow_downgrade"):
            options.append("--allow-downgrades")
        return ["apt-get", *options, verb, *names]
    if manager == "apk":
        return ["apk", "--no-interactive", "del" if absent else "add"] + ["-u"] * latest + names
    verb = "remove" if absent else "install"
    return [manager, "-y", "-q", verb, *names]


def _apt_acted(output: str) -> bool:
    """Whether apt's summary counts anything; a name may be satisfied by another package."""
    summary = re.search(r"(?m)^(\d+ upgraded,.* to remove)", output)
    return summary is None or any(int(number) for number in re.findall(r"\d+", summary.group(1)))
