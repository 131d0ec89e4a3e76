"""Facts about this host, named as playbooks know them.

Facts come from ``/proc``, ``/sys`` and the C library, from a program only where nothing else
tells; each subset is gathered only if asked for.
"""

import datetime as dt
import fnmatch
import json
import os
import platform
import pwd
import re
import socket
import subprocess
import sys
import time
from typing import Any

from warren.fleet.remote import answers, hardware, interfaces, mounts, programs

REQUIRES = ("answers", "hardware", "interfaces", "mounts", "programs")

_families = {
    "Debian": ("debian", "ubuntu", "linuxmint", "raspbian", "kali", "devuan", "pop"),
    "RedHat": ("rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn", "oracle"),
    "Suse": ("sles", "opensuse", "opensuse-leap", "opensuse-tumbleweed", "suse"),
    "Alpine": ("alpine",),
    "Archlinux": ("arch", "manjaro"),
    "Gentoo": ("gentoo",),
}
_names = {
    "debian": "Debian", "ubuntu": "Ubuntu", "rhel": "RedHat", "centos": "CentOS",
    "fedora": "Fedora", "rocky": "Rocky", "almalinux": "AlmaLinux", "ol": "OracleLinux",
    "amzn": "Amazon", "sles": "SLES", "opensuse-leap": "openSUSE Leap", "alpine": "Alpine",
    "arch": "Archlinux", "gentoo": "Gentoo", "raspbian": "Debian",
}  # fmt: skip
_package_managers = (
    ("/usr/bin/apt-get", "apt"), ("/usr/bin/dnf", "dnf"), ("/usr/bin/yum", "yum"),
    ("/sbin/apk", "apk"), ("/usr/bin/zypper", "zypper"), ("/usr/bin/pacman", "pacman"),
)  # fmt: skip
_always = (
    "security",
    "platform",
    "distribution",
    "user",
    "service_mgr",
    "pkg_mgr",
    "python",
    "env",
    "date_time",
)
_minimal = (*_always, "local")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """The facts of the subsets asked for, under ``ansible_facts``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    chosen = _subsets(arguments.get("gather_subset") or ["all"])
    facts = {"gather_subset": arguments.get("gather_subset") or ["all"], "module_setup": True}
    for name, gather in _gatherers.items():
        if name in chosen:
            facts.update(gather())
    if "local" in chosen:
        facts["local"] = _local(arguments.get("fact_path") or "/etc/ansible/facts.d")
    plain = ("gather_subset", "module_setup")
    named = {name if name in plain else "ansible_" + name: facts[name] for name in facts}
    patterns = [pattern for pattern in arguments.get("filter") or [] if pattern]
    if patterns:
        wanted = patterns + ["ansible_" + pattern for pattern in patterns]
        named = {
            name: value
            for name, value in named.items()
            if any(fnmatch.fnmatch(name, pattern) for pattern in wanted)
        }
    return {"changed": False, "ansible_facts": named}


def _subsets(asked: "list[str]") -> "set[str]":
    everything = set(_gatherers) | {"local"}
    groups = {"all": everything, "min": set(_minimal), "hardware": {"hardware", "mounts"}}
    for alias in ("facter", "ohai"):
        groups[alias] = set()
    for alias in ("kernel", "hostname", "architecture", "system", "os_family", "selinux"):
        groups[alias] = {"platform", "distribution", "security"}
    chosen = set(_minimal)
    plain = [name for name in asked if not name.startswith("!")]
    if not plain:
        chosen |= everything
    for name in plain:
        if name not in groups and name not in everything:
            raise answers.Failure(
                "gather_subset: %r is none of %s"
                % (name, ", ".join(sorted(everything | set(groups))))
            )
        chosen |= groups.get(name, {name})
    for name in asked:
        if name == "!all":
            chosen &= set(_minimal)
        elif name.startswith("!"):
            chosen -= groups.get(name[1:], {name[1:]})
    return chosen | (groups["all"] & set(plain))


def _platform() -> "dict[str, Any]":
    system = os.uname()
    fqdn = socket.getfqdn()
    return {
        "system": system.sysname,
        "kernel": system.release,
        "kernel_version": system.version,
        "machine": system.machine,
        "architecture": system.machine,
        "userspace_architecture": system.machine,
        "userspace_bits": platform.architecture()[0].replace("bit", ""),
        "nodename": system.nodename,
        "hostname": system.nodename.split(".")[0],
        "fqdn": fqdn,
        "domain": fqdn.partition(".")[2],
        "machine_id": _first_line("/etc/machine-id"),
    }


def _first_line(path: str) -> str:
    try:
        with open(path, errors="replace") as stream:
            return stream.readline().strip().rstrip("\0")
    except OSError:
        return ""


def _lines(path: str) -> "list[str]":
    try:
        with open(path, errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _distribution() -> "dict[str, Any]":
    release = {}
    for line in _lines("/etc/os-release") or _lines("/usr/lib/os-release"):
        key, separator, value = line.partition("=")
        if separator:
            release[key] = value.strip().strip("\"'")
    identity = release.get("ID", "")
    version = release.get("VERSION_ID", "") or "n/a"
    likes = [identity, *release.get("ID_LIKE", "").split()]
    family = next(
        (name for like in likes for name, ids in _families.items() if like in ids),
        os.uname().sysname,
    )
    exact = _first_line("/etc/debian_version") if identity == "debian" else ""
    if re.match(r"[0-9.]+$", exact):
        version = exact
    parts = version.split(".")
    return {
        "distribution": _names.get(identity, release.get("NAME", "NA")),
        "distribution_version": version,
        "distribution_major_version": parts[0],
        "distribution_minor_version": parts[1] if len(parts) > 1 else "",
        "distribution_release": release.get("VERSION_CODENAME", "") or "NA",
        "distribution_file_path": "/etc/os-release",
        "os_family": family,
        "lsb": {
            "id": _names.get(identity, release.get("NAME", "NA")),
            "codename": release.get("VERSION_CODENAME", ""),
            "description": release.get("PRETTY_NAME", ""),
            "release": release.get("VERSION_ID", ""),
            "major_release": parts[0],
        },
    }


def _security() -> "dict[str, Any]":
    enforcing = _first_line("/sys/fs/selinux/enforce")
    selinux = {"status": "disabled"}
    if enforcing:
        mode = "enforcing" if enforcing == "1" else "permissive"
        selinux = {"status": "enabled", "mode": mode}
    apparmor = os.path.exists("/sys/kernel/security/apparmor")
    return {
        "selinux": selinux,
        "apparmor": {"status": "enabled" if apparmor else "disabled"},
        "fips": _first_line("/proc/sys/crypto/fips_enabled") == "1",
    }


def _user() -> "dict[str, Any]":
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        entry = pwd.struct_passwd((str(os.geteuid()), "", os.geteuid(), os.getegid(), "", "", ""))
    return {
        "user_id": entry.pw_name,
        "user_uid": entry.pw_uid,
        "user_gid": entry.pw_gid,
        "user_gecos": entry.pw_gecos,
        "user_dir": entry.pw_dir,
        "user_shell": entry.pw_shell,
        "real_user_id": os.getuid(),
        "effective_user_id": os.geteuid(),
        "real_group_id": os.getgid(),
        "effective_group_id": os.getegid(),
    }


def _service_manager() -> "dict[str, Any]":
    if os.path.isdir("/run/systemd/system"):
        return {"service_mgr": "systemd"}
    if os.path.exists("/run/openrc"):
        return {"service_mgr": "openrc"}
    first = _first_line("/proc/1/comm")
    return {"service_mgr": first if first in ("systemd", "runit", "s6-svscan") else "service"}


def _package_manager() -> "dict[str, Any]":
    found = next((name for path, name in _package_managers if os.path.exists(path)), "unknown")
    return {"pkg_mgr": found}


def _python() -> "dict[str, Any]":
    version = {
        "major": sys.version_info[0],
        "minor": sys.version_info[1],
        "micro": sys.version_info[2],
        "releaselevel": sys.version_info[3],
        "serial": sys.version_info[4],
    }
    return {
        "python": {
            "version": version,
            "version_info": list(sys.version_info),
            "executable": sys.executable,
            "type": sys.implementation.name,
            "has_sslcontext": True,
        },
        "python_version": platform.python_version(),
    }


def _environment() -> "dict[str, Any]":
    return {"env": dict(os.environ)}


def _date_time() -> "dict[str, Any]":
    stamp = time.time()
    now = dt.datetime.fromtimestamp(stamp)  # noqa: DTZ006
    utc = dt.datetime.fromtimestamp(stamp, dt.timezone.utc)
    shapes = {
        "year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S",
        "weekday": "%A", "weekday_number": "%w", "weeknumber": "%W", "date": "%Y-%m-%d",
        "time": "%H:%M:%S", "iso8601_basic": "%Y%m%dT%H%M%S%f", "iso8601_basic_short": "%Y%m%dT%H%M%S",
    }  # fmt: skip
    facts = {name: now.strftime(shape) for name, shape in shapes.items()}
    facts["epoch"] = facts["epoch_int"] = str(int(stamp))
    facts["iso8601"] = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    facts["iso8601_micro"] = utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    facts["tz"] = time.tzname[time.localtime(stamp).tm_isdst > 0]
    facts["tz_dst"] = time.tzname[1]
    facts["tz_offset"] = time.strftime("%z", time.localtime(stamp))
    return {"date_time": facts}


def _virtualization() -> "dict[str, Any]":
    kind, role = "NA", "NA"
    if programs.find("systemd-detect-virt"):
        found = programs.run(["systemd-detect-virt"])[1].strip()
        kind, role = (found, "guest") if found and found != "none" else ("NA", "NA")
    elif os.path.exists("/.dockerenv"):
        kind, role = "docker", "guest"
    elif os.path.exists("/run/.containerenv"):
        kind, role = "podman", "guest"
    elif any("hypervisor" in line for line in _lines("/proc/cpuinfo") if line.startswith("flags")):
        kind, role = "kvm", "guest"
    return {"virtualization_type": kind, "virtualization_role": role}


def _local(directory: str) -> "dict[str, Any]":
    """What ``*.fact`` files say: programs print JSON, others hold JSON or ``[section] key=value``."""
    facts = {}  # type: dict[str, Any]
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(".fact"))
    except OSError:
        return facts
    for name in names:
        path = os.path.join(directory, name)
        try:
            if os.access(path, os.X_OK):
                done = subprocess.run(
                    [path],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    check=True,
                )
                text = answers.text_of(done.stdout)
            else:
                with open(path, errors="replace") as stream:
                    text = stream.read()
            facts[name[: -len(".fact")]] = _parsed(text)
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            facts[name[: -len(".fact")]] = "error loading fact %s: %s" % (path, error)
    return facts


def _parsed(text: str) -> "Any":
    try:
        return json.loads(text)
    except ValueError:
        sections = {}  # type: dict[str, dict[str, str]]
        section = None
        for line in text.splitlines():
            line = line.strip()  # noqa: PLW2901
            if line.startswith("[") and line.endswith("]"):
                section = sections.setdefault(line[1:-1], {})
            elif line and line[0] not in "#;":
                if section is None:
                    raise ValueError("neither JSON nor INI")
                key, _, value = line.partition("=")
                section[key.strip().lower()] = value.strip()
        return sections


_gatherers = {
    "platform": _platform,
    "distribution": _distribution,
    "security": _security,
    "user": _user,
    "service_mgr": _service_manager,
    "pkg_mgr": _package_manager,
    "python": _python,
    "env": _environment,
    "date_time": _date_time,
    "hardware": hardware.gather,
    "mounts": mounts.gather,
    "network": interfaces.gather,
    "virtual": _virtualization,
}  # type: dict[str, Any]
