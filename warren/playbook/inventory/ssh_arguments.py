"""The arguments of OpenSSH that inventories pass on: ``-o ProxyJump=bastion -p 2222``.

Warren does not start ``ssh``, so every argument has to be understood. What concerns only the
sharing of connections is dropped, because Warren always shares; anything else that is unknown is
refused, for a silently ignored ``ProxyCommand`` would connect to the wrong machine.
"""

import difflib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from warren.model.errors import InvalidInput, Place, Problem

_flags = {
    "-p": "port",
    "-l": "user",
    "-i": "identityfile",
    "-J": "proxyjump",
    "-F": "configfile",
}
_understood = {
    "connecttimeout": "ConnectTimeout",
    "globalknownhostsfile": "GlobalKnownHostsFile",
    "identityfile": "IdentityFile",
    "identitiesonly": "IdentitiesOnly",
    "port": "Port",
    "proxycommand": "ProxyCommand",
    "proxyjump": "ProxyJump",
    "serveralivecountmax": "ServerAliveCountMax",
    "serveraliveinterval": "ServerAliveInterval",
    "stricthostkeychecking": "StrictHostKeyChecking",
    "user": "User",
    "userknownhostsfile": "UserKnownHostsFile",
}
_needless = {  # one shared connection per host, never a prompt, quiet: Warren always does this
    "batchmode", "controlmaster", "controlpath", "controlpersist", "loglevel",
}  # fmt: skip
_needless_flags = frozenset("CTnqvxa")
_many = ("identityfile", "userknownhostsfile", "globalknownhostsfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOption:
    """One understood option.

    Attributes:
        name: lower case, as in ``ssh_config``; ``configfile`` for ``-F``.
        value: as written.
    """

    name: str
    value: str


def parse(text: str, *, field: str, place: Place | None = None) -> tuple[SshOption, ...]:
    """Read arguments of OpenSSH; as there, the first of an option given twice counts.

    Args:
        text: the arguments, quoted as for a shell.
        field: the variable that holds them, for errors.
        place: where it is set.

    Raises:
        InvalidInput: an argument is malformed, or Warren does not know it.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        rule = f"cannot be split into words: {str(error).lower()}"
        raise _refused(field, text, rule, place) from error
    options: dict[str, SshOption] = {}
    for name, value in _pairs(words, field, place):
        key = f"{name} {value}" if name in _many else name
        options.setdefault(key, SshOption(name=name, value=value))
    return tuple(options.values())


def _pairs(words: list[str], field: str, place: Place | None) -> Iterator[tuple[str, str]]:
    queue = iter(words)
    for word in queue:
        flag, rest = word[:2], word[2:]
        if flag == "-o" or flag in _flags:
            value = rest or next(queue, "")
            if not value:
                raise _refused(field, word, "needs a value after it", place)
            if flag == "-o":
                yield from _option(value, field, place)
            else:
                yield _flags[flag], value
        elif not (word.startswith("-") and len(word) > 1 and set(word[1:]) <= _needless_flags):
            rule = f"is not known; known are -o NAME=VALUE, {', '.join(_flags)}"
            raise _refused(field, word, rule, place)


def _option(text: str, field: str, place: Place | None) -> Iterator[tuple[str, str]]:
    name, equals, value = text.partition("=")
    if not equals:
        name, _, value = text.strip().partition(" ")
    name, value = name.strip().lower(), value.strip()
    if name in _needless:
        return
    if name not in _understood:
        near = difflib.get_close_matches(name, _understood, n=1)
        suggestion = _understood[near[0]] if near else ""
        rule = f"is not known; known are {', '.join(sorted(_understood.values()))}"
        raise _refused(field, f"-o {text}", rule, place, suggestion)
    if not value:
        raise _refused(field, f"-o {text}", "needs a value: -o NAME=VALUE", place)
    yield name, value


def _refused(
    field: str, value: str, rule: str, place: Place | None, suggestion: str = ""
) -> InvalidInput:
    return InvalidInput(
        [Problem(field=field, value=repr(value), rule=rule, suggestion=suggestion, place=place)]
    )
