"""The fleet's commands; the package's documentation lists them."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fleet.hosts import images
from tests.fleet.hosts.docker import start_docker
from tests.fleet.hosts.execution import host_argv
from tests.fleet.hosts.fleet import FleetHosts, require_fleet
from tests.fleet.hosts.requirements import lacking
from tests.fleet.hosts.roster import ROOT
from tests.fleet.hosts.shell import FleetError


def _up(fleet: FleetHosts, arguments: argparse.Namespace) -> None:
    if missing := lacking():
        raise FleetError(f"this machine lacks {'; '.join(missing)}")
    fleet.up(arguments.count, without_python=arguments.no_python)
    if arguments.inventory:
        arguments.inventory.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fleet.place.inventory, arguments.inventory)
    _status(fleet, arguments)


def _down(fleet: FleetHosts, _: argparse.Namespace) -> None:
    fleet.down()


def _status(fleet: FleetHosts, _: argparse.Namespace) -> None:
    require_fleet(fleet)
    faults = fleet.faults
    for machine in fleet.machines:
        sys.stdout.write(f"{machine.name}\t{machine.address}\t{faults.condition(machine.name)}\n")
    sys.stdout.write(f"inventory\t{fleet.place.inventory}\n")


def _reset(fleet: FleetHosts, arguments: argparse.Namespace) -> None:
    require_fleet(fleet)
    for name in arguments.host:
        fleet.faults.condition(name)
    fleet.reset(*arguments.host)


def _fault(fleet: FleetHosts, arguments: argparse.Namespace) -> None:
    require_fleet(fleet)
    for name in arguments.host:
        _faults(fleet)[arguments.fault](name)


def _docker(fleet: FleetHosts, arguments: argparse.Namespace) -> None:
    require_fleet(fleet)
    for name in arguments.host:
        start_docker(fleet, name)


def _exec(fleet: FleetHosts, arguments: argparse.Namespace) -> None:
    require_fleet(fleet)
    fleet.faults.condition(arguments.host)
    _become(host_argv(fleet.place, arguments.host, arguments.command))


def _run(fleet: FleetHosts, arguments: argparse.Namespace) -> None:
    require_fleet(fleet)
    argv = list(arguments.command)
    if argv[:1] in (["ssh"], ["scp"], ["sftp"]):
        argv[1:1] = ["-F", str(fleet.place.state / "ssh_config")]
    _become(fleet.controller_argv(argv))


def _images(_: FleetHosts, arguments: argparse.Namespace) -> None:
    if arguments.drop:
        images.drop()
    else:
        sys.stdout.write(f"{images.ensure_images()}\n")
        for image in images.IMAGES:
            sys.stdout.write(f"{image.reference}\n")


def _become(argv: list[str]) -> None:
    sys.stdout.flush()
    os.execvp(argv[0], argv)


def _faults(fleet: FleetHosts) -> dict[str, Callable[[str], None]]:
    faults = fleet.faults
    return {
        "poweroff": faults.power_off,
        "boot": faults.boot,
        "freeze": faults.freeze,
        "thaw": faults.thaw,
        "cut": faults.cut,
        "heal": faults.heal,
        "fill-disk": faults.fill_disk,
        "free-disk": faults.free_disk,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet.hosts", description=__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--state", type=Path, default=ROOT / "default", help="one per fleet")
    shared.add_argument("--prefix", default="host", help="hosts are called PREFIX1, PREFIX2, …")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(
        name: str, action: Callable[[FleetHosts, argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, parents=[shared], help=text)
        added.set_defaults(action=action)
        return added

    up = verb("up", _up, "leave exactly COUNT hosts, all on")
    up.add_argument("count", type=int)
    up.add_argument("--inventory", type=Path, help="also write the inventory there")
    up.add_argument("--no-python", action="append", default=[], metavar="NAME")
    verb("down", _down, "remove the fleet and everything it left")
    verb("status", _status, "list the hosts and their condition")
    verb("reset", _reset, "new disks, fresh boot").add_argument("host", nargs="*")
    fault = verb("fault", _fault, "make something go wrong, or right again")
    fault.add_argument("fault", choices=sorted(_faults(FleetHosts())))
    fault.add_argument("host", nargs="+")
    verb("docker", _docker, "start dockerd with the images").add_argument("host", nargs="+")
    inside = verb("exec", _exec, "run a command inside a host")
    inside.add_argument("host")
    inside.add_argument("command", nargs=argparse.REMAINDER)
    controller = verb("run", _run, "run a controller's command inside the hub")
    controller.add_argument("command", nargs=argparse.REMAINDER)
    verb("images", _images, "build the images").add_argument("--drop", action="store_true")
    return parser


def main() -> int:
    """Run one command; return its exit status."""
    arguments = _parser().parse_args()
    try:
        arguments.action(FleetHosts(arguments.state, prefix=arguments.prefix), arguments)
    except FleetError as error:
        sys.stderr.write(f"fleet: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
