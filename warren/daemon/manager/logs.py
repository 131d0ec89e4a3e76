"""The log of a manager: one JSON object per line, for programs; people read it through those."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO


class Lines(logging.Formatter):
    """Formats records as JSON.

    Args:
        manager: name of the manager, in every line.
    """

    def __init__(self, manager: str) -> None:
        super().__init__()
        self._manager = manager

    def format(self, record: logging.LogRecord) -> str:
        """One line: time, level, manager, where in the program, message, and the error if there is one."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "manager": self._manager,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_lines(manager: str, *, level: str = "info", stream: TextIO | None = None) -> None:
    """Let everything of Warren be logged, to standard error unless told otherwise."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines(manager))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("warren").setLevel(level.upper())
