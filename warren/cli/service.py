"""``warren service``."""

import sys
from typing import Annotated

import typer

from warren.cli import session
from warren.cli.rendering import Output, show_document, show_entry, show_rows
from warren.client.contract import Client, Reader

app = typer.Typer(help="What runs on the nodes.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The service's name.")]

LIST_COLUMNS = ("service", "state", "mode", "running", "image", "release", "message")
PS_COLUMNS = ("instance", "node", "state", "health", "release", "restarts", "endpoints", "message")


@app.command("list")
def list_services(
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
    output: session.OutputForm = Output.TABLE,
) -> None:
    """List services with how many instances run and how many should.

    Example: warren service list -i inventory/demo --output json
    """

    async def work(client: Reader) -> None:
        from warren.cli.rows import service_rows  # noqa: PLC0415 - heavy

        rows = service_rows(await client.services(), await client.instances())
        show_rows(rows, LIST_COLUMNS, output)

    session.read(inventory, state, work)


@app.command("inspect")
def inspect(
    name: Name,
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
    output: session.OutputForm = Output.YAML,
) -> None:
    """Show everything that is recorded of a service.

    Example: warren service inspect web -i inventory/demo
    """

    async def work(client: Reader) -> None:
        service = await client.service(name)
        show_document(service.model_dump(mode="json"), output)

    session.read(inventory, state, work)


@app.command("ps")
def list_instances(
    name: Name,
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
    output: session.OutputForm = Output.TABLE,
) -> None:
    """List the instances of a service: node, state, health, addresses.

    Example: warren service ps web -i inventory/demo
    """

    async def work(client: Reader) -> None:
        from warren.cli.rows import instance_rows  # noqa: PLC0415 - heavy

        await client.service(name)
        show_rows(instance_rows(await client.instances(name)), PS_COLUMNS, output)

    session.read(inventory, state, work)


@app.command("logs")
def logs(
    name: Name,
    *,
    tail: Annotated[int | None, typer.Option(help="Only the last N lines of each.", min=0)] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they come.")] = False,
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
    output: session.OutputForm = Output.TABLE,
) -> None:
    """Print the logs of all instances of a service, each line with its instance.

    Example: warren service logs web -i inventory/demo --tail 20
    """

    async def work(client: Reader) -> None:
        await client.service(name)
        async for instance, line in client.logs(name, tail=tail, follow=follow):
            text = line.decode(errors="replace").rstrip("\n")
            if output is Output.TABLE:
                sys.stdout.write(f"{instance} | {text}\n")
            else:
                show_entry({"instance": instance, "line": text}, output)
            if follow:
                sys.stdout.flush()  # a pipe would keep it back

    session.read(inventory, state, work)


@app.command("delete")
def delete(
    name: Name,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for its instances.")] = 120.0,
    inventory: session.Inventory = None,
    state: session.StateDirectory = None,
) -> None:
    """Remove a service and its instances; its volumes stay.

    Example: warren service delete web -i inventory/demo
    """

    async def work(client: Client) -> None:
        from warren.client.contract import DeleteService  # noqa: PLC0415 - heavy
        from warren.model.errors import DeadlineExceeded  # noqa: PLC0415

        await client.service(name)
        await client.change(DeleteService(name=name))
        settled = await client.settle([name], timeout_seconds=timeout, progress=lambda _steps: None)
        if settled.problems:
            raise DeadlineExceeded("\n".join(settled.problems))
        sys.stdout.write(f"service {name} is deleted\n")

    session.change(inventory, state, work)
