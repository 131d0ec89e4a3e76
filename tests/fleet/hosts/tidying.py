"""Emptying hosts without a reboot, where a running engine must stay, such as dockerd."""

from tests.fleet.hosts.fleet import FleetHosts

_TIDY = """
set -u
rm -f /disk/filler
if [ -s /var/lib/containers/storage/libpod/bolt_state.db ]; then
    podman pod rm --all --force --time 0 >/dev/null
    podman rm --all --force --time 0 >/dev/null
    podman volume prune --force >/dev/null
    podman network prune --force >/dev/null
fi
if [ -S /run/docker.sock ]; then
    docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
    docker volume ls --quiet | xargs --no-run-if-empty docker volume rm --force >/dev/null
    docker network prune --force >/dev/null
fi
rm -rf /run/warren
find /var/lib/warren -mindepth 1 -delete
"""


def tidy(fleet: FleetHosts, *names: str) -> None:
    """Remove all containers, pods, volumes and networks, and Warren's files, from hosts of `fleet`.

    Hosts that are frozen, cut off or powered off are brought back first. Other files stay as they are:
    `FleetHosts.reset` is thorough and hardly slower unless an engine must be started anew.
    """
    faults = fleet.faults
    for name in names or tuple(fleet.addresses):
        condition = faults.condition(name)
        if condition == "off":
            faults.boot(name)
        elif condition == "frozen":
            faults.thaw(name)
        faults.heal(name)
        fleet.exec(name, ["sh", "-c", _TIDY])
