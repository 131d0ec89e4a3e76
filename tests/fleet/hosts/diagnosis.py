"""What a host can tell about a failed test, gathered from outside so that it works in any condition."""

from tests.fleet.hosts.fleet import FleetHosts
from tests.fleet.hosts.shell import FleetError

_ENGINES = """
tell() {
    "$1" ps --all
    for id in $("$1" ps --all --quiet); do
        echo; echo "--- $1 logs $id"; "$1" logs --tail 40 "$id" 2>&1
    done
}
tell podman
if [ -S /run/docker.sock ]; then tell docker; tail -n 40 /var/log/dockerd.log; fi
"""
_JOURNAL_LINES = 80
_PATIENCE_SECONDS = 15


def diagnose(fleet: FleetHosts, name: str) -> str:
    """Return the host's condition, its journal (boot and sshd), containers and their logs."""
    try:
        engines = fleet.exec(
            name, ["sh", "-c", _ENGINES], joining=False, timeout_seconds=_PATIENCE_SECONDS
        )
    except FleetError as error:
        engines = str(error)
    journal = "\n".join(fleet.boot_log(name).splitlines()[-_JOURNAL_LINES:])
    condition = fleet.faults.condition(name)
    return f"{name} is {condition}\n--- journal\n{journal}\n--- engines\n{engines}"
