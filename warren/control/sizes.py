"""Changes of cpu and memory, which an engine makes in place.

The spec hash leaves sizes out, so a release that changes only them replaces nothing: the instances
keep their containers, the engine is told the new limits, and the record follows the release.
"""

from warren.model.container import Resources, Role
from warren.model.instance import Instance
from warren.model.service import Service, ServiceSpec


def release_spec(service: Service, instance: Instance) -> ServiceSpec | None:
    """The spec that an instance was or is to be made from; ``None`` if it is kept no more."""
    for release in reversed(service.releases):
        if release.number == instance.release:
            return release.spec
    return service.spec if instance.spec_hash == service.release.spec_hash else None


def resizes(service: Service, instance: Instance) -> tuple[tuple[str, Resources], ...]:
    """The containers of an instance whose limits differ from what its service wants now.

    Reservations concern the scheduler only, so a change of them alone resizes nothing.
    """
    kept = [release for release in service.releases if release.number == instance.release]
    old = {item.name: item.resources for item in kept[0].spec.containers} if kept else {}
    return tuple(
        (item.name, item.resources)
        for item in service.spec.containers
        if item.role is not Role.INIT
        and (item.name not in old or _limits(old[item.name]) != _limits(item.resources))
    )


def _limits(resources: Resources) -> tuple[float | None, int | None]:
    return resources.cpu_limit, resources.memory_limit_bytes
