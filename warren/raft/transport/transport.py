"""All connections of a member."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self as ThisType

from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.raft.core.messages import Message, MsgSnap
from warren.raft.errors import Unavailable
from warren.raft.transport.calls import Calls
from warren.raft.transport.carrying import Carrier, Source
from warren.raft.transport.connection import Connection
from warren.raft.transport.guests import Guest, Receivers
from warren.raft.transport.handshake import Self
from warren.raft.transport.links import Link
from warren.raft.transport.security import Security


class Transport:
    """Connections to the other members, and from them and from clients. An async context.

    Args:
        ours: who we are.
        security: certificates.
        receivers: where things go.
        clock: for waiting before connecting again.
        random: in [0, 1), for the length of such waits.
        timeout_seconds: for connecting, and for the first words of whoever connects.
    """

    def __init__(
        self,
        ours: Self,
        security: Security,
        receivers: Receivers,
        *,
        clock: Clock,
        random: Callable[[], float],
        timeout_seconds: float = 2.0,
    ) -> None:
        self._ours = ours
        self._security = security
        self._receivers = receivers
        self._clock = clock
        self._random = random
        self._timeout_seconds = timeout_seconds
        self._companions = Companions()
        self._links: dict[int, tuple[Link, asyncio.Task[None]]] = {}
        self._calls: dict[int, Calls] = {}
        self._guests: set[Connection] = set()
        self._senders: dict[int, Connection] = {}
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> ThisType:
        await self._companions.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.close()
        self.set_peers({})
        self._senders.clear()
        await asyncio.gather(*(guest.end() for guest in tuple(self._guests)))
        await self._companions.__aexit__(kind, error, trace)

    async def listen(self, host: str, port: int) -> str:
        """Take connections there; the address, with the port that was given if ``port`` is 0.

        Raises:
            Unavailable: the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                self._welcome,
                host,
                port,
                ssl=self._security.server,
                ssl_handshake_timeout=self._timeout_seconds,
            )
        except OSError as error:
            raise Unavailable(f"cannot listen on {host}:{port}: {error}") from error
        self._servers.append(server)
        found = server.sockets[0].getsockname()
        return f"[{found[0]}]:{found[1]}" if ":" in found[0] else f"{found[0]}:{found[1]}"

    def set_peers(self, addresses: Mapping[int, str]) -> None:
        """Connect to these members and to no others."""
        wanted = {peer: each for peer, each in addresses.items() if peer != self._ours.member}
        for peer, (link, task) in tuple(self._links.items()):
            if wanted.get(peer) != link.address:
                task.cancel()
                del self._links[peer]
                if (calls := self._calls.pop(peer, None)) is not None:
                    calls.close()
        for peer, address in wanted.items():
            if peer not in self._links:
                link = self._link(peer, address)
                run = link.run(self._clock, self._random)
                self._links[peer] = link, self._companions.start(run)

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages, each to the member it names; what cannot be sent soon is dropped."""
        by_peer: dict[int, list[Message]] = {}
        for message in messages:
            by_peer.setdefault(message.to, []).append(message)
        for peer, theirs in by_peer.items():
            found = self._links.get(peer)
            if found is not None:
                found[0].send(theirs)

    async def send_snapshot(self, message: MsgSnap, source: Source) -> None:
        """Send a snapshot to the member that ``message`` is for.

        Raises:
            RaftError: it does not want it, or could not be reached.
        """
        carrier = Carrier(
            message,
            source,
            self._address(message.to),
            self._security,
            self._ours,
            timeout_seconds=self._timeout_seconds,
        )
        await carrier.carry(self._clock, self._random)

    async def request(
        self, peer: int, kind: int, payload: bytes, *, timeout_seconds: float
    ) -> bytes:
        """Ask another member.

        Raises:
            Uncertain: the connection broke or nothing came in time; it may have been carried out.
            RaftError: what it answered, or that it could not be reached.
        """
        address = self._address(peer)
        calls = self._calls.get(peer)
        if calls is None:
            calls = self._calls[peer] = Calls(
                address, self._security, self._ours, to=peer, timeout_seconds=self._timeout_seconds
            )
        return await calls.request(kind, payload, timeout_seconds=timeout_seconds)

    def connected(self) -> frozenset[int]:
        """The members that messages can be sent to now."""
        return frozenset(peer for peer, (link, _task) in self._links.items() if link.is_connected)

    def _address(self, peer: int) -> str:
        found = self._links.get(peer)
        if found is None:
            raise Unavailable(f"the address of member {peer} is not known")
        return found[0].address

    def _link(self, peer: int, address: str) -> Link:
        return Link(
            peer,
            address,
            self._security,
            self._ours,
            on_lost=self._receivers.on_lost,
            on_unreachable=self._receivers.on_unreachable,
            timeout_seconds=self._timeout_seconds,
        )

    def _welcome(self) -> Connection:
        guest = Guest(self._ours, self._security, self._receivers, self._companions, self._senders)
        connection = Connection(guest.take, self._see_off(guest), is_patient=True)
        self._guests.add(connection)
        loop = asyncio.get_running_loop()
        loop.call_later(2 * self._timeout_seconds, guest.expect_hello, connection)
        return connection

    def _see_off(self, guest: Guest) -> Callable[[Connection], None]:
        def end(connection: Connection) -> None:
            self._guests.discard(connection)
            guest.end(connection)

        return end
