"""The labels on every container: enough to find it, to judge it, and to rebuild the record from it."""

import base64
import json
import zlib

from warren.model.container import ContainerSpec
from warren.model.instance import Instance
from warren.model.resource import RESERVED_PREFIX
from warren.model.service import ServiceSpec
from warren.model.validation import parse

CLUSTER = RESERVED_PREFIX + "cluster"
SERVICE = RESERVED_PREFIX + "service"
SERVICE_ID = RESERVED_PREFIX + "service-id"
INSTANCE = RESERVED_PREFIX + "instance"
SLOT = RESERVED_PREFIX + "slot"
RELEASE = RESERVED_PREFIX + "release"
SPEC_HASH = RESERVED_PREFIX + "spec-hash"
CONTAINER = RESERVED_PREFIX + "container"
ROLE = RESERVED_PREFIX + "role"
TENANT = RESERVED_PREFIX + "tenant"
PORTS = RESERVED_PREFIX + "ports"
"""Names of ports: JSON of ``{"80/tcp": "http"}``; only if some have one."""
HEALTH_CHECK = RESERVED_PREFIX + "health-check"
"""The container's check as JSON; only if it has one. Whoever lists the container can probe it."""
SPEC = RESERVED_PREFIX + "spec"
"""The service's spec, so that desired state can be rebuilt from containers alone."""

PLAIN_CHARACTERS_MAX = 1024
_PACKED = "z:"


def of_container(
    instance: Instance, spec: ServiceSpec, container: ContainerSpec, *, cluster: str
) -> dict[str, str]:
    """All labels of one engine container, the user's first."""
    named = {
        f"{port.container_port}/{port.protocol}": port.name for port in container.ports if port.name
    }
    labels = {
        **spec.labels,
        CLUSTER: cluster,
        SERVICE: instance.service,
        SERVICE_ID: instance.service_id,
        INSTANCE: instance.id,
        SLOT: str(instance.slot),
        RELEASE: str(instance.release),
        SPEC_HASH: instance.spec_hash,
        CONTAINER: container.name,
        ROLE: container.role.value,
        TENANT: instance.tenant,
        RESERVED_PREFIX + "deployment.version": str(instance.release),
        RESERVED_PREFIX + "deployment.state": "active",
        RESERVED_PREFIX + "deployment.strategy": spec.update.strategy.value,
        RESERVED_PREFIX + "deployment.original-service": spec.name,
    }
    if named:
        labels[PORTS] = _compact(named)
    if container.health_check is not None:
        labels[HEALTH_CHECK] = _compact(container.health_check.model_dump(mode="json"))
    labels[SPEC] = pack(spec)
    return labels


def of_volume(instance: Instance, name: str, *, cluster: str) -> dict[str, str]:
    """The labels of a named volume that did not exist before."""
    return {
        CLUSTER: cluster,
        TENANT: instance.tenant,
        RESERVED_PREFIX + "volume": name,
        SERVICE: instance.service,
    }


def pack(spec: ServiceSpec) -> str:
    """A spec as the text of a label: JSON of what differs from the defaults, compressed if long."""
    plain = _compact(spec.model_dump(mode="json", exclude_defaults=True))
    if len(plain) <= PLAIN_CHARACTERS_MAX:
        return plain
    return _PACKED + base64.b64encode(zlib.compress(plain.encode(), 9)).decode()


def unpack(label: str) -> ServiceSpec:
    """The spec that ``pack`` made a label of.

    Raises:
        InvalidInput: the label describes no valid service (another version of Warren wrote it).
        ValueError: the label is damaged.
    """
    if label.startswith(_PACKED):
        try:
            label = zlib.decompress(base64.b64decode(label.removeprefix(_PACKED))).decode()
        except zlib.error as error:
            raise ValueError("the label is damaged") from error
    return parse(ServiceSpec, json.loads(label))


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
