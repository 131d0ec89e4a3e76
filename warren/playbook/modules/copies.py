"""``copy`` and ``template``: content from the controller onto hosts.

Content goes with the question whether it is needed, in one round trip, as long as it is short. Of a
long file the checksum goes first, and the content follows, in pieces, only if it differs.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import model_validator

from warren.model.errors import InvalidInput, NotFound, Problem
from warren.model.validation import parse
from warren.playbook.modules.arguments import FileArguments, Flag, Mode, Text
from warren.playbook.modules.contract import Call, Module, ModuleResult, TemplateStyle
from warren.playbook.modules.outcomes import answering, failed, on_host

inline_bytes_max = 1 << 20
piece_bytes = 4 << 20
_of_tree = ("changed", "diff")
_newlines = {"\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n"}


class PlacedArguments(FileArguments):
    """What ``copy`` and ``template`` share.

    Attributes:
        dest: the file, or a directory to put it in.
        backup: keep a copy of the file that is replaced.
        force: whether a file that is there is replaced at all.
        follow: whether a link at ``dest`` is kept and its target written.
        validate_command: a command that checks the new file, ``%s`` standing for its name.
    """

    dest: Text
    backup: Flag = False
    force: Flag = True
    follow: Flag = False
    validate_command: Text | None = None

    def placing(self) -> dict[str, Any]:
        """What ``copy.run`` on the host takes from these."""
        return {
            **self.attributes(),
            "dest": self.dest,
            "backup": self.backup,
            "force": self.force,
            "follow": self.follow,
            "validate": self.validate_command,
        }


class CopyArguments(PlacedArguments):
    """Arguments of ``copy``.

    Attributes:
        src: a file or directory of the controller, or of the host with ``remote_src``; a
            directory that ends in ``/`` is copied without its own name.
        content: what the file is to hold, instead of ``src``; a mapping or list becomes JSON.
        directory_mode: permissions of directories that are made.
        local_follow: whether links in a directory of the controller are followed.
        checksum: the SHA-1 that the source must have.
        decrypt: accepted; a vault file's content is copied as it is.
    """

    ALIASES: ClassVar[Mapping[str, str]] = {"validate": "validate_command", "_raw_params": "src"}

    src: Text | None = None
    content: Any = None
    directory_mode: Mode | None = None
    remote_src: Flag = False
    local_follow: Flag = True
    checksum: Text | None = None
    decrypt: Flag = True

    @model_validator(mode="after")
    def _has_one_source(self) -> "CopyArguments":
        if self.src is None and self.content is None:
            raise ValueError("needs src or content")
        if self.src is not None and self.content is not None:
            raise ValueError("takes src or content, not both")
        if self.content is not None and self.dest.endswith("/"):
            raise ValueError("content needs dest to be a file, not a directory")
        return self


class TemplateArguments(PlacedArguments):
    """Arguments of ``template``; the ``*_string`` and ``*_blocks`` fields are Jinja's settings."""

    ALIASES: ClassVar[Mapping[str, str]] = {"validate": "validate_command"}

    src: Text
    newline_sequence: Text = "\n"
    block_start_string: Text = "{%"
    block_end_string: Text = "%}"
    variable_start_string: Text = "{{"
    variable_end_string: Text = "}}"
    comment_start_string: Text = "{#"
    comment_end_string: Text = "#}"
    trim_blocks: Flag = True
    lstrip_blocks: Flag = False
    output_encoding: Text = "utf-8"

    def style(self) -> TemplateStyle:
        """The settings for Jinja.

        Raises:
            InvalidInput: ``newline_sequence`` is none.
        """
        newline = _newlines.get(self.newline_sequence, self.newline_sequence)
        if newline not in _newlines.values():
            rule = r"must be \n, \r or \r\n"
            raise InvalidInput(
                [Problem(field="newline_sequence", value=repr(self.newline_sequence), rule=rule)]
            )
        return TemplateStyle(
            block_start_string=self.block_start_string,
            block_end_string=self.block_end_string,
            variable_start_string=self.variable_start_string,
            variable_end_string=self.variable_end_string,
            comment_start_string=self.comment_start_string,
            comment_end_string=self.comment_end_string,
            trim_blocks=self.trim_blocks,
            lstrip_blocks=self.lstrip_blocks,
            newline_sequence=newline,
        )


async def _run_copy(call: Call) -> ModuleResult:
    arguments = parse(CopyArguments, dict(call.arguments))
    if arguments.content is not None:
        return await _place(call, arguments.placing(), _content(arguments.content), None)
    assert arguments.src is not None, "the model asks for src or content"
    if arguments.remote_src:
        sent = {
            **arguments.placing(),
            "src": arguments.src,
            "directory_mode": arguments.directory_mode,
            "expected": arguments.checksum,
        }
        return await on_host(call, "copy.run_remote", sent)
    path = call.find_file(arguments.src, "files")
    if path.is_dir():
        return await _place_tree(call, arguments, path)
    return await _place_file(call, arguments, path)


def _content(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, default=str).encode()
    return str(value).encode()


async def _place_file(call: Call, arguments: CopyArguments, path: Path) -> ModuleResult:
    digest = _digest(path)
    if arguments.checksum is not None and arguments.checksum != digest:
        return failed(
            f"the checksum of {path} is {digest}, not {arguments.checksum}", checksum=digest
        )
    sent = {**arguments.placing(), "name": path.name, "directory_mode": arguments.directory_mode}
    sent["mode"] = _mode(arguments.mode, path)
    if _is_short(path):
        return await _place(call, sent, _read(path), path)
    return await _place_long(call, sent, path, digest)


def _mode(mode: str | None, path: Path) -> str | None:
    return f"{path.stat().st_mode & 0o7777:04o}" if mode == "preserve" else mode


def _is_short(path: Path) -> bool:
    return path.stat().st_size <= inline_bytes_max


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha1").hexdigest()


async def _place(
    call: Call, sent: dict[str, Any], data: bytes, source: Path | None
) -> ModuleResult:
    result = await on_host(call, "copy.run", {**sent, "data": data})
    if source is not None and not result.get("failed"):
        result["src"] = str(source)
    if result.get("changed"):
        result["md5sum"] = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return result


async def _place_long(call: Call, sent: dict[str, Any], path: Path, digest: str) -> ModuleResult:
    sent = {**sent, "checksum": digest}
    result = await on_host(call, "copy.run", sent)
    if not result.pop("needed", False):
        return {**result, "src": str(path)}
    where = {"dest": sent["dest"], "name": sent["name"]}
    received: str | None = None
    for piece in _pieces(path):
        answer = await on_host(call, "copy.receive", {**where, "received": received, "data": piece})
        if answer.get("failed"):
            return answer
        received = answer["received"]
    result = await on_host(call, "copy.run", {**sent, "received": received})
    if result.get("failed"):
        await on_host(call, "copy.receive", {**where, "received": received, "discard": True})
    return {**result, "src": str(path)}


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(piece_bytes):
            yield piece


async def _place_tree(call: Call, arguments: CopyArguments, top: Path) -> ModuleResult:
    assert arguments.src is not None, "only src names a directory"
    dest = arguments.dest
    if not arguments.src.endswith("/"):
        dest = os.path.join(dest, top.name)  # noqa: PTH118 - a path of the host, kept as written
    sent = {**arguments.placing(), "dest": dest, "directory_mode": arguments.directory_mode}
    united: ModuleResult = {"changed": False}
    long: list[tuple[str, Path]] = []
    for batch in _batches(top, arguments, long):
        result = await on_host(call, "copy.run_tree", {**sent, "entries": batch})
        if result.get("failed"):
            return result
        united = _united(united, result)
    for name, path in long:
        one = {**sent, "dest": f"{dest}/{name}", "name": path.name}
        one["mode"] = _mode(arguments.mode, path)
        result = await _place_long(call, one, path, _digest(path))
        if result.get("failed"):
            return result
        changed: ModuleResult = {key: result[key] for key in _of_tree if key in result}
        united = _united(united, changed)
    return {**united, "dest": arguments.dest, "src": arguments.src}


def _united(one: ModuleResult, other: ModuleResult) -> ModuleResult:
    answer = {**one, **other, "changed": one["changed"] or other["changed"]}
    differences = [*one.get("diff", []), *other.get("diff", [])]
    return {**answer, "diff": differences} if differences else answer


def _batches(
    top: Path, arguments: CopyArguments, long: list[tuple[str, Path]]
) -> Iterator[list[dict[str, Any]]]:
    """Entries of a directory in batches of bounded size; files too long for one go to ``long``."""
    batch: list[dict[str, Any]] = [{"path": "."}]
    size = 0
    for path in _below(top, follow=arguments.local_follow):
        name = path.relative_to(top).as_posix()
        entry: dict[str, Any] = {"path": name}
        if path.is_symlink() and not arguments.local_follow:
            entry["link"] = str(path.readlink())
        elif path.is_file():
            if path.stat().st_size > inline_bytes_max:
                long.append((name, path))
                continue
            entry |= {"data": path.read_bytes(), "mode": _mode(arguments.mode, path)}
            size += len(entry["data"])
        batch.append(entry)
        if size > piece_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _below(top: Path, *, follow: bool) -> Iterator[Path]:
    for directory, names, files in os.walk(top, followlinks=follow):
        names.sort()
        for name in sorted([*names, *files]):
            yield Path(directory, name)


async def _run_template(call: Call) -> ModuleResult:
    arguments = parse(TemplateArguments, dict(call.arguments))
    path = call.find_file(arguments.src, "templates")
    if path.is_dir():
        raise NotFound(f"the template {path} is a directory")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return failed(f"the template {path} is not UTF-8: {error}")
    rendered = call.render_file(
        text,
        path=path,
        style=arguments.style(),
        variables=_told_to_templates(call, path, arguments),
    )
    try:
        data = rendered.encode(arguments.output_encoding)
    except (LookupError, UnicodeEncodeError) as error:
        return failed(f"output_encoding {arguments.output_encoding}: {error}")
    sent = {**arguments.placing(), "name": path.name, "mode": _mode(arguments.mode, path)}
    return await _place(call, sent, data, path)


def _told_to_templates(call: Call, path: Path, arguments: TemplateArguments) -> dict[str, Any]:
    status = path.stat()
    told: dict[str, Any] = {
        "template_host": os.uname().nodename,
        "template_path": str(path),
        "template_fullpath": str(path.resolve()),
        "template_destpath": arguments.dest,
        "template_mtime": datetime.fromtimestamp(status.st_mtime, UTC),
        "template_uid": path.owner(),
        "template_run_date": call.clock.now(),
    }
    if "ansible_managed" not in call.variables:
        told["ansible_managed"] = "Ansible managed"
    return told


COPY = Module(
    names=("ansible.builtin.copy", "ansible.legacy.copy", "copy"),
    arguments=CopyArguments,
    run=answering("copy")(_run_copy),
)
TEMPLATE = Module(
    names=("ansible.builtin.template", "ansible.legacy.template", "template"),
    arguments=TemplateArguments,
    run=answering("template")(_run_template),
)
MODULES = (COPY, TEMPLATE)
