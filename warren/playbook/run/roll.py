"""Who still takes part, and how often what happened to whom."""

from collections import Counter
from collections.abc import Iterable, Mapping

from warren.playbook.output.events import Counts, Status


class Roll:
    """The hosts of a run: counts over all plays, and who has dropped out.

    Attributes:
        failed: hosts that failed for good.
        unreachable: hosts that could not be reached.
        ended: hosts that a play let go early; they take part in the next one.
    """

    def __init__(self) -> None:
        self.failed: set[str] = set()
        self.unreachable: set[str] = set()
        self.ended: set[str] = set()
        self._counts: dict[str, Counter[str]] = {}

    def takes_part(self, host: str) -> bool:
        """Whether a host goes on."""
        return host not in self.failed and host not in self.unreachable and host not in self.ended

    def remaining(self, hosts: Iterable[str]) -> list[str]:
        """Those of the hosts that go on."""
        return [host for host in hosts if self.takes_part(host)]

    def count(self, host: str, *what: str) -> None:
        """Count what happened to a host, under the recap's names."""
        self._counts.setdefault(host, Counter()).update(what)

    def count_end(
        self, host: str, status: Status, *, changed: bool, ignored: bool, rescued: bool
    ) -> None:
        """Count how a task ended."""
        if status is Status.UNREACHABLE:
            self.count(host, "unreachable", *(["skipped", "ignored"] if ignored else []))
        elif status is Status.SKIPPED:
            self.count(host, "skipped")
        elif status is Status.FAILED and not ignored:
            self.count(host, "rescued" if rescued else "failed")
        else:
            words = ["ok", *(["changed"] if changed else []), *(["ignored"] if ignored else [])]
            self.count(host, *words)

    def counts(self) -> Mapping[str, Counts]:
        """The recap: hosts by name."""
        return {host: Counts(**self._counts[host]) for host in sorted(self._counts)}

    @property
    def exit_status(self) -> int:
        """What the run's process ends with: 0, 2 after a failure, 4 after an unreachable host."""
        if self.unreachable:
            return 4
        return 2 if self.failed else 0
