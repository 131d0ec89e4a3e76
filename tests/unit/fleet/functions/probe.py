"""Functions that tests call on hosts."""

import os
import subprocess
import sys
import time
from typing import Any

from warren.fleet.remote import shared  # type: ignore[attr-defined] # tests bring it

REQUIRES = ("shared",)


def double(arguments: "dict[str, Any]") -> "dict[str, Any]":
    return {"number": shared.double(arguments["number"])}


def echo(arguments: "dict[str, Any]") -> "dict[str, Any]":
    return dict(arguments, kind=type(arguments.get("data")).__name__)


def soil(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Leave behind whatever a process can leave behind."""
    umask = os.umask(0o777)
    before = {"here": os.listdir(), "mark": os.environ.get("SOILED"), "umask": umask}
    os.chdir("/proc/self/task")
    os.environ["SOILED"] = "yes"
    os.write(1, b"noise on standard output")
    os.write(2, b"noise on standard error")
    return before


def shout(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Write more to the standard streams than any buffer holds."""
    for stream in (sys.stdout, sys.stderr):
        stream.write("x" * (8 << 20))
        stream.flush()
    return {"done": True}


def fail(arguments: "dict[str, Any]") -> "dict[str, Any]":
    raise RuntimeError("the reason")


def vanish(arguments: "dict[str, Any]") -> "dict[str, Any]":
    os._exit(7)


def sleep(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Write the process id of a grandchild to a file, then sleep."""
    child = subprocess.Popen(["sleep", "61"])
    with open(arguments["file"], "w") as stream:
        stream.write(str(child.pid))
    time.sleep(arguments["seconds"])
    child.kill()
    child.wait()
    return {"slept": True}
