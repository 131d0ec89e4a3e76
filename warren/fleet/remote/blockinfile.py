"""A block of lines between two marker lines of a text file."""

from typing import Any

from warren.fleet.remote import answers, edits, lineinfile

REQUIRES = ("answers", "edits", "lineinfile")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Ensure that the block is, or is not, in the file ``path``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    present = arguments.get("state", "present") == "present" and bool(arguments.get("block"))

    def missing(path: str) -> "dict[str, Any] | None":
        if not present:
            return {"changed": False, "msg": "file %s not present" % path}
        if not arguments.get("create"):
            raise answers.Failure("%s does not exist (create=true makes it)" % path, rc=257)
        return None

    return edits.edit(arguments, lambda content: _decide(content, arguments), missing)


def _decide(content: bytes, arguments: "dict[str, Any]") -> "tuple[bytes, dict[str, Any]]":
    marker = arguments.get("marker") or "# {mark} ANSIBLE MANAGED BLOCK"
    first = marker.replace("{mark}", arguments.get("marker_begin") or "BEGIN").encode()
    last = marker.replace("{mark}", arguments.get("marker_end") or "END").encode()
    present = arguments.get("state", "present") == "present" and bool(arguments.get("block"))
    lines = content.splitlines(keepends=True)
    span = _span([line.rstrip(b"\r\n") for line in lines], first, last)
    place = _place(lines, arguments) if span is None else span[0]
    if span is not None:
        del lines[span[0] : span[1]]
    block = _block(arguments, first, last) if present else []
    if block and place > 0 and not lines[place - 1].endswith(b"\n"):
        lines[place - 1] += b"\n"
    blank = b"\n"
    if block and arguments.get("prepend_newline") and place > 0 and lines[place - 1] != blank:
        block.insert(0, blank)
    if block and arguments.get("append_newline") and place < len(lines) and lines[place] != blank:
        block.append(blank)
    lines[place:place] = block
    after = b"".join(lines)
    said = "Block inserted" if block and span is None else "Block updated" if block else ""
    if span is not None and not block:
        said = "Block removed"
    return after, {"msg": said if after != content else ""}


def _block(arguments: "dict[str, Any]", first: bytes, last: bytes) -> "list[bytes]":
    text = str(arguments["block"]).encode()
    if not text.endswith(b"\n"):
        text += b"\n"
    return (first + b"\n" + text + last + b"\n").splitlines(keepends=True)


def _span(lines: "list[bytes]", first: bytes, last: bytes) -> "tuple[int, int] | None":
    """The marked lines, markers included; the last pair in the file counts."""
    starts = [number for number, line in enumerate(lines) if line == first]
    ends = [number for number, line in enumerate(lines) if line == last]
    if not starts or not ends:
        return None
    start, end = starts[-1], ends[-1]
    return (start, end + 1) if start < end else (end, start + 1)


def _place(lines: "list[bytes]", arguments: "dict[str, Any]") -> int:
    before, after = arguments.get("insertbefore"), arguments.get("insertafter")
    if before == "BOF":
        return 0
    anchor = before if before is not None else after
    if anchor in (None, "EOF"):
        return len(lines)
    pattern = lineinfile.compiled(
        str(anchor), "insertbefore" if before is not None else "insertafter"
    )
    places = [number for number, line in enumerate(lines) if pattern.search(line)]
    if not places:
        return len(lines)
    return places[-1] + (before is None)
