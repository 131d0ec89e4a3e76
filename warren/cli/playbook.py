"""``warren-playbook``: run playbooks.

It answers ``--version`` before anything is imported; what a run needs is imported when its options
are known to be right.
"""

import gc
import os
import sys
from collections.abc import Sequence
from typing import Any

from warren import __version__

_INTERRUPTED = 99


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
    from warren.cli.playbook_options import parse_options  # noqa: PLC0415 - not for --version

    options = parse_options(arguments)
    # Looking for plugins of pydantic reads the metadata of every package installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        gc.disable()  # what is imported stays: looking for garbage among it is a tenth of the start
        from warren.cli.playbook_run import run  # noqa: PLC0415 - not for --help

        gc.freeze()
        gc.enable()
        sys.exit(run(options, open_manager=open_manager or _open_manager))
    except KeyboardInterrupt:  # while importing; `run` deals with later ones
        sys.stderr.write("[ERROR]: interrupted\n")
        sys.exit(_INTERRUPTED)


def _open_manager(request: Any) -> Any:
    from warren.daemon.session import open_for_run  # noqa: PLC0415 - only for tasks about services

    return open_for_run(request)


if __name__ == "__main__":
    main()
