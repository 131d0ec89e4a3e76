"""A world for playbooks: files in a temporary directory, hosts that answer from a table."""
# ruff: noqa: ARG002 - the hosts keep the signatures of the contract

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from warren.fleet.command import Become, Command, Fence, Result
from warren.fleet.host import ByteStream, Host
from warren.model.errors import HostUnreachable, Unsupported
from warren.playbook.inventory.connection import Connection
from warren.playbook.inventory.sources import load
from warren.playbook.language.library import Library
from warren.playbook.language.plays import Sources, parse_playbook
from warren.playbook.modules.contract import Module
from warren.playbook.modules.registry import Registry
from warren.playbook.output.events import Event, Recap
from warren.playbook.output.plain import PlainLines
from warren.playbook.run.playbook import run_playbooks
from warren.playbook.run.selection import Selection
from warren.playbook.run.session import OpenClient, Options, Session
from warren.playbook.templating.engine import Engine
from warren.playbook.variables.extra import read_extra
from warren.playbook.variables.magic import RunFacts
from warren.playbook.variables.store import Store


class SteppingClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_700_000_000 + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(slots=True)
class TableHost:
    """A host that answers commands from a table, and knows ``echo``, ``true`` and ``false``."""

    name: str
    answers: Mapping[str, Any]
    is_reachable: bool = True
    sent: list[tuple[str, Become | None, tuple[tuple[str, str], ...]]] = field(default_factory=list)

    async def run(
        self,
        commands: Sequence[Command],
        *,
        fence: Fence | None = None,
        become: Become | None = None,
        stop_on_failure: bool = True,
    ) -> list[Result]:
        if not self.is_reachable:
            raise HostUnreachable(self.name, "no route")
        results = []
        for command in commands:
            self.sent.append((str(command), become, command.environment))
            results.append(self._answer(command))
            if stop_on_failure and results[-1].status:
                break
        return results

    def _answer(self, command: Command) -> Result:
        known = self.answers.get(str(command))
        if isinstance(known, list):
            known = known.pop(0) if len(known) > 1 else known[0]
        stdout, stderr, status = "", "", 0
        if known is not None:
            stdout, stderr = known.get("stdout", ""), known.get("stderr", "")
            status = known.get("status", 0)
        elif command.argv[0] == "echo":
            stdout = " ".join(command.argv[1:]) + "\n"
        elif command.argv[0] == "false":
            status = 1
        return Result(stdout=stdout.encode(), stderr=stderr.encode(), status=status, seconds=0.0)

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        become: Become | None = None,
        timeout_seconds: float = 60.0,
        fence: Fence | None = None,
    ) -> dict[str, Any]:
        raise Unsupported(f"host {self.name} has no Python for {function}")

    def stream(
        self, command: Command, *, become: Become | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        raise Unsupported(f"host {self.name} streams nothing")

    async def connect(self, address: str, port: int) -> ByteStream:
        raise Unsupported(f"host {self.name} has no ports")


class Lines:
    """Collects what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


@dataclass(slots=True, kw_only=True)
class World:
    """Files, hosts, and what a run in them told."""

    directory: Path
    answers: Mapping[str, Any] = field(default_factory=dict)
    unreachable: Sequence[str] = ()
    typed: list[str] = field(default_factory=list)
    modules: tuple[Module, ...] = ()
    open_client: OpenClient | None = None
    hosts: dict[str, TableHost] = field(default_factory=dict)
    settings: dict[str, Connection] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    clock: SteppingClock = field(default_factory=SteppingClock)
    out: Lines = field(default_factory=Lines)
    err: Lines = field(default_factory=Lines)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def connect(self, name: str, settings: Connection) -> Host:
        self.settings[name] = settings
        if name not in self.hosts:
            reachable = name not in self.unreachable
            self.hosts[name] = TableHost(name, self.answers, is_reachable=reachable)
        return self.hosts[name]

    def session(
        self, inventory: str = "hosts", *, extra: Sequence[str] = (), **options: Any
    ) -> Session:
        for name in ("tags", "skip_tags"):
            options.setdefault(name, ())
        tags = Selection(
            only=frozenset(options.pop("tags")) or frozenset(("all",)),
            skip=frozenset(options.pop("skip_tags")),
        )
        verbosity = options.get("verbosity", 0)
        show = PlainLines(self.out, self.err, verbosity=verbosity)

        def emit(event: Event) -> None:
            self.events.append(event)
            show(event)

        library = Library(modules=Registry(self.modules))
        source = str(self.directory / inventory)
        chosen = Options(tags=tags, **options)
        return Session(
            engine=Engine(chance=Random(0), now=self.clock.now),
            library=library,
            connect=self.connect,
            refresh_inventory=lambda: load(
                [source], playbook_directory=self.directory, reading=library.reading
            ),
            ask=self._ask,
            clock=self.clock,
            emit=emit,
            options=chosen,
            facts=RunFacts(
                playbook_directory=self.directory, check=chosen.check, verbosity=verbosity
            ),
            extra=read_extra(extra, library.load),
            store=Store(load([source], playbook_directory=self.directory, reading=library.reading)),
        )

    async def run(self, playbook: str = "site.yml", **settings: Any) -> int:
        session = self.session(**settings)
        sources = Sources(
            library=session.library, engine=session.engine, variables=session.hostless_scope()
        )
        parsed = parse_playbook(self.directory / playbook, sources)
        return await run_playbooks(
            [parsed], session, open_client=self.open_client, chance=Random(0)
        )

    def recap(self) -> Recap:
        return next(event for event in self.events if isinstance(event, Recap))

    def _ask(self, prompt: str, *, hidden: bool) -> str:
        self.out.write(prompt)
        return self.typed.pop(0)
