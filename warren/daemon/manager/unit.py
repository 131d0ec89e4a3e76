"""The systemd unit of a manager, as ``warren manager run --print-unit`` prints it."""

from pathlib import Path

REMOVED_CODE = 8
"""The exit code of a manager that was removed: to start it again is of no use."""
STOP_SECONDS = 20


def unit_text(program: Path, directory: Path) -> str:
    """The unit that runs the manager of a data directory.

    Args:
        program: the ``warren`` that is to run it.
        directory: the data directory.
    """
    return f"""\
[Unit]
Description=Warren manager
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={_quoted(program)} manager run --data-dir {_quoted(directory)}
Restart=on-failure
RestartSec=2
RestartPreventExitStatus={REMOVED_CODE}
TimeoutStopSec={STOP_SECONDS}
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=true
ProtectSystem=full

[Install]
WantedBy=multi-user.target
"""


def _quoted(path: Path) -> str:
    """A path as systemd reads it: quoted, ``%`` and ``$`` doubled (systemd.service(5))."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("%", "%%").replace("$", "$$") + '"'
