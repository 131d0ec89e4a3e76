"""``file`` and ``stat``: paths on hosts."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from warren.fleet.command import Command
from warren.model.errors import Unsupported
from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, FileArguments, Flag, Text
from warren.playbook.modules.contract import Call, Module, ModuleResult
from warren.playbook.modules.outcomes import answering, failed, on_host


class FileStateArguments(FileArguments):
    """Arguments of ``file``; see the fields' names in Ansible's documentation."""

    ALIASES: ClassVar[Mapping[str, str]] = {"dest": "path", "name": "path"}

    path: Text
    state: Literal["absent", "directory", "file", "hard", "link", "touch"] | None = None
    src: Text | None = None
    recurse: Flag = False
    follow: Flag = True
    force: Flag = False
    access_time: Text | None = None
    access_time_format: Text = "%Y%m%d%H%M.%S"
    modification_time: Text | None = None
    modification_time_format: Text = "%Y%m%d%H%M.%S"

    @model_validator(mode="after")
    def _fits_together(self) -> "FileStateArguments":
        if self.recurse and self.state not in (None, "directory"):
            raise ValueError("recurse is for state=directory only")
        if self.src is not None and self.state not in (None, "link", "hard"):
            raise ValueError("src is for state=link and state=hard only")
        if self.mode == "preserve":
            raise ValueError("mode: preserve is for copies only")
        return self


class StatArguments(Arguments):
    """Arguments of ``stat``."""

    ALIASES: ClassVar[Mapping[str, str]] = {
        "dest": "path", "name": "path", "checksum": "checksum_algorithm",
        "checksum_algo": "checksum_algorithm", "mime": "get_mime", "mime_type": "get_mime",
        "mime-type": "get_mime", "attr": "get_attributes", "attributes": "get_attributes",
    }  # fmt: skip

    path: Text
    follow: Flag = False
    get_checksum: Flag = True
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] = "sha1"
    get_mime: Flag = False
    get_attributes: Flag = True
    get_selinux_context: Flag = False


async def _run_file(call: Call) -> ModuleResult:
    arguments = parse(FileStateArguments, dict(call.arguments))
    return await on_host(call, "file.run", arguments.model_dump())


async def _run_stat(call: Call) -> ModuleResult:
    arguments = parse(StatArguments, dict(call.arguments))
    try:
        return await on_host(call, "stat.run", arguments.model_dump())
    except Unsupported:
        return await _stat_without_python(call, arguments)


_fields = ("mode", "uid", "gid", "pw_name", "gr_name", "size", "inode", "nlink", "mtime", "kind")
_kinds = {"directory": "isdir", "regular file": "isreg", "symbolic link": "islnk"}
_exists_not = 3


async def _stat_without_python(call: Call, arguments: StatArguments) -> ModuleResult:
    """The fields that the host's own ``stat`` tells."""
    follow = "-L" if arguments.follow else ""
    test = '[ -e "$1" ]' if arguments.follow else '[ -e "$1" ] || [ -L "$1" ]'
    script = f'{test} || exit {_exists_not}; stat {follow} -c "%a|%u|%g|%U|%G|%s|%i|%h|%Y|%F" "$1"'
    command = Command(
        argv=("/bin/sh", "-c", script, "sh", arguments.path),
        timeout_seconds=call.timeout_seconds,
    )
    (result,) = await call.host.run([command], become=call.become)
    if result.status == _exists_not:
        return {"changed": False, "stat": {"exists": False}}
    if result.status != 0:
        return failed(f"stat {arguments.path}: {result.stderr.decode(errors='replace').strip()}")
    values = result.stdout.decode(errors="replace").strip().split("|")
    told: dict[str, Any] = dict(zip(_fields, values, strict=True))
    kind = told.pop("kind").replace("regular empty file", "regular file")
    for name in ("uid", "gid", "size", "inode", "nlink", "mtime"):
        told[name] = int(told[name])
    told["mode"] = told["mode"].zfill(4)
    told |= {flag: word == kind for word, flag in _kinds.items()}
    return {"changed": False, "stat": {"exists": True, "path": arguments.path, **told}}


FILE = Module(
    names=("ansible.builtin.file", "ansible.legacy.file", "file"),
    arguments=FileStateArguments,
    run=answering("file")(_run_file),
)
STAT = Module(
    names=("ansible.builtin.stat", "ansible.legacy.stat", "stat"),
    arguments=StatArguments,
    run=answering("stat")(_run_stat),
)
MODULES = (FILE, STAT)
