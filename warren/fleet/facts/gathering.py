"""The script that gathers facts and the parser of what it prints.

Each line is ``name value``; a tool that is missing prints nothing, so an old or small host gives fewer
facts, not an error.
"""

import re

from warren.fleet.command import Command, Result
from warren.fleet.facts.facts import EngineFacts, HostFacts, ServiceManager
from warren.fleet.failures import tail
from warren.model.errors import CommandFailed

_SCRIPT = r"""
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
say() { printf '%s %s\n' "$1" "$2"; }
say hostname "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
if [ -r /etc/os-release ]; then
  (. /etc/os-release; say os_id "$ID"; say os_version "$VERSION_ID"; say os_name "$PRETTY_NAME")
fi
say kernel "$(uname -r)"
say machine "$(uname -m)"
say cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
while read -r k v _; do
  case $k in MemTotal:) say memory_total "$v";; MemAvailable:) say memory_available "$v";; esac
done </proc/meminfo
limit=; command -v timeout >/dev/null 2>&1 && timeout 5 true 2>/dev/null && limit="timeout 5"
d=/var/lib/containers; [ -d $d ] || d=/var/lib/docker; [ -d $d ] || d=/var/lib; [ -d $d ] || d=/
df -Pk $d 2>/dev/null | { read -r _; read -r _ t _ f _ && say storage "$t $f"; }
for e in podman docker; do
  command -v $e >/dev/null 2>&1 || continue
  v=$($limit $e --version 2>/dev/null) || continue
  a=no
  if [ $e = podman ]; then a=yes
  elif [ -S /var/run/docker.sock ] && $limit docker version --format ok >/dev/null 2>&1; then a=yes; fi
  say engine "$e $a $v"
done
if [ -d /run/systemd/system ]; then say service_manager systemd
elif command -v rc-service >/dev/null 2>&1; then say service_manager openrc; fi
if command -v ip >/dev/null 2>&1; then
  ip -o addr show scope global 2>/dev/null | while read -r _ i f a _; do say address "$i ${a%%/*}"; done
else
  for a in $(hostname -I 2>/dev/null); do say address "- $a"; done
fi
ip -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/default_address \1/p'
for p in python3 /usr/bin/python3 /usr/libexec/platform-python; do
  if command -v $p >/dev/null 2>&1; then say python "$(command -v $p)"; break; fi
done
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then say cgroup 2; elif [ -d /sys/fs/cgroup ]; then say cgroup 1; fi
say boot_id "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
say time "$(date +%s.%N 2>/dev/null)"
:
"""

COMMAND = Command(argv=("/bin/sh", "-c", _SCRIPT), timeout_seconds=30.0)
"""One round trip; changes nothing."""

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
_MANAGERS: dict[str, ServiceManager] = {"systemd": "systemd", "openrc": "openrc"}
_VERSION = re.compile(r"\d+(?:\.\d+)+[^\s,]*")
_KIB = 1024


def parse(host: str, result: Result, *, now_seconds: float | None = None) -> HostFacts:
    """Read what the script printed.

    Args:
        host: where it ran.
        result: what it printed.
        now_seconds: our clock (Unix time) when it ran, to compare the host's with.

    Raises:
        CommandFailed: it did not run at all.
    """
    if result.status:  # the script itself is no help to whoever reads of its failure
        raise CommandFailed(
            host=host,
            command="the script that gathers facts",
            status=result.status,
            stderr_tail=tail(result.stderr),
        )
    facts = read(result.stdout.decode(errors="replace"))
    if now_seconds is None or not facts.unix_seconds:
        return facts
    return facts.model_copy(update={"clock_skew_seconds": facts.unix_seconds - now_seconds})


def read(text: str) -> HostFacts:
    """Read the script's lines; unknown ones are passed over."""
    values: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        values.setdefault(name, []).append(value.strip())
    one = {name: found[0] for name, found in values.items()}
    total, free = [*_numbers(one.get("storage", "")), 0, 0][:2]
    addresses = [line.split()[-1] for line in values.get("address", []) if line.split()]
    return HostFacts(
        hostname=one.get("hostname", ""),
        os_id=one.get("os_id", ""),
        os_version=one.get("os_version", ""),
        os_name=one.get("os_name", ""),
        kernel=one.get("kernel", ""),
        machine=one.get("machine", ""),
        arch=_ARCHITECTURES.get(one.get("machine", ""), one.get("machine", "")),
        cpus=_number(one.get("cpus", "")),
        memory_total_bytes=_number(one.get("memory_total", "")) * _KIB,
        memory_available_bytes=_number(one.get("memory_available", "")) * _KIB,
        storage_total_bytes=total * _KIB,
        storage_free_bytes=free * _KIB,
        engines=tuple(_engine(line) for line in values.get("engine", []) if line),
        service_manager=_MANAGERS.get(one.get("service_manager", ""), "none"),
        addresses=tuple(sorted(addresses, key=lambda address: ":" in address)),
        default_address=one.get("default_address", ""),
        python=one.get("python", ""),
        cgroup_version=_number(one.get("cgroup", "")),
        boot_id=one.get("boot_id", ""),
        unix_seconds=_seconds(one.get("time", "")),
    )


def _engine(line: str) -> EngineFacts:
    name, answers, words = [*line.split(maxsplit=2), "", ""][:3]
    version = _VERSION.search(words)
    return EngineFacts(
        name=name, version=version.group() if version else "", answers=answers == "yes"
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _numbers(text: str) -> list[int]:
    return [_number(word) for word in text.split()]


def _seconds(text: str) -> float:
    whole, _, fraction = text.partition(".")
    # A date without %N prints it as it is.
    return float(_number(whole)) + float(f"0.{fraction}" if fraction.isdecimal() else 0)
