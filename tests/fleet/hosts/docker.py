"""A real Docker engine on a host, with the fleet's images loaded."""

import json
import shutil

from tests.fleet.hosts.fleet import FleetHosts
from tests.fleet.hosts.images import CHANGES, IMAGES
from tests.fleet.hosts.shell import STANDARD_PATH, FleetError, wait_until

SOCKET = "/run/docker.sock"
_START_SECONDS = 60.0

# Without the variable a pull that cannot succeed adds most of a minute to every start by digest.
_START = """
mkdir -p /var/log
DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1 setsid dockerd --oom-score-adjust 0 \
    --default-ulimit nofile=1024:20000 --exec-opt native.cgroupdriver=cgroupfs \
    --storage-driver overlay2 -H unix:///run/docker.sock </dev/null >>/var/log/dockerd.log 2>&1 &
"""
_STOP = """
pid=$(cat /run/docker.pid 2>/dev/null) || exit 0
kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
rm -f /run/docker.pid
"""
_LOG = ["tail", "-n", "20", "/var/log/dockerd.log"]


def start_docker(fleet: FleetHosts, name: str) -> None:
    """Start dockerd on host `name`, wait until it answers, and import the fleet's images.

    Harmless when it runs. It ends with the host; after a boot call this again (images are kept).

    Raises:
        FleetError: the machine has no dockerd, or it did not answer in time; the message ends with
            its log.
    """
    if not shutil.which("dockerd", path=STANDARD_PATH):
        raise FleetError("this machine has no dockerd (Debian package docker.io)")
    if not _answers(fleet, name):
        fleet.exec(name, ["sh", "-c", _START])
        try:
            wait_until(
                lambda: _answers(fleet, name),
                what=f"dockerd on {name}",
                timeout_seconds=_START_SECONDS,
            )
        except FleetError as error:
            raise FleetError(f"{error}; its log ends:\n{fleet.exec(name, _LOG)}") from error
    present = fleet.exec(name, ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"])
    changes = [word for change in CHANGES for word in ("--change", change)]
    for image in IMAGES:
        if image.reference not in present.split():
            archive = f"/usr/share/fleet-images/archives/{image.archive}"
            fleet.exec(name, ["docker", "import", *changes, archive, image.reference])


def stop_docker(fleet: FleetHosts, name: str) -> None:
    """Stop dockerd on host `name` in order, with its containers; harmless when it does not run."""
    fleet.exec(name, ["sh", "-c", _STOP])


def _answers(fleet: FleetHosts, name: str) -> bool:
    try:
        shown = fleet.exec(name, ["docker", "version", "--format", "{{json .Server}}"])
    except FleetError:
        return False
    return bool(json.loads(shown))
