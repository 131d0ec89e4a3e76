"""What an engine cannot do, found before anything is sent to a host."""

from collections.abc import Iterator

from warren.model.container import ContainerSpec, PublishMode, Role
from warren.model.errors import Unsupported
from warren.model.node import Node
from warren.model.service import ServiceSpec
from warren.providers.contract import Capability
from warren.providers.engine import labels
from warren.providers.engine.dialect import Dialect

WORD_BYTES_MAX = 120_000
"""Linux takes no single argument of 128 KiB (MAX_ARG_STRLEN); some is left for option names."""

CAPABILITIES = frozenset(
    {
        Capability.PROVISION,
        Capability.DEPLOY,
        Capability.SCALE,
        Capability.LOGS,
        Capability.EXEC,
        Capability.VOLUMES,
        Capability.RESIZE,
        Capability.ROLLING,
        Capability.RECREATE,
    }
)
"""What every engine does where it is found."""


def capabilities(dialect: Dialect, node: Node) -> frozenset[Capability]:
    """What the engine can do on ``node``: nothing if the node's facts do not show it."""
    if node.engines and all(engine.name != dialect.name for engine in node.engines):
        return frozenset()
    return CAPABILITIES


def check(dialect: Dialect, spec: ServiceSpec, node: Node) -> None:
    """Refuse what would not be honoured.

    Raises:
        Unsupported: naming provider, node and every field concerned.
    """
    able = capabilities(dialect, node)
    if Capability.PROVISION not in able:
        raise Unsupported(
            f"provider {dialect.name} cannot run service {spec.name} on node {node.name}: "
            f"{dialect.name} was not found there",
            hint="install it (role warren.core.node does), or choose another provider",
        )
    reasons = [
        *(reason for capability, reason in _demands(spec) if capability not in able),
        *_too_small(dialect, spec),
        *_too_long(spec),
    ]
    if reasons:
        raise Unsupported(
            f"provider {dialect.name} cannot run service {spec.name} on node {node.name}: "
            + "; ".join(reasons)
        )


def _demands(spec: ServiceSpec) -> Iterator[tuple[Capability, str]]:
    """What the spec needs beyond the ordinary, and how to say that it is not there."""
    if spec.networks:
        yield Capability.NETWORKS, f"networks ({', '.join(spec.networks)}) are not supported"
    for container in spec.containers:
        where = f"of container {container.name}"
        if container.role is not Role.MAIN:
            yield Capability.SIDECARS, f"role {container.role} {where} is not supported"
        if container.resources.gpus:
            yield Capability.GPU, f"resources.gpus {where} is not supported"
        if container.resources.disk_limit_bytes is not None:
            yield Capability.DISK_LIMIT, f"resources.disk_limit_bytes {where} is not supported"
        for port in container.ports:
            if port.mode is PublishMode.INGRESS:
                what = f"port {port.container_port} {where}: mode ingress is not supported"
                yield Capability.INGRESS_PORTS, what


def _too_small(dialect: Dialect, spec: ServiceSpec) -> Iterator[str]:
    least = dialect.memory_bytes_min
    for container in spec.containers:
        resources = container.resources
        for name, value in (
            ("memory_limit_bytes", resources.memory_limit_bytes),
            ("memory_reservation_bytes", resources.memory_reservation_bytes),
        ):
            if value and value < least:
                yield f"resources.{name} of container {container.name} is {value}, below the engine's least, {least}"


def _too_long(spec: ServiceSpec) -> Iterator[str]:
    for container in spec.containers:
        for name, word in _words(container):
            size = len(word.encode())
            if size > WORD_BYTES_MAX:
                yield f"{name} of container {container.name} has {size} bytes; {WORD_BYTES_MAX} fit on a command line"
    if len(labels.pack(spec)) > WORD_BYTES_MAX:
        yield "the service's description is too long for a label"


def _words(container: ContainerSpec) -> Iterator[tuple[str, str]]:
    for field in ("env", "annotations"):
        for key, value in getattr(container, field).items():
            yield f"{field}.{key}", f"{key}={value}"
    for field in ("command", "args"):
        for index, word in enumerate(getattr(container, field)):
            yield f"{field}.{index}", word
