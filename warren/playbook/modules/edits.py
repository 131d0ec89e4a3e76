"""``lineinfile``, ``blockinfile`` and ``replace``: parts of text files on hosts."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from warren.model.validation import parse
from warren.playbook.modules.arguments import FileArguments, Flag, Text
from warren.playbook.modules.contract import Call, Module, ModuleResult
from warren.playbook.modules.outcomes import answering, on_host

_paths = {"dest": "path", "destfile": "path", "name": "path", "validate": "validate_command"}


class EditArguments(FileArguments):
    """What they share: the file, and how it is replaced."""

    ALIASES: ClassVar[Mapping[str, str]] = _paths

    path: Text
    backup: Flag = False
    validate_command: Text | None = None
    encoding: Literal["utf-8"] = "utf-8"

    def sent(self) -> dict[str, Any]:
        """The fields under the names that the host's functions know."""
        fields = self.model_dump()
        fields["validate"] = fields.pop("validate_command")
        return fields


class LineArguments(EditArguments):
    """Arguments of ``lineinfile``."""

    ALIASES: ClassVar[Mapping[str, str]] = {**_paths, "regex": "regexp", "value": "line"}

    state: Literal["present", "absent"] = "present"
    regexp: Text | None = None
    search_string: Text | None = None
    line: Text | None = None
    backrefs: Flag = False
    insertafter: Text | None = None
    insertbefore: Text | None = None
    create: Flag = False
    firstmatch: Flag = False

    @model_validator(mode="after")
    def _fits_together(self) -> "LineArguments":
        if self.state == "present" and self.line is None:
            raise ValueError("line is required with state=present")
        if self.state == "present" and self.backrefs and self.regexp is None:
            raise ValueError("regexp is required with backrefs=true")
        if self.state == "absent" and {self.regexp, self.search_string, self.line} == {None}:
            raise ValueError("one of line, search_string and regexp is required with state=absent")
        _refuse_both(self, "regexp", "search_string")
        _refuse_both(self, "backrefs", "search_string")
        _refuse_both(self, "insertbefore", "insertafter")
        return self


class BlockArguments(EditArguments):
    """Arguments of ``blockinfile``."""

    ALIASES: ClassVar[Mapping[str, str]] = {**_paths, "content": "block"}

    state: Literal["present", "absent"] = "present"
    block: Text = ""
    marker: Text = "# {mark} ANSIBLE MANAGED BLOCK"
    marker_begin: Text = "BEGIN"
    marker_end: Text = "END"
    insertafter: Text | None = None
    insertbefore: Text | None = None
    create: Flag = False
    append_newline: Flag = False
    prepend_newline: Flag = False

    @model_validator(mode="after")
    def _fits_together(self) -> "BlockArguments":
        _refuse_both(self, "insertbefore", "insertafter")
        if "{mark}" not in self.marker:
            raise ValueError("marker must contain {mark}, or begin and end could not be told apart")
        return self


class ReplaceArguments(EditArguments):
    """Arguments of ``replace``."""

    regexp: Text
    replace: Text = ""
    after: Text | None = None
    before: Text | None = None


def _refuse_both(arguments: EditArguments, one: str, other: str) -> None:
    given = [name for name in (one, other) if getattr(arguments, name) not in (None, False)]
    if given == [one, other]:
        raise ValueError(f"takes {one} or {other}, not both")


async def _run_line(call: Call) -> ModuleResult:
    return await on_host(call, "lineinfile.run", parse(LineArguments, dict(call.arguments)).sent())


async def _run_block(call: Call) -> ModuleResult:
    return await on_host(
        call, "blockinfile.run", parse(BlockArguments, dict(call.arguments)).sent()
    )


async def _run_replace(call: Call) -> ModuleResult:
    return await on_host(call, "replace.run", parse(ReplaceArguments, dict(call.arguments)).sent())


LINEINFILE = Module(
    names=("ansible.builtin.lineinfile", "ansible.legacy.lineinfile", "lineinfile"),
    arguments=LineArguments,
    run=answering("lineinfile")(_run_line),
)
BLOCKINFILE = Module(
    names=("ansible.builtin.blockinfile", "ansible.legacy.blockinfile", "blockinfile"),
    arguments=BlockArguments,
    run=answering("blockinfile")(_run_block),
)
REPLACE = Module(
    names=("ansible.builtin.replace", "ansible.legacy.replace", "replace"),
    arguments=ReplaceArguments,
    run=answering("replace")(_run_replace),
)
MODULES = (LINEINFILE, BLOCKINFILE, REPLACE)
