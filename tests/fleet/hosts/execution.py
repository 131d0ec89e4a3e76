"""Running a command inside a host without its network or sshd: for preparation and for diagnosis."""

import subprocess
from collections.abc import Sequence

from tests.fleet.hosts import power
from tests.fleet.hosts.roster import Place
from tests.fleet.hosts.shell import STANDARD_PATH, FleetError

_JOIN = 'for group in $JOIN; do echo $$ >"$group/cgroup.procs"; done; unset JOIN; exec "$@"'


def host_argv(place: Place, name: str, argv: Sequence[str], *, joining: bool = True) -> list[str]:
    """Return the command that runs `argv` as root in host `name`.

    `joining` puts it into the host's cgroups, so that what it starts belongs to the host: then it
    also hangs while the host is frozen. Without, it can look at a frozen host.

    Raises:
        FleetError: the host is off.
    """
    pid = power.first_process(place, name)
    if not pid:
        raise FleetError(f"{name} is off: nothing can run there")
    groups = place.host_group(name).entrances() if joining else []
    return [
        *("env", "-i", f"PATH={STANDARD_PATH}", "HOME=/root", "LANG=C.UTF-8"),
        f"JOIN={' '.join(map(str, groups))}",
        *("sh", "-euc", _JOIN, "sh"),
        *("nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-C"),
        *argv,
    ]


def execute(
    place: Place,
    name: str,
    argv: Sequence[str],
    *,
    text: str = "",
    joining: bool = True,
    timeout_seconds: float = 60,
) -> str:
    """Run `argv` in host `name` with `text` on standard input; return its standard output.

    Raises:
        FleetError: the host is off, the command failed, or it took longer than `timeout_seconds`.
    """
    try:
        result = subprocess.run(
            host_argv(place, name, argv, joining=joining),
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FleetError(f"{name}: `{argv[0]}` took longer than {timeout_seconds:g} s") from None
    if result.returncode:
        last = "\n".join((result.stderr or result.stdout).splitlines()[-10:])
        raise FleetError(f"{name}: `{' '.join(argv)}` exited with {result.returncode}: {last}")
    return result.stdout
