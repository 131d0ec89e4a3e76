"""A line at the bottom of the terminal that says what is going on; results scroll above it.

It is drawn with two escape sequences, as importing a library for it would take longer than many
plays do.
"""

from collections.abc import Callable

from warren.playbook.output import events
from warren.playbook.output.events import Event
from warren.playbook.output.plain import Writer

_clear = "\r\x1b[2K"
hosts_shown_max = 4


class LiveLine:
    """Shows events through another renderer and keeps a line about the running task below.

    Args:
        show: the renderer; it must write to ``out``.
        out: a terminal.
        columns: its width.
    """

    def __init__(self, show: Callable[[Event], None], out: Writer, columns: int) -> None:
        self._show = show
        self._out = out
        self._columns = columns
        self._task = ""
        self._waiting: dict[str, str] = {}
        self._total = 0
        self._is_drawn = False

    def __call__(self, event: Event) -> None:
        """Show an event and draw the line anew."""
        self._follow(event)
        if self._is_drawn:
            self._out.write(_clear)
            self._is_drawn = False
        if not isinstance(event, events.Progress):
            self._show(event)
        if self._waiting and not isinstance(event, events.Recap):
            self._out.write(self._line())
            self._is_drawn = True
        self._out.flush()

    def _follow(self, event: Event) -> None:
        if isinstance(event, events.TaskStarted):
            self._task = event.name
            self._waiting = dict.fromkeys(event.hosts, "")
            self._total = len(event.hosts)
        elif isinstance(event, events.TaskEnded):
            self._waiting.pop(event.host, None)
        elif isinstance(event, events.Progress):
            self._waiting[event.host] = event.line
        elif isinstance(event, events.Included | events.PlayStarted | events.Recap):
            self._waiting.clear()

    def _line(self) -> str:
        done = self._total - len(self._waiting)
        names = list(self._waiting)
        shown = ", ".join(names[:hosts_shown_max])
        if len(names) > hosts_shown_max:
            shown += f" and {len(names) - hosts_shown_max} more"
        notes = "; ".join(line for line in self._waiting.values() if line)
        text = f"… {self._task}: {done}/{self._total} done, waiting for {shown}"
        return f"{text}: {notes}"[: self._columns - 1] if notes else text[: self._columns - 1]
