"""``warren``: answers ``--version`` at once, else runs the application and reports its errors."""

import sys

from warren import __version__

_INTERRUPTED = 130


def main() -> None:
    """Run ``warren`` with the process's arguments."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"warren {__version__}\n")
        return
    try:
        from warren.cli.application import app  # noqa: PLC0415 - heavy, and not needed for --version
        from warren.cli.exits import guarded  # noqa: PLC0415

        sys.exit(guarded(app))
    except KeyboardInterrupt:  # while importing; `guarded` deals with later ones
        sys.exit(_INTERRUPTED)
