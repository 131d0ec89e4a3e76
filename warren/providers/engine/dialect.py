"""How the engines differ. All else is one shape.

Debian 12's Podman (4.3) and Docker (20.10) were read and tried; newer ones accept the same words.
"""

from dataclasses import dataclass
from typing import Literal

LOG_SIZE_BYTES_MAX = 10 << 20
"""A container's log kept on its host; the engine throws older lines away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One engine's way of putting things.

    Attributes:
        name: of the engine, of its program, and of the provider.
        annotation: the option that gives a container an annotation. Docker has annotations only
            from 25.0 on, so there they are labels.
        read_only: options for a read-only root. Podman would mount writable tmpfs on /run, /tmp and
            /var/tmp as well; what a user wants writable is a mount of its own, on both engines.
        logging: options that bound a container's log and keep it where ``logs`` reads it.
        label: the format of ``ps`` that shows one label.
        id: the inspected field that holds a container's id.
        cgroup: the inspected field that holds a container's cgroup; empty where inspect tells its
            current limits. Podman before 5 goes on showing the first ones after an update.
        announces_restarts: whether a container that the engine is about to restart says so. Podman's
            looks ended until its clean-up, a moment later, starts it again.
        version: the format of ``info`` that shows the engine's version.
        memory_bytes_min: the smallest memory limit and reservation the engine accepts.
    """

    name: Literal["podman", "docker"]
    annotation: str
    read_only: tuple[str, ...]
    logging: tuple[str, ...]
    label: str
    id: str
    cgroup: str
    announces_restarts: bool
    version: str
    memory_bytes_min: int


PODMAN = Dialect(
    name="podman",
    annotation="--annotation",
    read_only=("--read-only", "--read-only-tmpfs=false"),
    logging=("--log-driver", "k8s-file", "--log-opt", f"max-size={LOG_SIZE_BYTES_MAX}"),
    label='{{index .Labels "%s"}}',
    id=".ID",
    cgroup=".State.CgroupPath",
    announces_restarts=False,
    version="{{.Version.Version}}",
    memory_bytes_min=0,
)
DOCKER = Dialect(
    name="docker",
    annotation="--label",
    read_only=("--read-only",),
    logging=("--log-driver", "json-file", "--log-opt", f"max-size={LOG_SIZE_BYTES_MAX}"),
    label='{{.Label "%s"}}',
    id=".Id",
    cgroup="",
    announces_restarts=True,
    version="{{.ServerVersion}}",
    memory_bytes_min=6 << 20,
)
