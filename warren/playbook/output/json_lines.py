"""Events as JSON, one a line, for programs.

Every line has ``event``, the kind of event in lower case with underscores, and the event's fields.
Fields may be added; none is renamed or removed. Statuses are ``ok``, ``changed``, ``skipped``,
``failed``, ``unreachable``; a place is ``file``, ``line``, ``column``.
"""

import dataclasses
import re
from enum import Enum
from typing import Any

from warren.playbook.output.events import Event
from warren.playbook.output.plain import Writer
from warren.playbook.output.shapes import to_text


class JsonLines:
    """Writes events as lines of JSON."""

    def __init__(self, out: Writer) -> None:
        self._out = out

    def __call__(self, event: Event) -> None:
        """Write an event."""
        self._out.write(to_text({"event": name_of(type(event)), **_fields(event)}) + "\n")
        self._out.flush()


def name_of(kind: type) -> str:
    """The name of a kind of event: ``TaskEnded`` is ``task_ended``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _shown(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _shown(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, dict):
        return {str(name): _shown(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    return value
