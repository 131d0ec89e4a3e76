"""From an engine's words to an error that says what to do next.

Engines give one status for nearly everything, so the words have to be read. What is not recognised is
permanent and shown as it is.
"""

import re
from dataclasses import dataclass
from typing import Literal

from warren.fleet.command import Result
from warren.model.errors import (
    CommandFailed,
    Conflict,
    NotFound,
    PermanentError,
    TransientError,
    Unsupported,
    WarrenError,
)
from warren.providers.contract import Step

WORDS_LINES_MAX = 4
WORDS_CHARACTERS_MAX = 800
Kind = Literal[
    "name", "port", "full", "image", "registry", "program", "engine", "missing", "source", "gone"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A kind of failure: the words it is recognised by, and what it means.

    Attributes:
        kind: a name for it.
        pattern: the words.
        family: the class of the error.
        message: what to say, with ``what``, ``node``, ``image``, ``engine`` and ``words``.
        hint: what to do about it.
    """

    kind: Kind
    pattern: re.Pattern[str]
    family: type[PermanentError] | type[TransientError]
    message: str
    hint: str = ""


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_SIGNS = (
    Sign(
        kind="full",
        pattern=_any("no space left on device", "disk quota exceeded"),
        family=PermanentError,
        message="{what}: the disk is full: {words}",
        hint="free some space on the node",
    ),
    Sign(
        kind="name",
        pattern=_any(r"name \S+ is already in use"),
        family=Conflict,
        message="{what}: a container that is not Warren's has its name: {words}",
        hint="remove or rename that container; Warren never touches it",
    ),
    Sign(
        kind="port",
        pattern=_any("address already in use", "port is already allocated"),
        family=Conflict,
        message="{what}: a host port is taken: {words}",
        hint="something else on the node listens there; free the port or choose another",
    ),
    Sign(
        kind="engine",
        pattern=_any("cannot connect to the docker daemon", "is the docker daemon running"),
        family=TransientError,
        message="{what}: {engine} does not answer: {words}",
        hint="see on the node why the engine is down",
    ),
    Sign(
        kind="image",
        pattern=_any(
            "manifest unknown",
            r"manifest for \S+ not found",
            "repository does not exist",
            "unable to find a name and tag match",
            "short-name .* did not resolve",
            "unauthorized",
            "access to the resource is denied",
            r"docker://localhost/|https?://localhost/v2/",
        ),
        family=NotFound,
        message="node {node}: image {image} is not there and cannot be pulled: {words}",
        hint="check the image's name and tag, and that the node may pull it",
    ),
    Sign(
        kind="registry",
        pattern=_any(
            "initializing source",
            "pinging container registry",
            r"error response from daemon: get \"https?://",
            "toomanyrequests",
        ),
        family=TransientError,
        message="node {node}: image {image} is not there and its registry fails: {words}",
    ),
    Sign(
        kind="program",
        pattern=_any(
            "executable file .*not found",
            r"exec: .*: (stat|no such file|permission denied)",
            "attempted to invoke a command that was not found",
            r"open executable: (permission denied|no such file)",
        ),
        family=PermanentError,
        message="{what}: image {image} cannot run the command: {words}",
        hint="check command and args against what the image holds",
    ),
    Sign(
        kind="source",
        pattern=_any(r"statfs .*: no such file or directory", "bind source path does not exist"),
        family=PermanentError,
        message="{what}: the source of a bind mount is not on the node: {words}",
    ),
    Sign(
        kind="gone",
        pattern=_any("no such container", "no container with name or id"),
        family=NotFound,
        message="{what}: its container is gone: {words}",
    ),
    Sign(
        kind="missing",
        pattern=_any(r"(sh|exec): .*: not found"),
        family=Unsupported,
        message="{what}: {engine} is not installed there: {words}",
        hint="prepare the node first (role warren.core.node)",
    ),
)
"""In order: what comes first wins. ``localhost`` is where images live that no registry has."""


def kind_of(result: Result) -> Kind | None:
    """What kind of failure an engine's words tell of; ``None`` if they are not recognised."""
    sign = _sign_of(result)
    return sign.kind if sign is not None else None


def error_of(engine: str, node: str, step: Step, result: Result, *, note: str = "") -> WarrenError:
    """The error that a failed command of a step means; ``note`` is what else was found out."""
    words = words_of(result.stderr) + (f"; {note}" if note else "")
    sign = _sign_of(result)
    if sign is None:
        return CommandFailed(
            host=node, command=f"{engine}: {step.title}", status=result.status, stderr_tail=words
        )
    message = sign.message.format(
        what=f"node {node}: cannot {step.title}",
        node=node,
        image=step.image,
        engine=engine,
        words=words,
    )
    return sign.family(message, hint=sign.hint)


def _sign_of(result: Result) -> Sign | None:
    words = result.stderr.decode(errors="replace")
    return next((sign for sign in _SIGNS if sign.pattern.search(words)), None)


def words_of(stderr: bytes) -> str:
    """What an engine says, without its progress, its warnings and its advice to read the manual."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
    telling = [line for line in lines if line and not _NOISE.match(line)] or lines
    return "\n".join(_PREFIX.sub("", line) for line in telling[-WORDS_LINES_MAX:])[
        :WORDS_CHARACTERS_MAX
    ]


_PREFIX = re.compile(r"^(docker: )?(Error response from daemon: |Error: )?")
_NOISE = re.compile(
    r"time=\"[^\"]*\" level=(warning|info|error)|Run 'docker |See 'docker |Trying to pull |"
    r"Unable to find image |Getting image source|Copying (blob|config)|Writing manifest|Flag --"
)
