"""The facts of a host."""

from typing import Literal

from pydantic import Field

from warren.model.validation import Frozen

ServiceManager = Literal["systemd", "openrc", "none"]


class EngineFacts(Frozen):
    """A container engine found on a host.

    Attributes:
        name: podman or docker.
        version: of the client.
        answers: whether it (or its daemon) answers.
    """

    name: str
    version: str
    answers: bool


class HostFacts(Frozen):
    """What one round trip tells of a host; empty where the host does not say.

    Attributes:
        arch: as container images name it (amd64, arm64, …).
        machine: as the kernel names it.
        storage_total_bytes: size of the file system that holds containers.
        service_manager: systemd, openrc or none.
        addresses: global addresses, IPv4 first.
        default_address: the address of the default route's interface.
        boot_id: changes with each boot.
        unix_seconds: the host's clock when it was asked.
        clock_skew_seconds: how far its clock is ahead of ours; ``None`` where nobody compared.
    """

    hostname: str = ""
    os_id: str = ""
    os_version: str = ""
    os_name: str = ""
    kernel: str = ""
    arch: str = ""
    machine: str = ""
    cpus: int = 0
    memory_total_bytes: int = 0
    memory_available_bytes: int = 0
    storage_total_bytes: int = 0
    storage_free_bytes: int = 0
    engines: tuple[EngineFacts, ...] = Field(default_factory=tuple)
    service_manager: ServiceManager = "none"
    addresses: tuple[str, ...] = ()
    default_address: str = ""
    python: str = ""
    cgroup_version: int = 0
    boot_id: str = ""
    unix_seconds: float = 0.0
    clock_skew_seconds: float | None = None
