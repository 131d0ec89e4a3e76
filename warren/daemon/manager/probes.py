"""Health and metrics over plain HTTP, for balancers and scrapers; nothing else is answered.

``/live`` says that the process answers, ``/ready`` that it can do its work, check by check, ``/health``
how it is, which is always 200 while it answers. No name, address or secret is in any answer.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

from warren.daemon.manager import metrics
from warren.daemon.manager.metrics import Metric
from warren.model.errors import PermanentError, WarrenError
from warren.raft.node.node import Node
from warren.store.store import Store

REQUEST_SECONDS = 5.0
REQUEST_BYTES_MAX = 8 << 10
CALLERS_MAX = 64
_JSON = "application/json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that has to be right.

    Attributes:
        name: which.
        is_ok: whether it is.
        message: why not.
    """

    name: str
    is_ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer."""

    status: HTTPStatus
    kind: str
    body: bytes


def look(node: Node, store: Store) -> tuple[Check, ...]:
    """What a manager needs to do its work."""
    status = node.status
    return (
        Check(
            name="consensus",
            is_ok=not node.failed.done(),
            message="this manager cannot go on" if node.failed.done() else "",
        ),
        Check(
            name="leader",
            is_ok=status.leader != 0,
            message="" if status.leader else "too few managers reach each other",
        ),
        Check(
            name="disk",
            is_ok=not status.is_disk_full,
            message="it is full: nothing can be written" if status.is_disk_full else "",
        ),
        Check(
            name="record",
            is_ok=len(store.authority) > 0,
            message="" if len(store.authority) else "it was not received yet",
        ),
    )


def page(
    path: str, checks: Callable[[], tuple[Check, ...]], figures: Callable[[], list[Metric]]
) -> Page:
    """The answer to GET ``path``."""
    match path.partition("?")[0]:
        case "/live":
            return _json(HTTPStatus.OK, {"live": True})
        case "/ready":
            found = checks()
            is_ready = all(each.is_ok for each in found)
            code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
            return _json(code, {"ready": is_ready, "checks": _shown(found)})
        case "/health":
            found = checks()
            is_well = all(each.is_ok for each in found)
            word = "healthy" if is_well else "unhealthy"
            return _json(HTTPStatus.OK, {"status": word, "checks": _shown(found)})
        case "/metrics":
            text = metrics.write(figures())
            return Page(status=HTTPStatus.OK, kind=metrics.CONTENT_TYPE, body=text.encode())
    return _json(HTTPStatus.NOT_FOUND, {"error": "there are /health, /ready, /live and /metrics"})


class Probes:
    """Answers probes.

    Args:
        checks: what has to be right.
        figures: what is measured.
    """

    def __init__(
        self, checks: Callable[[], tuple[Check, ...]], figures: Callable[[], list[Metric]]
    ) -> None:
        self._checks = checks
        self._figures = figures
        self._callers = 0

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen as long as the block lasts; the port, which is a free one if ``port`` is 0.

        Raises:
            PermanentError: the address cannot be used.
        """
        try:
            server = await asyncio.start_server(self._meet, host, port, limit=REQUEST_BYTES_MAX)
        except OSError as error:
            raise PermanentError(
                f"cannot listen on {host}:{port}: {error}",
                hint="another process may; choose another --probe-port",
            ) from error
        async with server:
            found: int = server.sockets[0].getsockname()[1]
            yield found

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                if self._callers <= CALLERS_MAX:
                    answer, has_body = await self._answer(reader)
                    writer.write(_head(answer) + (answer.body if has_body else b""))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("a probe has gone: %s", error)
        finally:
            self._callers -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[Page, bool]:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _json(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, {"error": "too long"}), True
        words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - RFC 9112 §3
            return _json(HTTPStatus.BAD_REQUEST, {"error": "this is no request of HTTP/1"}), True
        if words[0] not in {"GET", "HEAD"}:
            return _json(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "only GET and HEAD"}), True
        try:
            return page(words[1], self._checks, self._figures), words[0] == "GET"
        except WarrenError as error:
            _log.warning("%s cannot be answered: %s", words[1], error)
            return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": error.code}), True


def _head(answer: Page) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        f"Content-Type: {answer.kind}",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET, HEAD")
    return "\r\n".join([*lines, "", ""]).encode()


def _json(status: HTTPStatus, document: dict[str, object]) -> Page:
    return Page(status=status, kind=_JSON, body=json.dumps(document).encode() + b"\n")


def _shown(checks: tuple[Check, ...]) -> dict[str, object]:
    return {each.name: {"ok": each.is_ok, "message": each.message} for each in checks}
