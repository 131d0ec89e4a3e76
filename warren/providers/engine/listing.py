"""What runs on a node, in one round trip, and what it means.

A script asks for the ids of all labelled containers and inspects them by a format that shows only
what is needed. A container that goes in between makes inspect fail; then the script asks anew, since
half a listing would look like lost containers. Podman shows limits as they were at creation, so there
the kernel is asked for the current ones.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from warren.fleet.command import Command
from warren.model.instance import Endpoint
from warren.model.observed import ContainerState, ObservedContainer, ObservedInstance
from warren.providers.engine import labels, limits
from warren.providers.engine.dialect import Dialect

_LABELS = {
    "instance": labels.INSTANCE,
    "service": labels.SERVICE,
    "slot": labels.SLOT,
    "release": labels.RELEASE,
    "spec_hash": labels.SPEC_HASH,
    "name": labels.CONTAINER,
    "ports_named": labels.PORTS,
    "health_check": labels.HEALTH_CHECK,
}
_FIELDS = {
    "state": "json .State",
    "restarts": "json .RestartCount",
    "memory": "json .HostConfig.Memory",
    "nano_cpus": "json .HostConfig.NanoCpus",
    "quota": "json .HostConfig.CpuQuota",
    "period": "json .HostConfig.CpuPeriod",
    "restart": "json .HostConfig.RestartPolicy",
    "networks": "json .NetworkSettings.Networks",
    "ports": "json .NetworkSettings.Ports",
    **{name: f'json (index .Config.Labels "{label}")' for name, label in _LABELS.items()},
}
_CGROUP_MARK, _LIMITS_MARK, _NOW_MARK = "#cgroup", "#limits", "#now"
RESTART_SECONDS_MAX = 3.0
"""Within that time an engine that does not announce restarts has begun one, if it wants one."""

_SCRIPT = """\
cluster=$1 format=$2 tries=3
while :; do
ids=$({engine} ps --all --quiet --no-trunc --filter "label={label}=$cluster") || exit
[ "$ids" ] || exit 0
shown=$({engine} inspect --type container --format "$format" $ids) && break
tries=$((tries - 1)); [ "$tries" -gt 0 ] || exit 1
done
printf '%s\\n' "$shown\""""
_TELL_TIME = """
date '+#now %s'"""
_READ_CGROUPS = """
printf '%s\\n' "$shown" | sed -n 's/^#cgroup //p' | while read -r id path; do
quota=- period=- memory=- path=${path%/container} root=/sys/fs/cgroup
[ "$path" ] || continue
if [ -e "$root/cgroup.controllers" ]; then
read -r quota period <"$root$path/cpu.max"; read -r memory <"$root$path/memory.max"
else
read -r quota <"$root/cpu$path/cpu.cfs_quota_us"; read -r period <"$root/cpu$path/cpu.cfs_period_us"
read -r memory <"$root/memory$path/memory.limit_in_bytes"
fi 2>/dev/null
echo "#limits $id ${quota:--} ${period:--} ${memory:--}"
done"""


def show(dialect: Dialect, *, cluster: str, timeout_seconds: float) -> Command:
    """The command that lists all containers of a cluster."""
    shown = {"id": f"json {dialect.id}", **_FIELDS}
    fields = ",".join(f'"{name}":{{{{{field}}}}}' for name, field in shown.items())
    form = "{" + fields + "}"
    script = _SCRIPT.format(engine=dialect.name, label=labels.CLUSTER)
    if not dialect.announces_restarts:
        script += _TELL_TIME
    if dialect.cgroup:
        form += f"\n{_CGROUP_MARK} {{{{{dialect.id}}}}} {{{{{dialect.cgroup}}}}}"
        script += _READ_CGROUPS
    return Command(argv=("sh", "-c", script, "sh", cluster, form), timeout_seconds=timeout_seconds)


def read(stdout: bytes, *, address: str) -> tuple[ObservedInstance, ...]:
    """What a listing shows, by instance id.

    Args:
        stdout: what the command printed.
        address: of the node, for endpoints.

    Raises:
        ValueError: it is no listing.
    """
    shown: list[dict[str, Any]] = []
    current: dict[str, tuple[float | None, int | None]] = {}
    now: float | None = None
    for line in stdout.decode(errors="replace").splitlines():
        if line.startswith("{"):
            shown.append(json.loads(line))
        elif line.startswith(_LIMITS_MARK):
            _, engine_id, *words = line.split()
            current[engine_id] = limits.read_cgroup(words)
        elif line.startswith(_NOW_MARK):
            now = float(line.split()[1])
    instances: dict[str, list[tuple[dict[str, Any], ObservedContainer]]] = {}
    for one in shown:
        if one["instance"]:
            seen = _container(one, current.get(one["id"]), address)
            if now is not None and _is_about_to_restart(one, seen, now):
                seen = replace(seen, state="restarting")
            instances.setdefault(one["instance"], []).append((one, seen))
    return tuple(_instance(key, instances[key]) for key in sorted(instances))


def _instance(key: str, found: list[tuple[dict[str, Any], ObservedContainer]]) -> ObservedInstance:
    first = found[0][0]
    return ObservedInstance(
        instance=key,
        service=first["service"] or "",
        slot=_number(first["slot"]),
        release=_number(first["release"]),
        spec_hash=first["spec_hash"] or "",
        containers=tuple(container for _, container in found),
    )


def _container(
    shown: Mapping[str, Any], current: tuple[float | None, int | None] | None, address: str
) -> ObservedContainer:
    state = shown["state"]
    status = _STATES.get(state["Status"], "unknown")
    cpus, memory = current if current is not None and status == "running" else _configured(shown)
    networks = (shown["networks"] or {}).values()
    own = next((item["IPAddress"] for item in networks if item.get("IPAddress")), "")
    has_ended = status in {"exited", "restarting"}
    return ObservedContainer(
        name=shown["name"] or "",
        engine_id=shown["id"],
        state=status,
        exit_code=int(state["ExitCode"]) if has_ended else None,
        started_at=_time(state["StartedAt"]),
        finished_at=_time(state["FinishedAt"]) if has_ended else None,
        restarts=int(shown["restarts"] or 0),
        healthy=_HEALTH.get((state.get("Health") or {}).get("Status", "")),
        error=state.get("Error") or ("it exceeded its memory limit" if _is_killed(state) else ""),
        cpu_limit=cpus,
        memory_limit_bytes=memory,
        address=own if status == "running" else "",
        endpoints=_endpoints(shown, address) if status == "running" else (),
        health_check=shown["health_check"] or "",
    )


_STATES: dict[str, ContainerState] = {
    "created": "created",
    "configured": "created",
    "initialized": "created",
    "running": "running",
    "stopping": "running",
    "paused": "paused",
    "restarting": "restarting",
    "exited": "exited",
    "stopped": "exited",
    "dead": "exited",
}
_HEALTH = {"healthy": True, "unhealthy": False}


def _is_killed(state: Mapping[str, Any]) -> bool:
    return bool(state.get("OOMKilled")) and state["Status"] != "running"


def _is_about_to_restart(shown: Mapping[str, Any], seen: ObservedContainer, now: float) -> bool:
    """Whether the engine will start an ended container again by itself, any moment."""
    if seen.state != "exited" or seen.finished_at is None:
        return False
    if now - seen.finished_at.timestamp() > RESTART_SECONDS_MAX:
        return False
    policy = shown["restart"]
    if policy["Name"] == "on-failure":
        most = policy["MaximumRetryCount"]
        return bool(seen.exit_code) and (not most or seen.restarts < most)
    return bool(policy["Name"] == "always")


def _configured(shown: Mapping[str, Any]) -> tuple[float | None, int | None]:
    cpus = limits.cores(shown["quota"] or 0, shown["period"] or limits.PERIOD_MICROSECONDS)
    if cpus is None and shown["nano_cpus"] and not shown["quota"]:
        cpus = shown["nano_cpus"] / 1e9
    return cpus, limits.memory_bytes(shown["memory"] or 0)


def _endpoints(shown: Mapping[str, Any], address: str) -> tuple[Endpoint, ...]:
    names = json.loads(shown["ports_named"] or "{}")
    found = {
        (port, binding["HostPort"])
        for port, bindings in (shown["ports"] or {}).items()
        for binding in _listed(bindings)
        if binding["HostPort"]
    }
    return tuple(
        Endpoint(
            container=shown["name"] or "",
            name=names.get(port),
            address=address,
            port=int(host_port),
            container_port=int(port.partition("/")[0]),
            protocol=port.partition("/")[2] or "tcp",
        )
        for port, host_port in sorted(found)
    )


def _listed(bindings: Iterable[Mapping[str, str]] | None) -> Iterable[Mapping[str, str]]:
    return bindings or ()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _time(text: str) -> datetime | None:
    when = datetime.fromisoformat(text)
    return None if when.year == 1 else when.astimezone(UTC)
