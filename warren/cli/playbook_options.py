"""The options of ``warren-playbook``, under the names that Ansible's users type.

They are read with ``argparse``: it is part of Python and starts in a fraction of the time.
"""

import argparse
from collections.abc import Sequence

from warren import __version__


def parse_options(argv: Sequence[str]) -> argparse.Namespace:
    """Read the options; exits with 2 when they are wrong, with 0 after ``--help``."""
    return _parser().parse_args(argv)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="warren-playbook",
        description="Run playbooks on the hosts of an inventory.",
        allow_abbrev=False,
    )
    parser.add_argument("playbooks", nargs="+", metavar="PLAYBOOK")
    parser.add_argument("--version", action="version", version=f"warren-playbook {__version__}")
    _add_what(parser.add_argument_group("what to run"))
    _add_how(parser.add_argument_group("how to run it"))
    _add_listing(parser.add_argument_group("look without running"))
    _add_connection(parser.add_argument_group("connection"))
    _add_become(parser.add_argument_group("other users"))
    _add_manager(parser.add_argument_group("services"))
    return parser


def _add_what(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-i", "--inventory", "--inventory-file", action="append", default=[], dest="inventory",
        metavar="SOURCE", help="inventory file, directory, script, or host1,host2, (repeatable)",
    )  # fmt: skip
    group.add_argument("-l", "--limit", default="", metavar="PATTERN", help="only these hosts")
    group.add_argument(
        "-e", "--extra-vars", action="append", default=[], metavar="VARS",
        help="variables as name=value, YAML or JSON, or @FILE (repeatable)",
    )  # fmt: skip
    group.add_argument(
        "-t", "--tags", action="append", default=[], metavar="TAGS", help="only tasks so tagged"
    )
    group.add_argument(
        "--skip-tags", action="append", default=[], metavar="TAGS", help="no tasks so tagged"
    )
    group.add_argument("--start-at-task", default="", metavar="NAME", help="start at this task")
    group.add_argument("--step", action="store_true", help="ask before each task")


def _add_how(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-C", "--check", action="store_true", help="change nothing, say what would")
    group.add_argument("-D", "--diff", action="store_true", help="show how files change")
    group.add_argument("-f", "--forks", type=int, default=0, metavar="N", help="hosts at once")
    group.add_argument("--force-handlers", action="store_true", help="handlers also after failures")
    group.add_argument(
        "--flush-cache", action="store_true", help="accepted; facts are never cached"
    )
    group.add_argument(
        "--strict-conditions", action="store_true", help="a condition must be true or false"
    )
    group.add_argument("-v", "--verbose", action="count", default=0, help="more, repeatable")
    group.add_argument("--timing", action="store_true", help="list the slowest tasks at the end")
    group.add_argument(
        "--output", choices=("plain", "json"), default="plain",
        help="lines for people, or events as JSON, one a line",
    )  # fmt: skip


def _add_listing(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--list-hosts", action="store_true", help="list the hosts of each play")
    group.add_argument("--list-tasks", action="store_true", help="list the tasks")
    group.add_argument("--list-tags", action="store_true", help="list the tags")
    group.add_argument("--syntax-check", action="store_true", help="only read the playbooks")
    group.add_argument(
        "--explain-var", default="", metavar="NAME", help="say where a variable of a host is set"
    )


def _add_connection(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-u", "--user", default="", help="log in as")
    group.add_argument("-k", "--ask-pass", action="store_true", help="ask for its password")
    group.add_argument(
        "--private-key", "--key-file", default="", dest="private_key", metavar="FILE"
    )
    group.add_argument("-c", "--connection", default="", choices=("", "ssh", "smart", "local"))
    group.add_argument("-T", "--timeout", type=int, default=0, metavar="SECONDS", help="to connect")
    group.add_argument("--ssh-common-args", default="", metavar="ARGS")
    group.add_argument("--ssh-extra-args", default="", metavar="ARGS")


def _add_become(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-b", "--become", action="store_true", help="become another user")
    group.add_argument("--become-user", default="", metavar="USER", help="whom (root)")
    group.add_argument("--become-method", default="", metavar="METHOD", help="how (sudo)")
    group.add_argument("-K", "--ask-become-pass", action="store_true", help="ask for the password")


def _add_manager(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--manager", default="", metavar="ADDRESS", help="of running managers")
    group.add_argument("--state-dir", default="", metavar="DIR", help="of the manager in this run")
    group.add_argument(
        "--on-unreachable", choices=("move", "keep"), default="move",
        help="what becomes of instances on unreachable hosts",
    )  # fmt: skip
