"""One container of a service, as a user describes it."""

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from warren.model.quantities import (
    AbsolutePath,
    DnsLabel,
    Image,
    PortNumber,
    Seconds,
    SizeBytes,
    Text,
)
from warren.model.resource import Labels
from warren.model.validation import Frozen


class Role(StrEnum):
    """What a container is to its instance."""

    MAIN = "main"
    SIDECAR = "sidecar"
    INIT = "init"


class Protocol(StrEnum):
    """Transport protocol of a port."""

    TCP = "tcp"
    UDP = "udp"


class PublishMode(StrEnum):
    """Where a published port answers: on the instance's node, or on every node."""

    HOST = "host"
    INGRESS = "ingress"


class Port(Frozen):
    """A port of a container.

    Attributes:
        name: how others refer to it (``http``); optional.
        container_port: what the container listens on.
        host_port: what is published; 0 lets the engine choose.
        protocol: tcp or udp.
        mode: host or ingress.
    """

    name: DnsLabel | None = None
    container_port: PortNumber
    host_port: Annotated[int, Field(ge=0, le=65535)] = 0
    protocol: Protocol = Protocol.TCP
    mode: PublishMode = PublishMode.HOST


class Mount(Frozen):
    """Storage that a container sees.

    Attributes:
        type: ``volume`` (named, kept on the node), ``bind`` (a path of the host), ``tmpfs``.
        source: name of the volume, or path on the host; none for tmpfs.
        target: path in the container.
        read_only: whether the container may write.
        size_bytes: size of a tmpfs; none leaves it to the kernel.
    """

    type: Literal["volume", "bind", "tmpfs"] = "volume"
    source: str | None = None
    target: AbsolutePath
    read_only: bool = False
    size_bytes: SizeBytes | None = None

    @model_validator(mode="after")
    def _source_fits_type(self) -> Self:
        if self.type == "tmpfs":
            if self.source is not None:
                raise ValueError("a tmpfs mount has no source")
        elif not self.source:
            raise ValueError(f"a {self.type} mount needs a source")
        elif self.type == "bind" and not PurePosixPath(self.source).is_absolute():
            raise ValueError(f"source {self.source!r} of a bind mount must be an absolute path")
        elif self.type == "volume":
            _check_volume_name(self.source)
        if self.size_bytes is not None and self.type != "tmpfs":
            raise ValueError("size_bytes is for tmpfs mounts")
        return self


def _check_volume_name(name: str) -> None:
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
    if not name or not set(name) <= allowed or not name[0].isalnum():
        raise ValueError(
            f"volume name {name!r} must be a-z, 0-9, '-', '_', '.', beginning with one of a-z, 0-9"
        )


class Resources(Frozen):
    """What a container may use and what is set aside for it.

    Attributes:
        cpu_limit: cores it may use at most (0.5 is half a core).
        memory_limit_bytes: memory above which it is killed.
        cpu_reservation: cores set aside when placing it.
        memory_reservation_bytes: memory set aside when placing it.
        disk_limit_bytes: size of its writable layer at most.
        gpus: number of GPUs.
    """

    cpu_limit: Annotated[float, Field(gt=0, le=4096)] | None = None
    memory_limit_bytes: Annotated[SizeBytes, Field(ge=4 << 20)] | None = None
    cpu_reservation: Annotated[float, Field(ge=0, le=4096)] = 0.0
    memory_reservation_bytes: SizeBytes = 0
    disk_limit_bytes: SizeBytes | None = None
    gpus: Annotated[int, Field(ge=0, le=1024)] = 0

    @model_validator(mode="after")
    def _reservations_fit_limits(self) -> Self:
        if self.cpu_limit is not None and self.cpu_reservation > self.cpu_limit:
            raise ValueError(
                f"cpu_reservation {self.cpu_reservation:g} exceeds cpu_limit {self.cpu_limit:g}"
            )
        limit = self.memory_limit_bytes
        if limit is not None and self.memory_reservation_bytes > limit:
            raise ValueError(
                f"memory_reservation_bytes {self.memory_reservation_bytes} exceeds memory_limit_bytes {limit}"
            )
        return self


class _Check(Frozen):
    """What all health checks have: how often, how long, how many failures."""

    interval_seconds: Annotated[Seconds, Field(gt=0)] = 30.0
    timeout_seconds: Annotated[Seconds, Field(gt=0)] = 10.0
    retries: Annotated[int, Field(ge=1, le=100)] = 3
    start_period_seconds: Seconds = 0.0


class HttpCheck(_Check):
    """A request that must be answered with a status in the range."""

    type: Literal["http"]
    port: PortNumber
    path: Annotated[str, Field(pattern=r"^/")] = "/"
    headers: dict[str, Text] = Field(default_factory=dict)
    status_min: Annotated[int, Field(ge=100, le=599)] = 200
    status_max: Annotated[int, Field(ge=100, le=599)] = 399


class TcpCheck(_Check):
    """A connection that must be accepted."""

    type: Literal["tcp"]
    port: PortNumber


class ExecCheck(_Check):
    """A command in the container that must end with status 0."""

    type: Literal["exec"]
    command: Annotated[tuple[Text, ...], Field(min_length=1)]


class GrpcCheck(_Check):
    """The standard gRPC health protocol must answer SERVING."""

    type: Literal["grpc"]
    port: PortNumber
    service: str = ""


HealthCheck = Annotated[HttpCheck | TcpCheck | ExecCheck | GrpcCheck, Field(discriminator="type")]


class Capabilities(Frozen):
    """Linux capabilities added to and dropped from the engine's default set."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_are_capabilities(self) -> Self:
        for name in (*self.add, *self.drop):
            if not name.replace("_", "").isalpha() or name != name.upper():
                raise ValueError(f"capability {name!r} must be a name such as NET_ADMIN")
        return self


def _check_environment(environment: dict[str, str]) -> dict[str, str]:
    for key, value in environment.items():
        if not key or "=" in key or "\0" in key or "\0" in value:
            raise ValueError(f"variable {key!r} must be a name without '=', and hold no NUL")
    return environment


def _words(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("must be a list of words, such as [sh, -c, 'exec app']")  # noqa: TRY004 - pydantic wants ValueError
    return value


Words = Annotated[tuple[Text, ...], BeforeValidator(_words)]
Environment = Annotated[dict[str, Text], AfterValidator(_check_environment)]


class ContainerSpec(Frozen):
    """One container: ``main`` (exactly one in a service), ``sidecar`` or ``init``.

    Attributes:
        command: replaces the image's entry point.
        args: follow the command (or the image's entry point).
        env: environment variables; not for secrets.
        depends_on: names of sibling containers that start (inits: complete) before it.
        annotations: reach the engine container as annotations.
        user: ``uid``, ``uid:gid`` or a name known in the image.
        extra_hosts: host name to address, for its ``/etc/hosts``.
    """

    name: DnsLabel = "main"
    role: Role = Role.MAIN
    image: Image
    command: Words = ()
    args: Words = ()
    env: Environment = Field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    volumes: tuple[Mount, ...] = ()
    health_check: HealthCheck | None = None
    resources: Resources = Resources()
    depends_on: tuple[DnsLabel, ...] = ()
    annotations: Labels = Field(default_factory=dict)
    user: Text | None = None
    working_dir: AbsolutePath | None = None
    read_only: bool = False
    capabilities: Capabilities = Capabilities()
    extra_hosts: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _targets_are_distinct(self) -> Self:
        targets = [mount.target for mount in self.volumes]
        for target in targets:
            if targets.count(target) > 1:
                raise ValueError(f"two volumes are mounted on {target}")
        return self
