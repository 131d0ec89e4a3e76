"""How a listing is shown: a table for people, JSON or YAML for programs.

The rows are plain data, equal in all forms, so the JSON is as stable as the columns' names.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any


class Output(StrEnum):
    """The forms of a listing."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


Row = Mapping[str, Any]

_PIPE_COLUMNS = 10_000


def show_rows(rows: Sequence[Row], columns: Sequence[str], output: Output) -> None:
    """Print rows; a table shows only ``columns`` and of each text one line, the other forms all."""
    if output is Output.TABLE:
        _print_table(rows, columns)
    else:
        _print_data([dict(row) for row in rows], output)


def show_document(document: Mapping[str, Any], output: Output) -> None:
    """Print one thing in full; as a table it is YAML, which people read best."""
    _print_data(dict(document), Output.YAML if output is Output.TABLE else output)


def show_entry(entry: Row, output: Output) -> None:
    """Print one of a stream of things: a line of JSON, or an item of a YAML list."""
    if output is Output.JSON:
        sys.stdout.write(json.dumps(dict(entry)) + "\n")
    else:
        _print_data([dict(entry)], output)


def _print_data(data: Any, output: Output) -> None:
    if output is Output.JSON:
        sys.stdout.write(json.dumps(data, indent=2, default=str) + "\n")
        return
    import yaml  # noqa: PLC0415 - only this form needs it

    plain = json.loads(json.dumps(data, default=str))
    sys.stdout.write(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def _print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only this form needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    # Nobody reads a pipe's lines by the width of a terminal; a program wants one line a row.
    console = Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column.upper().replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*[_cell(row.get(column)) for column in columns])
    console.print(table)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "-"
    return str(value).partition("\n")[0]
