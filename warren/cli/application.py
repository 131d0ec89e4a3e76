"""The nouns of ``warren``, mounted."""

import typer

from warren.cli import inventory, node, service, status

app = typer.Typer(
    name="warren",
    help="Services on plain Linux hosts over SSH.",
    epilog="--version shows the version.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(service.app, name="service")
app.add_typer(node.app, name="node")
app.command("status")(status.command)
app.command("inventory")(inventory.command)
