"""Changes of cpu and memory, which an engine makes in place.

The spec hash leaves sizes out, so a release that changes only them replaces nothing: the instances
keep their containers, the engine is told the new limits, and the record follows the release.
"""

from warren.model.container import Resources, Role
from warren.model.instance import Instance
from warren.model.observed import ObservedInstance
from warren.model.service import Service, ServiceSpec


def release_spec(service: Service, instance: Instance) -> ServiceSpec | None:
    """The spec that an instance was or is to be made from; ``None`` if it is kept no more."""
    for release in reversed(service.releases):
        if release.number == instance.release:
            return release.spec
    return service.spec if instance.spec_hash == service.release.spec_hash else None


def resizes(service: Service, instance: Instance) -> tuple[tuple[str, Resources], ...]:
    """The containers of an instance whose sizes differ from what its service wants now.

    Reservations count: engines weigh containers by them, and spare those within them.
    """
    kept = [release for release in service.releases if release.number == instance.release]
    old = {item.name: item.resources for item in kept[0].spec.containers} if kept else {}
    return tuple(
        (item.name, item.resources)
        for item in service.spec.containers
        if item.role is not Role.INIT
        and (item.name not in old or _sizes(old[item.name]) != _sizes(item.resources))
    )


def lost_sizes(
    service: Service, instance: Instance, seen: ObservedInstance
) -> tuple[tuple[str, str, Resources], ...]:
    """Running containers that have the limits of an earlier release again: engine ids and sizes.

    Podman forgets at a restart of the container what it was told while it ran. Limits that no release
    ever wanted are left alone: an engine may round, or be unable to tell.

    Returns:
        Name, engine id and wanted sizes of each.
    """
    earlier: dict[str, set[tuple[float | None, int | None]]] = {}
    for release in service.releases:
        if release.spec_hash == instance.spec_hash:
            for item in release.spec.containers:
                earlier.setdefault(item.name, set()).add(_limits(item.resources))
    wanted = {item.name: item.resources for item in service.spec.containers}
    return tuple(
        (container.name, container.engine_id, wanted[container.name])
        for container in seen.containers
        if container.state == "running" and container.name in wanted
        for now in ((container.cpu_limit, container.memory_limit_bytes),)
        if now != _limits(wanted[container.name]) and now in earlier.get(container.name, ())
    )


def _limits(resources: Resources) -> tuple[float | None, int | None]:
    return resources.cpu_limit, resources.memory_limit_bytes


def _sizes(resources: Resources) -> tuple[float | None, int | None, float, int]:
    return (
        resources.cpu_limit,
        resources.memory_limit_bytes,
        resources.cpu_reservation,
        resources.memory_reservation_bytes,
    )
