"""``slurp``, ``fetch``, ``find`` and ``tempfile``: files of hosts, for later tasks or for us."""

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, Flag, Text, Texts
from warren.playbook.modules.contract import Call, Module, ModuleResult
from warren.playbook.modules.outcomes import answering, failed, on_host

piece_bytes = 4 << 20
slurped_bytes_max = 64 << 20


class SlurpArguments(Arguments):
    """Arguments of ``slurp``."""

    ALIASES: ClassVar[Mapping[str, str]] = {"path": "src"}

    src: Text


class FetchArguments(Arguments):
    """Arguments of ``fetch``: a file of the host, to below ``dest`` on the controller."""

    src: Text
    dest: Text
    flat: Flag = False
    fail_on_missing: Flag = True
    validate_checksum: Flag = True


class FindArguments(Arguments):
    """Arguments of ``find``."""

    ALIASES: ClassVar[Mapping[str, str]] = {
        "path": "paths", "name": "paths", "pattern": "patterns", "exclude": "excludes",
    }  # fmt: skip

    paths: Texts
    patterns: Texts = ()
    excludes: Texts = ()
    contains: Text | None = None
    read_whole_file: Flag = False
    file_type: Literal["any", "directory", "file", "link"] = "file"
    recurse: Flag = False
    depth: int | None = None
    hidden: Flag = False
    follow: Flag = False
    use_regex: Flag = False
    age: Text | None = None
    age_stamp: Literal["atime", "ctime", "mtime"] = "mtime"
    size: Text | None = None
    get_checksum: Flag = False
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] = "sha1"


class TempfileArguments(Arguments):
    """Arguments of ``tempfile``."""

    state: Literal["file", "directory"] = "file"
    path: Text | None = None
    prefix: Text = "ansible."
    suffix: Text = ""


async def _run_slurp(call: Call) -> ModuleResult:
    arguments = parse(SlurpArguments, dict(call.arguments))
    sent = {"src": arguments.src, "limit": slurped_bytes_max}
    answer = await on_host(call, "slurp.run", sent)
    if answer.get("failed"):
        return answer
    if answer["size"] > slurped_bytes_max:
        return failed(f"{arguments.src} is too large to be kept in a variable; use fetch")
    return {
        "changed": False,
        "source": answer["source"],
        "encoding": "base64",
        "content": base64.b64encode(answer["data"]).decode(),
    }


async def _run_fetch(call: Call) -> ModuleResult:
    arguments = parse(FetchArguments, dict(call.arguments))
    target = _target(arguments, call.host_name)
    known = _checksum(target)
    sent = {"src": arguments.src, "limit": piece_bytes, "known": known}
    first = await on_host(call, "slurp.run", sent)
    if first.get("failed"):
        if first.get("missing") and not arguments.fail_on_missing:
            return {"changed": False, "msg": f"{first['msg']}, ignored", "file": arguments.src}
        return first
    answer: ModuleResult = {
        "changed": known is None or known != first["checksum"],
        "dest": str(target),
        "file": arguments.src,
        "checksum": first["checksum"],
        "remote_checksum": first["checksum"],
    }
    if not answer["changed"] or call.check:
        return answer
    return await _receive(call, arguments, target, first, answer)


def _target(arguments: FetchArguments, host_name: str) -> Path:
    dest = Path(arguments.dest).expanduser()
    name = Path(arguments.src).name
    if not arguments.flat:
        return dest / host_name / arguments.src.lstrip("/")
    return dest / name if arguments.dest.endswith("/") else dest


def _checksum(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha1").hexdigest()


async def _receive(
    call: Call, arguments: FetchArguments, target: Path, first: ModuleResult, answer: ModuleResult
) -> ModuleResult:
    """Write the pieces beside the target, and put them in its place once complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha1(usedforsecurity=False)
    descriptor, temporary = tempfile.mkstemp(prefix=".warren-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            piece, offset = first["data"], 0
            while piece:
                stream.write(piece)
                digest.update(piece)
                offset += len(piece)
                if len(piece) < piece_bytes:
                    break
                sent = {"src": arguments.src, "limit": piece_bytes, "offset": offset}
                answered = await on_host(call, "slurp.run", sent)
                if answered.get("failed"):
                    return answered
                piece = answered["data"]
        if arguments.validate_checksum and digest.hexdigest() != first["checksum"]:
            return failed(f"{arguments.src} changed while it was fetched", dest=str(target))
        os.replace(temporary, target)  # noqa: PTH105 - a rename that blocks for no time
    finally:
        _remove(temporary)
    return {**answer, "checksum": digest.hexdigest()}


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


async def _run_find(call: Call) -> ModuleResult:
    arguments = parse(FindArguments, dict(call.arguments))
    fields: dict[str, Any] = arguments.model_dump()
    lists = {name: list(fields[name]) for name in ("paths", "patterns", "excludes")}
    return await on_host(call, "find.run", {**fields, **lists})


async def _run_tempfile(call: Call) -> ModuleResult:
    arguments = parse(TempfileArguments, dict(call.arguments))
    return await on_host(call, "temporary.run", arguments.model_dump())


SLURP = Module(
    names=("ansible.builtin.slurp", "ansible.legacy.slurp", "slurp"),
    arguments=SlurpArguments,
    run=answering("slurp")(_run_slurp),
)
FETCH = Module(
    names=("ansible.builtin.fetch", "ansible.legacy.fetch", "fetch"),
    arguments=FetchArguments,
    run=answering("fetch")(_run_fetch),
)
FIND = Module(
    names=("ansible.builtin.find", "ansible.legacy.find", "find"),
    arguments=FindArguments,
    run=answering("find")(_run_find),
)
TEMPFILE = Module(
    names=("ansible.builtin.tempfile", "ansible.legacy.tempfile", "tempfile"),
    arguments=TempfileArguments,
    run=answering("tempfile")(_run_tempfile),
)
MODULES = (SLURP, FETCH, FIND, TEMPFILE)
