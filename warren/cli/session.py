"""The options that name a cluster, and the client that a command talks to."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from warren.cli.rendering import Output
from warren.client.contract import Client, Reader

Inventory = Annotated[
    list[str] | None,
    typer.Option(
        "--inventory", "-i", envvar="WARREN_INVENTORY",
        help="Inventory whose state is meant; its state directory is .warren beside it.",
    ),
]  # fmt: skip
StateDirectory = Annotated[
    Path | None,
    typer.Option("--state-dir", envvar="WARREN_STATE_DIR", help="State directory, if elsewhere."),
]
OutputForm = Annotated[Output, typer.Option("--output", "-o", help="table, json or yaml.")]


_chosen: ContextVar[tuple[list[str] | None, Path | None]] = ContextVar(
    "chosen", default=(None, None)
)


def choose(inventory: list[str] | None, state: Path | None) -> None:
    """Remember what is named before the command, for where the command names nothing itself."""
    _chosen.set((inventory, state))


def chosen(inventory: list[str] | None) -> list[str]:
    """The inventory that a command names, or else the one named before the command."""
    return inventory or _chosen.get()[0] or []


def read(
    inventory: list[str] | None, state: Path | None, work: Callable[[Reader], Awaitable[None]]
) -> None:
    """Run ``work`` on the state as last recorded; nothing is locked, nothing is changed."""
    from warren.daemon.session import open_reader  # noqa: PLC0415 - heavy, and not needed for --help

    sources, directory = chosen(inventory), state or _chosen.get()[1]

    async def run() -> None:
        async with open_reader(sources, directory) as client:
            await work(client)

    asyncio.run(run())


def change(
    inventory: list[str] | None, state: Path | None, work: Callable[[Client], Awaitable[None]]
) -> None:
    """Run ``work`` with a manager of this process on the locked state directory."""
    from warren.daemon.session import open_manager  # noqa: PLC0415 - heavy, and not needed for --help

    sources, directory = chosen(inventory), state or _chosen.get()[1]

    async def run() -> None:
        async with open_manager(sources, directory) as client:
            await work(client)

    asyncio.run(run())
