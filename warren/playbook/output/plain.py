"""Plain lines in the form that Ansible's users, and the tools that read them, know."""

from collections.abc import Callable
from typing import Protocol

from warren.model.errors import Place
from warren.playbook.language.problems import excerpt
from warren.playbook.output import events
from warren.playbook.output.events import Event, Status
from warren.playbook.output.shapes import diff_lines, dumped, is_loud

banner_columns = 79
_codes = {
    "green": "32",
    "yellow": "33",
    "red": "31",
    "cyan": "36",
    "bright red": "91",
    "purple": "35",
    "bold": "1",
}
_colours = {
    Status.OK: "green",
    Status.CHANGED: "yellow",
    Status.SKIPPED: "cyan",
    Status.FAILED: "red",
    Status.UNREACHABLE: "bright red",
}
_words = {Status.OK: "ok", Status.CHANGED: "changed", Status.SKIPPED: "skipping"}
_kinds = {"task": "TASK", "facts": "TASK", "handler": "RUNNING HANDLER"}


class Writer(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object:
        """Write text."""
        ...

    def flush(self) -> object:
        """Pass on what was written."""
        ...


class PlainLines:
    """Shows events as lines.

    Args:
        out: for everything but warnings and origins of errors.
        err: for those.
        colours: whether to colour lines.
        verbosity: number of ``-v``.
        timing: whether to list the slowest tasks at the end.
    """

    def __init__(
        self,
        out: Writer,
        err: Writer,
        *,
        colours: bool = False,
        verbosity: int = 0,
        timing: bool = False,
    ) -> None:
        self._out = out
        self._err = err
        self._has_colours = colours
        self._verbosity = verbosity
        self._timing = timing or verbosity > 0
        self._seconds: dict[str, float] = {}
        self._shows: dict[type, Callable[..., None]] = {
            events.PlayStarted: self._play,
            events.PlayWithoutHosts: self._no_hosts,
            events.TaskStarted: self._task,
            events.ItemEnded: self._item,
            events.TaskEnded: self._ended,
            events.Retrying: self._retrying,
            events.Included: self._included,
            events.Progress: self._progress,
            events.NoHostsLeft: self._none_left,
            events.Warned: self._warned,
            events.Recap: self._recap,
        }

    def __call__(self, event: Event) -> None:
        """Show an event."""
        show = self._shows.get(type(event))
        if show is not None:
            show(event)
            self._out.flush()

    def _line(self, text: str, colour: str = "") -> None:
        if colour and self._has_colours:
            text = f"\x1b[{_codes[colour]}m{text}\x1b[0m"
        self._out.write(text + "\n")

    def _banner(self, text: str) -> None:
        stars = "*" * max(banner_columns - len(text), 3)
        self._line(f"\n{text} {stars}", "bold")

    def _play(self, event: events.PlayStarted) -> None:
        mode = " [CHECK MODE]" if event.check else ""
        self._banner(f"PLAY [{event.name}]{mode}")

    def _no_hosts(self, event: events.PlayWithoutHosts) -> None:
        self._banner(f"PLAY [{event.pattern}]")
        self._line(f"skipping: no hosts matched: {event.reason}", "cyan")

    def _task(self, event: events.TaskStarted) -> None:
        self._head(_kinds[event.kind], event.name, event.place)

    def _head(self, kind: str, name: str, place: Place) -> None:
        self._banner(f"{kind} [{name}]")
        if self._verbosity > 1:
            self._line(f"task path: {place.file}:{place.line}")

    def _item(self, event: events.ItemEnded) -> None:
        host = _host(event.host, event.delegate)
        self._diff(event.result)
        colour = _colours[event.status]
        if event.status in (Status.FAILED, Status.UNREACHABLE):
            text = self._dump(event)
            self._line(f"failed: [{host}] (item={event.label}) => {text}", colour)
            return
        tail = " " if event.status is Status.SKIPPED else ""
        if self._is_shown(event):
            tail = f" => {self._dump(event)}"
        self._line(f"{_words[event.status]}: [{host}] => (item={event.label}){tail}", colour)

    def _ended(self, event: events.TaskEnded) -> None:
        self._seconds[event.task] = max(self._seconds.get(event.task, 0.0), event.seconds)
        self._say(event)
        if event.ignored:
            self._line("...ignoring", "cyan")
        elif event.status is Status.FAILED:
            self._origin(event)

    def _say(self, event: events.TaskEnded) -> None:
        host = _host(event.host, event.delegate)
        colour = _colours[event.status]
        if event.status is Status.UNREACHABLE:
            self._line(f"fatal: [{host}]: UNREACHABLE! => {self._dump(event)}", colour)
        elif event.looped:
            if event.status is Status.SKIPPED:
                self._line(f"skipping: [{host}]", colour)
        elif event.status is Status.FAILED:
            self._line(f"fatal: [{host}]: FAILED! => {self._dump(event)}", colour)
        else:
            self._diff(event.result)
            tail = f" => {self._dump(event)}" if self._is_shown(event) else ""
            self._line(f"{_words[event.status]}: [{host}]{tail}", colour)

    def _origin(self, event: events.TaskEnded) -> None:
        """Where a failed task was written: the file is easily found from here."""
        lines = excerpt(event.place)
        self._err.write(f"failed task at {event.place}\n{lines}\n" if lines else "")
        self._err.flush()

    def _is_shown(self, event: events.TaskEnded | events.ItemEnded) -> bool:
        if event.status is Status.SKIPPED:
            return self._verbosity > 0
        return self._verbosity > 0 or is_loud(event.result)

    def _dump(self, event: events.TaskEnded | events.ItemEnded) -> str:
        result = event.result
        hides = frozenset[str]()
        if isinstance(event, events.ItemEnded) and event.action == "ansible.builtin.debug":
            names = [result.get("ansible_loop_var"), result.get("ansible_index_var")]
            hides = frozenset(
                str(name) for name in (*names, "ansible_loop_var", "ansible_index_var") if name
            )
        return dumped(result, action=event.action, verbosity=self._verbosity, hides=hides)

    def _diff(self, result: object) -> None:
        diff = result.get("diff") if isinstance(result, dict) else None
        if not diff:
            return
        for line in diff_lines(diff):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            self._line(line, colour)
        self._line("")

    def _retrying(self, event: events.Retrying) -> None:
        text = f"FAILED - RETRYING: [{event.host}]: {event.task} ({event.left} retries left)."
        self._line(text, "purple")

    def _included(self, event: events.Included) -> None:
        label = f" => (item={event.label})" if event.label else ""
        self._line(f"included: {event.what} for {', '.join(event.hosts)}{label}", "cyan")

    def _progress(self, event: events.Progress) -> None:
        self._line(f"  {event.host}: {event.line}", "cyan")

    def _none_left(self, _event: events.NoHostsLeft) -> None:
        self._banner("NO MORE HOSTS LEFT")

    def _warned(self, event: events.Warned) -> None:
        where = f"{event.place}: " if event.place else ""
        self._err.write(f"[WARNING]: {where}{event.text}\n")
        self._err.flush()

    def _recap(self, event: events.Recap) -> None:
        self._banner("PLAY RECAP")
        for host, counts in event.hosts.items():
            self._line(recap_line(host, counts), _recap_colour(counts))
        self._line("")
        if self._timing and self._seconds:
            self._slowest(event.seconds)

    def _slowest(self, seconds: float) -> None:
        slow = sorted(self._seconds.items(), key=lambda pair: -pair[1])[:20]
        self._line(f"Playbook run took {seconds:.2f} s; the slowest tasks:")
        for name, one in slow:
            self._line(f"{one:8.2f} s  {name}")


def recap_line(host: str, counts: events.Counts) -> str:
    """A host's line of the recap, exactly as tools expect it."""
    numbers = (
        ("ok", counts.ok),
        ("changed", counts.changed),
        ("unreachable", counts.unreachable),
        ("failed", counts.failed),
        ("skipped", counts.skipped),
        ("rescued", counts.rescued),
        ("ignored", counts.ignored),
    )
    return f"{host:<26} : " + " ".join(f"{name}={number:<4}" for name, number in numbers)


def _recap_colour(counts: events.Counts) -> str:
    if counts.failed or counts.unreachable:
        return "red"
    return "yellow" if counts.changed else "green"


def _host(host: str, delegate: str) -> str:
    return f"{host} -> {delegate}" if delegate else host
