"""Wiring a run of playbooks: inventory, engine, connections, output; and its exit code."""

import argparse
import asyncio
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import SystemRandom
from secrets import token_hex
from typing import Any

from warren.aio.clock import SystemClock
from warren.cli.playbook_settings import Settings, read_settings
from warren.fleet.host import Host
from warren.model.errors import (
    HostRefused,
    HostUnreachable,
    InvalidInput,
    SyntaxProblem,
    WarrenError,
)
from warren.model.hidden import Secret
from warren.playbook.inventory.connection import Connection, read_connection
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.inventory.sources import load as load_inventory
from warren.playbook.language.library import Library
from warren.playbook.language.nodes import Playbook
from warren.playbook.language.plays import Sources, parse_playbook
from warren.playbook.language.problems import explain
from warren.playbook.modules.contract import Module
from warren.playbook.modules.registry import Registry
from warren.playbook.output.events import Emit
from warren.playbook.output.json_lines import JsonLines
from warren.playbook.output.live import LiveLine
from warren.playbook.output.plain import PlainLines
from warren.playbook.run import listing
from warren.playbook.run.keeper import only_error
from warren.playbook.run.manager import ManagerRequest, OpenManager
from warren.playbook.run.playbook import plan, run_playbooks
from warren.playbook.run.reach import Evaluated
from warren.playbook.run.selection import Selection
from warren.playbook.run.session import Options, Session
from warren.playbook.templating.engine import Engine
from warren.playbook.variables.extra import read_extra
from warren.playbook.variables.magic import RunFacts
from warren.playbook.variables.store import Store

cluster_prefix = "warren.core."
OK, GENERIC, UNREACHABLE, INTERRUPTED, UNEXPECTED = 0, 1, 4, 99, 250


def run(options: argparse.Namespace, *, open_manager: OpenManager | None = None) -> int:
    """Run playbooks; gives the exit code: 0, 1, 2 for a failed host, 4, 99, 250."""
    try:
        return _run(options, open_manager)
    except WarrenError as error:
        sys.stderr.write(f"[ERROR]: {explain(error)}\n")
        return code_of(error)
    except KeyboardInterrupt:
        sys.stderr.write("[ERROR]: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GENERIC
    except Exception as error:  # noqa: BLE001 - the outermost frame: a defect gets its exit code
        return _ended_by(error)


def _ended_by(error: BaseException) -> int:
    """Report what ended a run: an error of one of several busy hosts, or a defect of ours."""
    first = only_error(error) if isinstance(error, BaseExceptionGroup) else error
    if isinstance(first, WarrenError):
        sys.stderr.write(f"[ERROR]: {explain(first)}\n")
        return code_of(first)
    if isinstance(first, KeyboardInterrupt):
        return INTERRUPTED
    sys.stderr.write("[ERROR]: this is a defect of Warren; please report it with what follows\n")
    sys.stderr.write("".join(traceback.format_exception(error)))
    return UNEXPECTED


def code_of(error: WarrenError) -> int:
    """The exit code of an error that ends a run: 4 for what cannot be read or reached, else 1."""
    if isinstance(error, InvalidInput | SyntaxProblem | HostUnreachable | HostRefused):
        return UNREACHABLE
    return GENERIC


def _run(options: argparse.Namespace, open_manager: OpenManager | None) -> int:
    settings = read_settings(Path.cwd(), os.environ)
    emit = _renderer(options)
    first = Path(options.playbooks[0]).absolute()
    sources = tuple(options.inventory) or settings.inventory
    library = Library(modules=AllModules(), role_directories=settings.role_directories)

    def read_inventory() -> Inventory:
        return load_inventory(sources, playbook_directory=first.parent, reading=library.reading)

    session = _session(
        options, settings, emit=emit, library=library, inventory=read_inventory(), first=first
    )
    session.refresh_inventory = read_inventory
    for warning in session.store.inventory.warnings:
        session.warn(warning)
    parsing = Sources(library=library, engine=session.engine, variables=session.hostless_scope())
    playbooks = [parse_playbook(Path(name), parsing) for name in options.playbooks]
    told = _listing(options, playbooks, session)
    if told is not None:
        sys.stdout.write(told)
        return OK
    return asyncio.run(_run_connected(options, playbooks, session, open_manager, sources))


def _session(
    options: argparse.Namespace,
    settings: Settings,
    *,
    emit: Emit,
    library: Library,
    inventory: Inventory,
    first: Path,
) -> Session:
    clock = SystemClock()
    engine = Engine(chance=SystemRandom(), now=clock.now)
    tags = Selection(
        only=frozenset(_split(options.tags)) or frozenset(("all",)),
        skip=frozenset(_split(options.skip_tags)),
    )
    how = _options(options, settings, tags)
    session = Session(
        engine=engine,
        library=library,
        connect=_not_connected,
        refresh_inventory=lambda: inventory,
        ask=_ask,
        clock=clock,
        emit=emit,
        options=how,
        facts=RunFacts(
            playbook_directory=first.parent,
            check=how.check,
            diff=how.diff,
            forks=how.forks,
            verbosity=how.verbosity,
            tags=tuple(sorted(tags.only)),
            skip_tags=tuple(sorted(tags.skip)),
            limit=how.limit,
            inventory_sources=tuple(options.inventory),
        ),
        extra=read_extra(options.extra_vars, library.load),
        store=Store(inventory),
    )
    engine.tell(session.warn)
    return session


def _options(options: argparse.Namespace, settings: Settings, tags: Selection) -> Options:
    become_password = None
    if options.ask_become_pass:
        become_password = Secret(_ask("BECOME password: ", hidden=True))
    return Options(
        forks=max(1, options.forks or settings.forks),
        check=options.check,
        diff=options.diff,
        limit=options.limit,
        tags=tags,
        start_at=options.start_at_task,
        step=options.step,
        force_handlers=options.force_handlers,
        become=options.become or settings.become,
        become_user=options.become_user or settings.become_user or "root",
        become_method=options.become_method or settings.become_method or "sudo",
        become_password=become_password,
        variables=_connection_variables(options, settings),
        verbosity=options.verbose,
        strict_conditions=options.strict_conditions,
        gathering=settings.gathering,
    )


def _connection_variables(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Options about connections as the variables that hosts may override."""
    given: dict[str, Any] = {
        "ansible_connection": options.connection,
        "ansible_user": options.user or settings.remote_user,
        "ansible_private_key_file": options.private_key or settings.private_key_file,
        "ansible_timeout": options.timeout,
        "ansible_ssh_common_args": options.ssh_common_args,
        "ansible_ssh_extra_args": options.ssh_extra_args,
        "ansible_host_key_checking": settings.host_key_checking,
    }
    if options.ask_pass:
        given["ansible_password"] = _ask("SSH password: ", hidden=True)
    return {name: value for name, value in given.items() if value}


def _ask(prompt: str, *, hidden: bool) -> str:
    if not hidden:
        return input(prompt)
    import getpass  # noqa: PLC0415 - seldom used

    return getpass.getpass(prompt)


def _not_connected(name: str, _settings: Connection) -> Host:
    raise AssertionError(f"host {name} asked for before the run began")


def _split(texts: list[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _renderer(options: argparse.Namespace) -> Emit:
    if options.output == "json":
        return JsonLines(sys.stdout)
    is_terminal = sys.stdout.isatty()
    plain = PlainLines(
        sys.stdout,
        sys.stderr,
        colours=is_terminal and "NO_COLOR" not in os.environ,
        verbosity=options.verbose,
        timing=options.timing,
    )
    if not is_terminal:
        return plain
    return LiveLine(plain, sys.stdout, os.get_terminal_size(sys.stdout.fileno()).columns)


class AllModules:
    """The modules of hosts and, imported when a playbook first uses one, those about services."""

    def __init__(self) -> None:
        self._registry = Registry()
        self._has_all = False

    def find(self, name: str) -> Module | None:
        """The module of a name, or ``None``."""
        if name.startswith(cluster_prefix):
            self._add_cluster()
        return self._registry.find(name)

    def known_names(self) -> Iterable[str]:
        """All names."""
        self._add_cluster()
        return self._registry.known_names()

    def _add_cluster(self) -> None:
        if not self._has_all:
            from warren.playbook.modules import cluster  # noqa: PLC0415 - see the class

            self._registry = Registry(cluster.MODULES)
            self._has_all = True


def _listing(
    options: argparse.Namespace, playbooks: list[Playbook], session: Session
) -> str | None:
    """What options that only look ask for, or ``None`` to run."""
    shown: list[Callable[[Any], str]] = []
    if options.list_hosts:
        shown.append(lambda planned: listing.hosts(planned, session))
    if options.list_tasks:
        shown.append(listing.tasks)
    if options.list_tags:
        shown.append(listing.tags)
    if not (shown or options.syntax_check or options.explain_var):
        return None
    lines: list[str] = []
    for playbook in playbooks:
        planned = plan(playbook, session)
        lines.append(f"\nplaybook: {playbook.path}\n")
        if options.explain_var:
            lines.append(listing.origins(planned, session, options.explain_var))
        elif shown:
            lines.extend(listing.plays(planned, shown))
    return "".join(lines)


async def _run_connected(
    options: argparse.Namespace,
    playbooks: list[Playbook],
    session: Session,
    open_manager: OpenManager | None,
    sources: tuple[str, ...],
) -> int:
    from warren.fleet.ssh.pool import Pool  # noqa: PLC0415 - heavy, and not needed to list
    from warren.playbook.inventory.settings import settings_of  # noqa: PLC0415 - as the pool

    chance = SystemRandom()
    pool = Pool(clock=session.clock, random=chance.random, nonce=lambda: token_hex(16))
    async with pool:
        session.connect = lambda _name, settings: pool.host(settings_of(settings))

        def host(name: str) -> Host:
            return session.connect(name, read_connection(name, Evaluated(session.scope(name))))

        def open_client() -> AbstractAsyncContextManager[Any]:
            assert open_manager is not None, "offered only with an opener"
            return open_manager(
                ManagerRequest(
                    address=options.manager,
                    state_directory=Path(options.state_dir) if options.state_dir else None,
                    inventory_sources=sources,
                    inventory=session.store.inventory,
                    host=host,
                    on_unreachable=options.on_unreachable,
                )
            )

        return await run_playbooks(
            playbooks,
            session,
            open_client=open_client if open_manager is not None else None,
            chance=chance,
        )
