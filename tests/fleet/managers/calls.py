"""Calling the API of managers with certificates that their owner had made."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fleet.managers.managers import Managers
from tests.fleet.raft.members import ROOT


def call(
    managers: Managers, at: int, pem: Path, name: str, request: object = None
) -> dict[str, Any]:
    """The answer; an error as ``{"error": "CODE: message"}``."""
    address = f"{managers.address(at)}:8080"
    argv = [sys.executable, "-m", "tests.fleet.managers.caller", address, str(pem), name]
    with managers.grounds.at():
        done = subprocess.run(
            argv, input=json.dumps(request or {}), capture_output=True, text=True, cwd=ROOT,
            check=False, timeout=60,
        )  # fmt: skip
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def certified(managers: Managers, folder: Path, role: str, at: int = 1) -> Path:
    pem = folder / f"{role}.pem"
    managers.command(at, "certify", "ann", "--role", role, "--out", str(pem))
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    return pem
