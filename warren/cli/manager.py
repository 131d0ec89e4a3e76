"""``warren manager``."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from warren.cli.rendering import Output, show_rows
from warren.cli.session import OutputForm

app = typer.Typer(help="The processes that agree on what is to run.", no_args_is_help=True)

COLUMNS = (
    "member", "name", "role", "suffrage", "reachable", "lacks_entries", "peer_address", "api_address",
)  # fmt: skip

DataDirectory = Annotated[
    Path,
    typer.Option(
        "--data-dir", envvar="WARREN_DATA_DIR", help="Where the manager keeps its things."
    ),
]
Name = Annotated[str, typer.Option(help="The manager's name; its host's name by default.")]
Address = Annotated[
    str, typer.Option(help="Name or address at which all others reach it; a guess by default.")
]
Listen = Annotated[str, typer.Option(help="Address to listen on; that of --address by default.")]
Also = Annotated[
    list[str] | None, typer.Option(help="Further name or address for its certificate; repeatable.")
]
ApiPort = Annotated[int, typer.Option(help="Port of the API.", min=1, max=65535)]
PeerPort = Annotated[int, typer.Option(help="Port for the other managers.", min=1, max=65535)]
JoinPort = Annotated[int, typer.Option(help="Port for managers that join.", min=1, max=65535)]
TokenPort = Annotated[
    int, typer.Option(help="Port of the API for callers with a token only.", min=1, max=65535)
]
ProbePort = Annotated[
    int, typer.Option(help="Port of health and metrics over HTTP.", min=1, max=65535)
]
ProbeHost = Annotated[str, typer.Option(help="Address where health and metrics are listened for.")]
Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--inventory", "-i", help="Inventory that says how nodes are reached; read at each start."
    ),
]
NoRun = Annotated[
    bool, typer.Option("--no-run", help="Only prepare; `warren manager run` runs it later.")
]
Level = Annotated[
    str, typer.Option("--log-level", help="Of the log on standard error: debug, info, warning.")
]
_STANDARD_INPUT = "-"
LIBRARY = Path("/var/lib/warren")


@app.command("init")
def init(
    *,
    data: DataDirectory = LIBRARY,
    name: Name = "",
    address: Address = "",
    listen: Listen = "",
    also: Also = None,
    api_port: ApiPort = 8080,
    peer_port: PeerPort = 8081,
    join_port: JoinPort = 8082,
    token_port: TokenPort = 8084,
    probe_port: ProbePort = 8083,
    probe_host: ProbeHost = "127.0.0.1",
    tokens: Annotated[int, typer.Option(help="How many join tokens to make.", min=0, max=6)] = 2,
    inventory: Hosts = None,
    no_run: NoRun = False,
    level: Level = "info",
) -> None:
    """Begin a cluster, and run its first manager.

    Prints join tokens: each lets one more manager join, once, within an hour.

    Example: warren manager init --address 10.0.0.1
    """
    from warren.daemon.manager.founding import Founded  # noqa: PLC0415 - heavy
    from warren.daemon.manager.process import Process  # noqa: PLC0415

    addresses = _addresses(
        address,
        also,
        listen=listen,
        api_port=api_port,
        peer_port=peer_port,
        join_port=join_port,
        token_port=token_port,
        probe_port=probe_port,
        probe_host=probe_host,
    )

    def show(founded: Founded) -> None:
        seat = founded.seat
        sys.stdout.write(f"cluster {seat.cluster_id}, manager {seat.name}\n")
        sys.stdout.write(f"authority sha256:{founded.fingerprint.hex()}\n")
        for token in founded.tokens:
            text = token.reveal().decode()
            sys.stdout.write(f"warren manager join {text} {seat.addresses.join}\n")
        sys.stdout.flush()

    process = Process(data, level=level)
    process.init(
        name or _own_name(),
        addresses,
        tokens=tokens,
        inventory=_sources(inventory),
        show=show,
        runs=not no_run,
    )


@app.command("join")
def join(
    *,
    token: Annotated[
        str,
        typer.Argument(help="Join token; - to read it from standard input.", show_default=False),
    ],
    manager: Annotated[str, typer.Argument(help="Address of any manager.", show_default=False)],
    data: DataDirectory = LIBRARY,
    name: Name = "",
    address: Address = "",
    listen: Listen = "",
    also: Also = None,
    api_port: ApiPort = 8080,
    peer_port: PeerPort = 8081,
    join_port: JoinPort = 8082,
    token_port: TokenPort = 8084,
    probe_port: ProbePort = 8083,
    probe_host: ProbeHost = "127.0.0.1",
    inventory: Hosts = None,
    no_run: NoRun = False,
    level: Level = "info",
) -> None:
    """Join a cluster as a manager, and run it. It votes when it has caught up.

    Example: echo TOKEN | warren manager join - 10.0.0.1 --address 10.0.0.2
    """
    from warren.daemon.manager.process import Process  # noqa: PLC0415 - heavy
    from warren.daemon.manager.seat import Seat  # noqa: PLC0415
    from warren.model.hidden import Secret  # noqa: PLC0415

    text = sys.stdin.readline().strip() if token == _STANDARD_INPUT else token
    addresses = _addresses(
        address,
        also,
        listen=listen,
        api_port=api_port,
        peer_port=peer_port,
        join_port=join_port,
        token_port=token_port,
        probe_port=probe_port,
        probe_host=probe_host,
    )

    def show(seat: Seat) -> None:
        sys.stdout.write(f"cluster {seat.cluster_id}, manager {seat.name} ({seat.member})\n")
        sys.stdout.flush()

    Process(data, level=level).join(
        name or _own_name(),
        addresses,
        token=Secret(text),
        address=manager,
        inventory=_sources(inventory),
        show=show,
        runs=not no_run,
    )


@app.command("run")
def run(
    data: DataDirectory = LIBRARY,
    level: Level = "info",
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help="Only print a systemd unit that runs it.")
    ] = False,
) -> None:
    """Run the manager of a data directory until SIGTERM.

    Example: warren manager run --print-unit > /etc/systemd/system/warren.service
    """
    from warren.daemon.manager.process import Process  # noqa: PLC0415 - heavy

    if print_unit:
        from warren.daemon.manager.unit import unit_text  # noqa: PLC0415

        program = Path(sys.argv[0]).resolve()
        sys.stdout.write(unit_text(program, data.resolve()))
        return
    Process(data, level=level).run()


@app.command("list")
def list_managers(data: DataDirectory = LIBRARY, output: OutputForm = Output.TABLE) -> None:
    """List the managers, as the leader sees them.

    Example: warren manager list --output json
    """
    from warren.daemon.manager.visiting import Visitor  # noqa: PLC0415 - heavy

    found = Visitor(data).managers()
    rows: list[dict[str, Any]] = [
        {
            "member": each.member,
            "name": each.name,
            "role": "leader" if each.is_leader else "follower",
            "suffrage": each.suffrage,
            "reachable": each.is_reachable,
            "lacks_entries": each.lacks_entries,
            "peer_address": each.peer_address,
            "api_address": each.api_address,
        }
        for each in found.managers
    ]
    show_rows(rows, COLUMNS, output)


@app.command("remove")
def remove(
    manager: Annotated[str, typer.Argument(help="Its name or number.")],
    data: DataDirectory = LIBRARY,
) -> None:
    """Take a manager out for ever; refused while too few others live to go on without it.

    Example: warren manager remove m3
    """
    from warren.daemon.manager.visiting import Visitor  # noqa: PLC0415 - heavy

    sys.stdout.write(Visitor(data).remove(manager) + "\n")


@app.command("transfer")
def transfer(
    manager: Annotated[str, typer.Argument(help="Its name or number; the best by default.")] = "",
    data: DataDirectory = LIBRARY,
) -> None:
    """Let another manager lead.

    Example: warren manager transfer m2
    """
    from warren.daemon.manager.visiting import Visitor  # noqa: PLC0415 - heavy

    sys.stdout.write(Visitor(data).transfer(manager) + "\n")


@app.command("token")
def token(data: DataDirectory = LIBRARY) -> None:
    """Make a token with which one more manager can join, once, within an hour.

    Example: warren manager token
    """
    from warren.daemon.manager.visiting import Visitor  # noqa: PLC0415 - heavy

    made = Visitor(data).token()
    sys.stdout.write(f"warren manager join {made.token.decode()} {made.address}\n")


@app.command("certify")
def certify(
    name: Annotated[str, typer.Argument(help="Whom the certificate is for.")],
    *,
    role: Annotated[str, typer.Option(help="admin, operator, viewer or tool.")] = "viewer",
    tenant: Annotated[str, typer.Option(help="The only tenant it may touch; all by default.")] = "",
    out: Annotated[Path, typer.Option(help="File for certificate, key and authority.")],
    data: DataDirectory = LIBRARY,
) -> None:
    """Make a certificate for the API, good for 90 days; its key is made here and goes nowhere else.

    Example: warren manager certify ann --role admin --out ann.pem
    """
    from warren.daemon.manager.visiting import Visitor  # noqa: PLC0415 - heavy

    address = Visitor(data).certify(role, name, tenant, out)
    sys.stdout.write(f"{role} {name}: {out}, for the API at {address}\n")


def _addresses(address: str, also: list[str] | None, **others: Any) -> Any:
    from warren.daemon.manager.process import own_address  # noqa: PLC0415 - heavy
    from warren.daemon.manager.seat import Addresses  # noqa: PLC0415

    return Addresses(host=address or own_address(), names=tuple(also or ()), **others)


def _sources(inventory: list[str] | None) -> tuple[str, ...]:
    """Sources of an inventory as they are found from anywhere; a list of hosts stays as it is."""
    return tuple(each if "," in each else str(Path(each).absolute()) for each in inventory or ())


def _own_name() -> str:
    from warren.daemon.manager.process import own_name  # noqa: PLC0415 - heavy

    return own_name()
