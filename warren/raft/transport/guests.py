"""Who connects to a member: nobody before the greeting, then another member or a client."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warren.aio.companions import Companions
from warren.raft.core.messages import Message
from warren.raft.errors import Incompatible
from warren.raft.transport.calls import OnRequest, answer_request
from warren.raft.transport.carrying import OpenSink, Receiving
from warren.raft.transport.connection import Connection
from warren.raft.transport.frames import FrameKind
from warren.raft.transport.handshake import Self, check_hello
from warren.raft.transport.security import Security
from warren.raft.transport.wire import (
    PROTOCOL,
    Hello,
    Purpose,
    Refusal,
    Welcome,
    decode_messages,
    encode,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Where things go that others send. None of these may wait, but for ``open_sink``.

    Attributes:
        on_messages: messages of consensus, all of one sender.
        on_lost: a connection to or from that member is gone.
        on_unreachable: messages to that member were dropped.
        on_request: a request of a client or of another member.
        open_sink: a snapshot of another member.
    """

    on_messages: Callable[[Sequence[Message]], None]
    on_lost: Callable[[int], None]
    on_unreachable: Callable[[int], None]
    on_request: OnRequest
    open_sink: OpenSink


class Guest:
    """One who connected to us.

    Args:
        ours: who we are.
        security: certificates.
        receivers: where things go.
        companions: where the receiving of a snapshot runs.
        senders: the connection on which each member sends its messages now; of all guests.
    """

    def __init__(
        self,
        ours: Self,
        security: Security,
        receivers: Receivers,
        companions: Companions,
        senders: dict[int, Connection],
    ) -> None:
        self._ours = ours
        self._security = security
        self._receivers = receivers
        self._companions = companions
        self._senders = senders
        self._hello: Hello | None = None
        self._receiving: Receiving | None = None

    def take(self, connection: Connection, kind: FrameKind, payload: bytes) -> None:
        """A frame has come.

        Raises:
            Incompatible: it is none that this one may send; the connection is to be closed.
        """
        hello = self._hello
        if hello is None:
            self._let_in(connection, kind, payload)
        elif hello.purpose is Purpose.PEER:
            self._take_messages(hello.member, kind, payload)
        elif hello.purpose is Purpose.CLIENT:
            if kind is not FrameKind.REQUEST:
                raise Incompatible(f"a client sent {kind.name} in place of a request")
            answer_request(connection, payload, self._receivers.on_request)
        elif self._receiving is not None:
            self._receiving.take(kind, payload)

    def end(self, connection: Connection) -> None:
        """The connection is closed."""
        if connection.reason is not None:
            _log.warning("connection from %s: %s", connection.address, connection.reason)
        if self._receiving is not None:
            self._receiving.end()
        if self._hello is not None and self._senders.get(self._hello.member) is connection:
            del self._senders[self._hello.member]
            self._receivers.on_lost(self._hello.member)

    def expect_hello(self, connection: Connection) -> None:
        """Close the connection of one who has said nothing so far."""
        if self._hello is None and not connection.closed.done():
            connection.close(Incompatible("nothing was said in time"))

    def _let_in(self, connection: Connection, kind: FrameKind, payload: bytes) -> None:
        try:
            hello = self._check(connection, kind, payload)
        except Incompatible as error:
            connection.send(FrameKind.REFUSAL, encode(Refusal(str(error)[:1000])))
            raise
        self._hello = hello
        welcome = Welcome(PROTOCOL, self._ours.cluster, self._ours.member)
        connection.send(FrameKind.WELCOME, encode(welcome))
        if hello.purpose is Purpose.PEER:
            former = self._senders.get(hello.member)
            self._senders[hello.member] = connection
            if former is not None:  # its other end is gone, as we had yet to learn
                former.abort()
        elif hello.purpose is Purpose.SNAPSHOT:
            self._receiving = Receiving(connection, self._receivers.open_sink)
            self._companions.start(self._receiving.run())

    def _check(self, connection: Connection, kind: FrameKind, payload: bytes) -> Hello:
        if kind is not FrameKind.HELLO:
            raise Incompatible(f"{kind.name} came in place of a greeting")
        certified = self._security.identify(connection.certificate)
        return check_hello(payload, certified, self._ours)

    def _take_messages(self, member: int, kind: FrameKind, payload: bytes) -> None:
        if kind is not FrameKind.MESSAGES:
            raise Incompatible(f"member {member} sent {kind.name} in place of messages")
        messages = decode_messages(payload)
        ours = self._ours.member
        if any(each.sender != member or each.to != ours for each in messages):
            raise Incompatible(
                f"member {member} sent messages in the name or to the name of others"
            )
        self._receivers.on_messages(messages)
