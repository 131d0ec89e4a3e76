"""What a cluster of services records: the same documents on both sides."""

from datetime import UTC, datetime

from warren.model.instance import Instance
from warren.model.service import Release, Service, ServiceSpec, spec_hash

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def service(number: int) -> Service:
    """A service as it is recorded when it was deployed once."""
    spec = ServiceSpec.model_validate(
        {
            "name": f"s{number}", "image": "registry.example.org/shop/web:1.4.2", "replicas": 3,
            "env": {"LOG_LEVEL": "info", "SHARD": str(number)},
            "ports": [{"container_port": 8080}],
            "labels": {"team": f"t{number % 20}"},
            "resources": {"cpu_reservation": 0.1, "memory_reservation_bytes": "64MiB"},
            "placement": {"spread": ["node.label.zone"]},
        }
    )  # fmt: skip
    release = Release(number=1, spec=spec, spec_hash=spec_hash(spec), created_at=NOW)
    return Service(
        id=f"svc_{number:032x}", name=spec.name, created_at=NOW, updated_at=NOW, spec=spec,
        releases=(release,),
    )  # fmt: skip


def instance(number: int) -> Instance:
    """An instance as it is recorded when it is first asked for."""
    return Instance(
        id=f"ins_{number:032x}", name=f"web-{number}", created_at=NOW, updated_at=NOW,
        service_id=f"svc_{number // 10:032x}", service="web", slot=number % 10 + 1, release=1,
        spec_hash="0123456789abcdef", node=f"node-{number % 500}",
    )  # fmt: skip
