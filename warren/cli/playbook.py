"""``warren-playbook``: run playbooks.

It answers ``--version`` before anything is imported; what a run needs is imported when its options
are known to be right.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

from warren import __version__


def main(argv: Sequence[str] | None = None, *, open_manager: Any = None) -> None:
    """Run ``warren-playbook`` and exit with Ansible's codes.

    Args:
        argv: the arguments; by default the process's.
        open_manager: opens a manager for tasks about services (``run.manager.OpenManager``).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        sys.stdout.write(f"warren-playbook {__version__}\n")
        return
    # Looking for plugins of pydantic reads the metadata of every package installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from warren.cli.playbook_options import parse_options  # noqa: PLC0415 - not for --version

    options = parse_options(arguments)
    from warren.cli.playbook_run import run  # noqa: PLC0415 - not for --help

    sys.exit(run(options, open_manager=open_manager))


if __name__ == "__main__":
    main()
