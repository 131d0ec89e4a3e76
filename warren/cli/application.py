"""The nouns of ``warren``, mounted."""

import typer

from warren.cli import inventory, manager, node, service, session, status

app = typer.Typer(
    name="warren",
    help="Services on plain Linux hosts over SSH.",
    epilog="--version shows the version.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def choose(
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
) -> None:
    """Services on plain Linux hosts over SSH."""
    session.choose(inventory, state)


app.add_typer(service.app, name="service")
app.add_typer(node.app, name="node")
app.add_typer(manager.app, name="manager")
app.command("status")(status.command)
app.command("inventory")(inventory.command)
