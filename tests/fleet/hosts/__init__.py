"""A fleet of real hosts on one Linux machine, for tests, demonstrations and benchmarks.

The problem: an orchestrator is only proven on machines that boot, hang, lose power and fill their
disks, and nobody has twenty of those on a desk. The idea: everything `ssh host2 podman run …` can
tell apart from a separate machine is a namespace, a mount or a cgroup, so give each host its own:
network (a veth to a bridge inside a hub namespace; the machine's own network is untouched), PID 1
(tini running a real sshd), root (an overlay in memory), cgroups, and a disk (a sparse ext4 image).

On the command line, as root, with nothing installed but Debian packages (`lacking()` names them):

    python -m tests.fleet.hosts up 3 [--state DIR] [--prefix host] [--inventory FILE] [--no-python NAME]
    python -m tests.fleet.hosts run ssh host1 podman ps      # a controller's command, inside the hub
    python -m tests.fleet.hosts exec host1 podman ps -a      # inside the host, without SSH
    python -m tests.fleet.hosts fault poweroff host2         # boot freeze thaw cut heal fill-disk free-disk
    python -m tests.fleet.hosts status | docker host1 | reset [HOST…] | images | down

`up N` leaves exactly N hosts; every command may be repeated. The state directory then holds
`inventory.ini`, `ssh_config`, `known_hosts`, `id_ed25519` and per host `hosts/NAME/boot.log` (boot
messages and sshd's log). Addresses are 10.77.0.11 for host1 and so on; the hub is 10.77.0.1. They
exist only inside the hub, so any number of fleets (one per state directory) coexist.

In Python:

    fleet = FleetHosts(Path("/var/lib/warren-fleet/mine"), owned=True)   # swept if this process dies
    fleet.up(3)
    with fleet.enter():                    # this thread (and processes and threads it starts) now
        asyncio.run(talk_to("10.77.0.11"))  # sees the fleet's network
    fleet.exec("host1", ["podman", "ps"])
    fleet.faults.power_off("host2")
    fleet.down()

What a host has: `podman` (crun, CNI) with the images of `images.py`, `dockerd` on request
(`start_docker`), `python3` unless it was created without, and a 2 GiB disk (seen at /disk) that holds
/var/lib/containers, /var/lib/docker and /var/lib/warren. The disk survives power loss and reboot;
everything else (/etc, /root, /run, /tmp) is as new after a boot; `reset` gives a new disk as well.
What differs from a machine: page cache survives a power loss, and there is no way out of the hub.
"""

from tests.fleet.hosts.diagnosis import diagnose
from tests.fleet.hosts.docker import start_docker, stop_docker
from tests.fleet.hosts.faults import Faults
from tests.fleet.hosts.fleet import FleetHosts, sweep
from tests.fleet.hosts.images import IMAGES
from tests.fleet.hosts.leftovers import leftovers
from tests.fleet.hosts.requirements import lacking
from tests.fleet.hosts.roster import Machine
from tests.fleet.hosts.shell import FleetError
from tests.fleet.hosts.tidying import tidy

__all__ = [
    "IMAGES",
    "Faults",
    "FleetError",
    "FleetHosts",
    "Machine",
    "diagnose",
    "lacking",
    "leftovers",
    "start_docker",
    "stop_docker",
    "sweep",
    "tidy",
]
