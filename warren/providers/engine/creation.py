"""From an instance to the commands that create and start it.

The usual case is one ``run`` for each container and nothing else: starting a container costs the host
a tenth of a second of CPU, and every further question to the engine a third of that. What is in the
way is looked at only when ``run`` fails (``performing``).
"""

import csv
import io
import math

from warren.fleet.command import Command
from warren.model.container import ContainerSpec, Mount, Port, Role
from warren.model.instance import Instance
from warren.model.service import RestartPolicy, ServiceSpec
from warren.providers.engine import labels, limits
from warren.providers.engine.dialect import Dialect

PULL_TIMEOUT_SECONDS = 300.0
"""For ``run``, which may have to pull the image first."""
VOLUME_TIMEOUT_SECONDS = 30.0
HOSTNAME_CHARACTERS_MAX = 63
_SHORT_ID_CHARACTERS = 8


def container_name(instance: Instance, container: ContainerSpec) -> str:
    """The engine's name of a container: readable, and unique by the random end of the id."""
    short = instance.id[-_SHORT_ID_CHARACTERS:]
    suffix = "" if container.role is Role.MAIN else f".{container.name}"
    return f"{instance.service}.{instance.slot}.{short}{suffix}"


def hostname(instance: Instance) -> str:
    """What a container calls itself: the service and the slot, shortened to what DNS allows."""
    slot = f"-{instance.slot}"
    return instance.service[: HOSTNAME_CHARACTERS_MAX - len(slot)].rstrip("-") + slot


def create(
    dialect: Dialect, instance: Instance, spec: ServiceSpec, *, cluster: str
) -> tuple[Command, ...]:
    """The commands that make an instance run on a node where nothing of it exists."""
    volumes = {
        mount.source: _ensure_volume(dialect, instance, mount.source, cluster=cluster)
        for container in spec.containers
        for mount in container.volumes
        if mount.type == "volume" and mount.source
    }
    return (*volumes.values(), run(dialect, instance, spec, spec.main, cluster=cluster))


def run(
    dialect: Dialect,
    instance: Instance,
    spec: ServiceSpec,
    container: ContainerSpec,
    *,
    cluster: str,
) -> Command:
    """The command that creates and starts one container."""
    entrypoint, words = container.command[:1], (*container.command[1:], *container.args)
    argv = (
        dialect.name, "run", "--detach", "--pull=missing",
        "--name", container_name(instance, container),
        "--hostname", hostname(instance),
        *_each("--label", labels.of_container(instance, spec, container, cluster=cluster)),
        *_each(dialect.annotation, container.annotations),
        *("--restart", restart(spec.restart)),
        *("--stop-timeout", str(math.ceil(spec.stop_timeout_seconds))),
        *dialect.logging,
        *_surroundings(dialect, container),
        *_mounts(container),
        *(word for port in container.ports for word in ("--publish", publish(port))),
        *limits.at_creation(container.resources),
        *(("--no-healthcheck",) if container.health_check is not None else ()),
        *(word for word in entrypoint for word in ("--entrypoint", word)),
        container.image,
        *words,
    )  # fmt: skip
    return Command(argv=argv, timeout_seconds=PULL_TIMEOUT_SECONDS)


def restart(policy: RestartPolicy) -> str:
    """What the engine does by itself when a container ends.

    Engines count restarts only for failures; for ``always`` Warren counts, from the listings.
    """
    if policy.condition == "never" or policy.max_attempts == 0:
        return "no"
    if policy.condition == "on-failure" and policy.max_attempts is not None:
        return f"on-failure:{policy.max_attempts}"
    return policy.condition


def publish(port: Port) -> str:
    """A published port; without a host port the engine chooses one."""
    container = f"{port.container_port}/{port.protocol}"
    return f"{port.host_port}:{container}" if port.host_port else container


def mount(spec: Mount) -> str:
    """The value of ``--mount``, which both engines read as one line of CSV."""
    fields = [f"type={spec.type}"]
    if spec.source is not None:
        fields.append(f"source={spec.source}")
    fields.append(f"target={spec.target}")
    if spec.size_bytes is not None:
        fields.append(f"tmpfs-size={spec.size_bytes}")
    if spec.read_only:
        fields.append("ro=true")
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _surroundings(dialect: Dialect, container: ContainerSpec) -> tuple[str, ...]:
    words = [*_each("--env", container.env)]
    if container.user is not None:
        words += ["--user", container.user]
    if container.working_dir is not None:
        words += ["--workdir", container.working_dir]
    if container.read_only:
        words += dialect.read_only
    for name in container.capabilities.add:
        words += ["--cap-add", name]
    for name in container.capabilities.drop:
        words += ["--cap-drop", name]
    for name, address in container.extra_hosts.items():
        words += ["--add-host", f"{name}:{address}"]
    return tuple(words)


def _mounts(container: ContainerSpec) -> tuple[str, ...]:
    return tuple(word for item in container.volumes for word in ("--mount", mount(item)))


def _ensure_volume(dialect: Dialect, instance: Instance, name: str, *, cluster: str) -> Command:
    """Podman refuses to create a volume that exists, and ``run`` would create it without labels."""
    engine = dialect.name
    script = (
        f'{engine} volume inspect "$1" >/dev/null 2>&1 || '
        f'{{ name=$1; shift; exec {engine} volume create "$@" "$name" >/dev/null; }}'
    )
    options = _each("--label", labels.of_volume(instance, name, cluster=cluster))
    return Command(
        argv=("sh", "-c", script, "sh", name, *options), timeout_seconds=VOLUME_TIMEOUT_SECONDS
    )


def _each(option: str, values: dict[str, str]) -> tuple[str, ...]:
    return tuple(word for key, value in values.items() for word in (option, f"{key}={value}"))
