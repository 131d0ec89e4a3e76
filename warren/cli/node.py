"""``warren node``."""

import typer

from warren.cli import session
from warren.cli.rendering import Output, show_rows
from warren.client.contract import Reader

app = typer.Typer(help="Hosts that may run instances.", no_args_is_help=True)

COLUMNS = ("name", "state", "role", "address", "engine", "cpus", "memory", "instances", "message")


@app.command("list")
def list_nodes(
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
    output: session.OutputForm = Output.TABLE,
) -> None:
    """List nodes with their state, engine, capacity and number of instances.

    Example: warren node list -i inventory/demo
    """

    async def work(client: Reader) -> None:
        from warren.cli.rows import node_rows  # noqa: PLC0415 - heavy

        nodes, instances = await client.nodes(), await client.instances()
        show_rows(node_rows(nodes, instances), COLUMNS, output)

    session.read(inventory, state, work)
