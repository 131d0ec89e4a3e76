"""Who is there: checked on both sides before anything else is said."""

import asyncio
from dataclasses import dataclass

from warren.raft.errors import Incompatible, Unavailable
from warren.raft.transport.connection import Connection, OnClosed, OnFrame, connect
from warren.raft.transport.frames import FrameKind
from warren.raft.transport.security import Security
from warren.raft.transport.wire import (
    PROTOCOL,
    Hello,
    Purpose,
    Welcome,
    decode_hello,
    decode_refusal,
    decode_welcome,
    encode,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """Who we are: ``member`` is 0 for a client, whose ``cluster`` may be empty."""

    cluster: str
    member: int


def check_hello(payload: bytes, certified: int | None, ours: Self) -> Hello:
    """Whether to let somebody in.

    Args:
        payload: of the frame.
        certified: what the certificate stands for.
        ours: who we are.

    Raises:
        Incompatible: no; says why.
    """
    hello = decode_hello(payload)
    if hello.protocol != PROTOCOL:
        raise Incompatible(f"protocol {hello.protocol} is spoken; this member speaks {PROTOCOL}")
    if hello.cluster != ours.cluster and (hello.cluster or hello.purpose is not Purpose.CLIENT):
        raise Incompatible(f"this is cluster {ours.cluster}, not {hello.cluster or 'unknown'}")
    if hello.to not in {0, ours.member}:
        raise Incompatible(f"this is member {ours.member}, not {hello.to}")
    if certified is None:
        raise Incompatible("the certificate names nobody who may connect")
    if hello.purpose is not Purpose.CLIENT and (certified != hello.member or not certified):
        raise Incompatible(
            f"the certificate is that of {f'member {certified}' if certified else 'a client'}, "
            f"not of member {hello.member}"
        )
    return hello


async def introduce(
    address: str,
    security: Security,
    ours: Self,
    *,
    to: int,
    purpose: Purpose,
    on_frame: OnFrame,
    on_closed: OnClosed,
    timeout_seconds: float,
) -> Connection:
    """Connect and be let in.

    Args:
        address: host and port.
        security: certificates.
        ours: who we are.
        to: whom we mean to reach; 0 for anybody.
        purpose: of the connection.
        on_frame: called with every frame behind the handshake.
        on_closed: called once at the end.
        timeout_seconds: for everything.

    Raises:
        Unavailable: nobody answers.
        Incompatible: somebody else is there, or refuses us; says why.
    """
    answer: asyncio.Future[Welcome] = asyncio.get_running_loop().create_future()

    def receive(connection: Connection, kind: FrameKind, payload: bytes) -> None:
        if answer.done():
            on_frame(connection, kind, payload)
            return
        try:
            answer.set_result(_check_answer(kind, payload, ours, to))
        except Incompatible as error:
            answer.set_exception(error)

    def end(connection: Connection) -> None:
        if not answer.done():
            answer.set_exception(
                connection.reason or Unavailable(f"{address} closed the connection at once")
            )
        else:
            on_closed(connection)

    hello = Hello(PROTOCOL, ours.cluster, ours.member, to, purpose)
    try:
        async with asyncio.timeout(timeout_seconds):
            connection = await connect(address, security.client, receive, end)
            try:
                _check_certificate(security.identify(connection.certificate), to, address)
                connection.send(FrameKind.HELLO, encode(hello))
                await answer
            except BaseException:
                answer.cancel()
                connection.abort()
                raise
    except TimeoutError as error:
        raise Unavailable(f"{address} did not answer in {timeout_seconds} s") from error
    return connection


def _check_certificate(certified: int | None, to: int, address: str) -> None:
    if to and certified != to:
        raise Incompatible(f"the certificate at {address} is not that of member {to}")


def _check_answer(kind: FrameKind, payload: bytes, ours: Self, to: int) -> Welcome:
    if kind is FrameKind.REFUSAL:
        raise Incompatible(f"refused: {decode_refusal(payload).message}")
    if kind is not FrameKind.WELCOME:
        raise Incompatible(f"{kind.name} came in place of a welcome")
    welcome = decode_welcome(payload)
    if welcome.protocol != PROTOCOL:
        raise Incompatible(f"protocol {welcome.protocol} is spoken there; ours is {PROTOCOL}")
    if ours.cluster and welcome.cluster != ours.cluster:
        raise Incompatible(f"cluster {welcome.cluster} is there, not {ours.cluster}")
    if to and welcome.member != to:
        raise Incompatible(f"member {welcome.member} is there, not {to}")
    return welcome
