"""Run the host's own programs: no terminal, no questions, messages in one language."""

import os
import shutil
import subprocess
from typing import Any

from warren.fleet.remote import answers

REQUIRES = ("answers",)


def find(name: str) -> "str | None":
    """The path of a program, looked for in the administrator's directories, too."""
    places = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    return shutil.which(name, path=places)


def run(
    argv: "list[str]", environment: "dict[str, str] | None" = None, stdin: bytes = b""
) -> "tuple[int, str, str]":
    """Run a program to its end: status, standard output, standard error."""
    program = find(argv[0])
    if program is None:
        raise answers.Failure("this host has no program %s" % argv[0])
    variables = dict(os.environ, LC_ALL="C", LANGUAGE="C", DEBIAN_FRONTEND="noninteractive")
    variables.update(environment or {})
    done = subprocess.run(
        [program, *argv[1:]],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables,
        check=False,
    )
    return done.returncode, answers.text_of(done.stdout), answers.text_of(done.stderr)


def must(
    argv: "list[str]", environment: "dict[str, str] | None" = None, stdin: bytes = b""
) -> "dict[str, Any]":
    """Run a program that has to succeed; its result, or a failure with its last words."""
    status, out, err = run(argv, environment, stdin)
    answer = {"rc": status, "stdout": out, "stderr": err, "cmd": argv}
    if status != 0:
        words = (err.strip() or out.strip()).splitlines()[-5:]
        raise answers.Failure(
            "`%s` ended with status %d: %s" % (" ".join(argv), status, "\n".join(words)), **answer
        )
    return answer
