"""Starting a program as another user.

The password, if one is needed, is given only when the method asks for it with our own prompt, on
standard error, so that it can never reach the program's input instead.
"""

import asyncio
import shlex

from warren.fleet.command import Become
from warren.fleet.process import Process, Start
from warren.model.errors import Denied, HostUnreachable, Unsupported

PROMPT = "warren-become-password:"
READY = "warren-became"
_SECONDS = 20.0


def command_line(become: Become, line: str) -> str:
    """The shell command line that runs ``line`` as the other user.

    Raises:
        Unsupported: the method is not known, or cannot take a password without a terminal.
    """
    inner = shlex.quote(f"printf '{READY}\\n' >&2; {line}")
    flags = " ".join(shlex.quote(flag) for flag in become.flags)
    user = shlex.quote(become.user)
    if become.method == "sudo":
        asking = f"-S -p {PROMPT}" if become.password else "-n"
        return f"sudo {asking} {flags} -u {user} -- /bin/sh -c {inner}"
    if become.password is not None:
        raise Unsupported(f"become_method {become.method!r} takes no password here; use sudo")
    if become.method == "su":
        return f"su {flags} -s /bin/sh -c {inner} -- {user}"
    if become.method == "doas":
        return f"doas -n {flags} -u {user} /bin/sh -c {inner}"
    raise Unsupported(f"become_method {become.method!r} is not known", hint="use sudo, su or doas")


async def start(host: str, begin: Start, line: str, become: Become | None) -> Process:
    """Start ``line``, as another user if asked, past the password prompt.

    Raises:
        Denied: the method refuses, or the password is wrong.
    """
    if become is None:
        return await begin(line)
    process = await begin(command_line(become, line))
    passed = False
    try:
        async with asyncio.timeout(_SECONDS):
            await _pass(host, process, become)
        passed = True
    except TimeoutError as error:
        raise HostUnreachable(host, f"{become.method} does not answer") from error
    finally:
        if not passed:
            await process.close()
    return process


async def _pass(host: str, process: Process, become: Become) -> None:
    """Read what the method says until the program starts; give the password once, when asked."""
    said, answered = b"", False
    while f"{READY}\n".encode() not in said:
        chunk = await process.stderr.read(1 << 12)
        said += chunk
        asked = said.count(PROMPT.encode())
        if not chunk or asked > 1:
            why = said.decode(errors="replace").replace(PROMPT, "").strip()
            wrong = "the password is wrong" if asked > 1 else why or "it ended"
            raise Denied(
                f"host {host}: cannot become {become.user} by {become.method}: {wrong}",
                hint="check become_user, become_password and the host's sudoers",
            )
        if asked and not answered and become.password is not None:
            answered = True
            await process.write(become.password.reveal() + b"\n")
