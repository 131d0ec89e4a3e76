"""``docs/api.md`` lists every RPC with its options, as the descriptors have them."""

from pathlib import Path

from tests.unit.wire.test_protocol import SEED_NAMES, SEED_RPCS
from warren.wire.methods import METHODS, Method

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def row(method: Method) -> str:
    access = method.access
    order = ("admin", "operator", "viewer", "manager", "tool")
    callers = " ".join(role for role in order if role in access.roles)
    if access.by_token:
        callers += " token"
    streams = {(0, 0): "", (0, 1): "answer", (1, 0): "request", (1, 1): "both"}
    marks = [
        word
        for word, is_set in (("socket", access.on_socket), ("secrets", access.yields_secrets))
        if is_set
    ]
    deadline = f"{access.deadline_seconds:g}" if access.deadline_seconds else ""
    cells = (
        f"`{method.service.rpartition('.')[2]}.{method.name}`",
        callers,
        access.scope,
        access.effect,
        access.answered_by,
        streams[method.client_streaming, method.server_streaming],
        " ".join(marks),
        deadline,
    )
    return f"| {' | '.join(cells)} |"


def test_page_lists_every_rpc_as_its_options_are() -> None:
    lines = PAGE.read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `") and "Api." in line]
    assert rows == [row(method) for method in METHODS.values()]


def test_page_says_what_became_of_every_rpc_of_the_original() -> None:
    text = PAGE.read_text()
    missing = [f"| `{name}` | `{SEED_RPCS.get(name, name)}` |" for name in SEED_NAMES]
    assert [line for line in missing if line not in text] == []
