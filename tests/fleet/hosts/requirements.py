"""What the machine must be able to do, found out by doing it."""

import os
import shutil
import subprocess

from tests.fleet.hosts.cgroups import hierarchies
from tests.fleet.hosts.shell import STANDARD_PATH, FleetError, environment

PACKAGES = {
    "busybox": "busybox-static",
    "conmon": "conmon",
    "crun": "crun",
    "ip": "iproute2",
    "iptables": "iptables",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "nft": "nftables",
    "nsenter": "util-linux",
    "podman": "podman",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "tini-static": "tini",
}
_PLUGINS = "containernetworking-plugins"

_PROBES = {
    "namespaces (net, mount, uts, ipc, cgroup, pid)": "true",
    "virtual Ethernet (veth)": "ip link add veth7 type veth peer name veth8",
    "bridges": "ip link add bridge7 type bridge",
    "nf_tables": "nft add table ip probe",
    "mounting tmpfs": "mount -t tmpfs tmpfs /tmp",
    "overlayfs": "mount -t tmpfs tmpfs /tmp && mkdir /tmp/u /tmp/w /tmp/m && "
    "mount -t overlay -o lowerdir=/etc,upperdir=/tmp/u,workdir=/tmp/w overlay /tmp/m",
    "loop devices with ext4": "mount -t tmpfs tmpfs /tmp && truncate -s 8M /tmp/d && "
    "mkfs.ext4 -q /tmp/d && mkdir /tmp/m && mount -o loop /tmp/d /tmp/m",
}


def lacking() -> list[str]:
    """Name what the machine lacks to run a fleet: root, programs with their package, kernel features."""
    if os.geteuid() != 0:
        return ["root (namespaces, mounts and cgroups need it)"]
    missing = [
        f"{program} (Debian package {package})"
        for program, package in PACKAGES.items()
        if not shutil.which(program, path=STANDARD_PATH)
    ]
    plugins = ("/usr/lib/cni/bridge", "/opt/cni/bin/bridge", "/usr/libexec/cni/bridge")
    if not any(map(os.path.exists, plugins)):
        missing.append(f"CNI plugins (Debian package {_PLUGINS})")
    if not missing:
        missing = [f"kernel: {name}" for name, probe in _PROBES.items() if not _works(probe)]
    try:
        hierarchies()
    except FleetError as error:
        missing.append(f"kernel: {error}")
    return missing


def _works(probe: str) -> bool:
    command = [
        "unshare",
        "-m",
        "-u",
        "-i",
        "-n",
        "-C",
        "-p",
        "-f",
        "--kill-child",
        "sh",
        "-ec",
        probe,
    ]
    result = subprocess.run(
        command, capture_output=True, check=False, timeout=30, env=environment()
    )
    return result.returncode == 0
