"""``warren status``: the cluster at a glance."""

from warren.cli import session
from warren.cli.rendering import Output, show_document, show_rows
from warren.client.contract import Reader

COLUMNS = ("service", "state", "running", "image", "nodes", "message")


def command(
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
    output: session.OutputForm = Output.TABLE,
) -> None:
    """Show nodes and services: what is wanted, what runs, and why not.

    Example: warren status -i inventory/demo
    """

    async def work(client: Reader) -> None:
        from warren.cli.rows import node_rows, service_rows  # noqa: PLC0415 - heavy

        services, instances = await client.services(), await client.instances()
        nodes = node_rows(await client.nodes(), instances)
        rows = service_rows(services, instances)
        if output is not Output.TABLE:
            show_document({"nodes": nodes, "services": rows}, output)
            return
        show_rows(nodes, ("name", "state", "instances", "message"), output)
        show_rows(rows, COLUMNS, output)

    session.read(inventory, state, work)
