"""Connections of members and clients over real sockets and real TLS on loopback."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.fleet.raft.certificates import Authority, Files
from warren.aio.clock import SystemClock
from warren.raft.core.entry import Configuration, Entry, SnapshotMeta
from warren.raft.core.messages import Message, MsgApp, MsgHeartbeat, MsgSnap
from warren.raft.errors import Incompatible, NotLeader, Refused, Unavailable, Uncertain
from warren.raft.transport.calls import Calls, Reply
from warren.raft.transport.frames import FrameKind, encode_frame
from warren.raft.transport.guests import Receivers
from warren.raft.transport.handshake import Self
from warren.raft.transport.transport import Transport
from warren.raft.transport.wire import PROTOCOL, Hello, Purpose, encode, encode_numbered

pytestmark = pytest.mark.fleet


@dataclass
class Member:
    """A member's connections, and all that arrived on them."""

    number: int
    files: Files
    cluster: str = "c"
    messages: list[Message] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    unreachable: list[int] = field(default_factory=list)
    snapshots: dict[int, bytearray] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    break_at: int | None = None
    address: str = ""
    transport: Transport = field(init=False)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["Member"]:
        self.transport = Transport(
            Self(cluster=self.cluster, member=self.number),
            self.files.security(),
            Receivers(
                on_messages=self.messages.extend,
                on_lost=self.lost.append,
                on_unreachable=self.unreachable.append,
                on_request=answer,
                open_sink=self.open_sink,
            ),
            clock=SystemClock(),
            random=random.random,
        )
        async with self.transport:
            self.address = await self.transport.listen("127.0.0.1", port)
            yield self

    async def open_sink(self, message: MsgSnap, size_bytes: int) -> "Store":
        if message.snapshot.index == 13:
            raise Refused("13 is unlucky")
        content = self.snapshots.setdefault(message.snapshot.index, bytearray())
        return Store(self, message.snapshot.index, content, size_bytes)


@dataclass
class Store:
    member: Member
    index: int
    content: bytearray
    size_bytes: int

    @property
    def offset(self) -> int:
        return len(self.content)

    async def add(self, offset: int, data: bytes) -> None:
        assert offset == self.offset
        if self.member.break_at is not None and offset >= self.member.break_at:
            self.member.break_at = None
            raise Unavailable("the disk is busy")
        self.content += data

    async def finish(self) -> None:
        assert self.offset == self.size_bytes
        self.member.finished.append(self.index)


@dataclass
class Bytes:
    content: bytes
    asked: list[int] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    async def chunk(self, offset: int, size_bytes: int) -> bytes:
        self.asked.append(offset)
        return self.content[offset : offset + size_bytes]


def answer(kind: int, payload: bytes, reply: Reply) -> None:
    loop = asyncio.get_running_loop()
    if kind == 1:
        reply(payload[::-1])
    elif kind == 2:
        reply(NotLeader("ask another", leader=3, address="elsewhere:1"))
    elif kind == 3:
        loop.call_later(0.2, reply, payload)
    elif kind == 5:
        reply(bytes(16 << 20))


@asynccontextmanager
async def members(directory: Path, *numbers: int) -> AsyncIterator[list[Member]]:
    authority = Authority(directory)
    made = [Member(number, authority.issue(number)) for number in numbers]
    async with AsyncExitStack() as stack:
        for member in made:
            await stack.enter_async_context(member.running())
        for member in made:
            member.transport.set_peers({each.number: each.address for each in made})
        for member in made:
            await until(partial(all_connected, member, len(made) - 1))
        yield made


def all_connected(member: Member, count: int) -> bool:
    return len(member.transport.connected()) == count


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def beat(sender: int, to: int, term: int = 1) -> MsgHeartbeat:
    return MsgHeartbeat(to, sender, term, 0)


async def test_messages_arrive_in_order_at_the_member_they_name(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2, 3) as (one, two, three):
        sent: list[Message] = [
            MsgApp(2, 1, 7, number, 6, 0, (Entry(number + 1, 7, b"x" * 300),))
            for number in range(500)
        ]
        for start in range(0, 500, 50):
            one.transport.send([*sent[start : start + 50], beat(1, 3)])
        await until(lambda: len(two.messages) == 500 and len(three.messages) == 10)
        assert two.messages == sent
        assert not one.unreachable


async def test_batch_beyond_a_frame_is_sent_in_parts(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2) as (one, two):
        entry = Entry(1, 1, b"x" * (1 << 20))
        one.transport.send([MsgApp(2, 1, 1, 0, 0, 0, (entry,)) for _ in range(20)])
        await until(lambda: len(two.messages) == 20)


async def test_end_of_a_member_is_noticed_at_once_and_its_return_too(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, two = Member(1, authority.issue(1)), Member(2, authority.issue(2))
    loop = asyncio.get_running_loop()
    async with one.running():
        async with two.running():
            port = int(two.address.rpartition(":")[2])
            one.transport.set_peers({2: two.address})
            await until(lambda: one.transport.connected() == {2})
            begun = loop.time()
        await until(lambda: one.lost == [2])
        assert loop.time() - begun < 2.0
        one.transport.send([beat(1, 2)])
        assert one.unreachable == [2]
        async with two.running(port):
            await until(lambda: one.transport.connected() == {2})
            one.transport.send([beat(1, 2, term=5)])
            await until(lambda: two.messages == [beat(1, 2, term=5)])


async def test_member_that_connects_anew_is_not_lost_when_its_old_connection_ends(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    former, again = (Member(1, authority.issue(1)) for _ in range(2))
    two = Member(2, authority.issue(2))
    async with two.running(), again.running():
        async with former.running():
            former.transport.set_peers({2: two.address})
            await until(lambda: former.transport.connected() == {2})
            again.transport.set_peers({2: two.address})
            await until(lambda: former.lost == [2])
            former.transport.set_peers({})
        await until(lambda: again.transport.connected() == {2})
        again.transport.send([beat(1, 2)])
        await until(lambda: two.messages == [beat(1, 2)])
        assert len(two.lost) <= 1  # by the tug of war of the two, not by the end of the first
        again.transport.set_peers({})
        await until(lambda: two.lost[-1:] == [1])


async def test_requests_and_answers_beyond_a_frame_are_refused(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2) as (one, _two):
        ask = one.transport.request
        with pytest.raises(Refused, match="a request of 4194304 bytes is too long"):
            await ask(2, 1, bytes(4 << 20), timeout_seconds=5)
        with pytest.raises(Refused, match="the answer of 16777225 bytes is too long"):
            await ask(2, 5, b"", timeout_seconds=5)
        assert await ask(2, 1, b"abc", timeout_seconds=5) == b"cba"


async def repeat(writer: asyncio.StreamWriter, data: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(data)
        await writer.drain()


async def test_client_that_takes_no_answers_is_asked_nothing_more(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2) as (one, two):
        host, _, port = two.address.rpartition(":")
        reader, writer = await asyncio.open_connection(
            host, int(port), ssl=one.files.security().client, server_hostname=host, limit=1 << 16
        )
        hello = Hello(PROTOCOL, "c", 0, 2, Purpose.CLIENT)
        writer.write(encode_frame(FrameKind.HELLO, encode(hello)))
        request = encode_frame(FrameKind.REQUEST, encode_numbered(1, 1, bytes(1 << 20)))
        asking = asyncio.ensure_future(repeat(writer, request, 200))
        await asyncio.wait([asking], timeout=3)
        assert not asking.done()
        asking.cancel()
        assert sum(each.unsent_bytes for each in two.transport._guests) < 24 << 20
        answered = len(await reader.read(1 << 20))
        assert answered
        writer.transport.abort()


@pytest.mark.parametrize(
    ("number", "cluster", "to"),
    [(3, "c", 2), (2, "other", 2)],
    ids=["other-member", "other-cluster"],
)
async def test_wrong_member_or_cluster_is_never_sent_anything(
    tmp_path: Path, number: int, cluster: str, to: int
) -> None:
    authority = Authority(tmp_path)
    one = Member(1, authority.issue(1))
    other = Member(number, authority.issue(number), cluster=cluster)
    async with one.running(), other.running():
        one.transport.set_peers({to: other.address})
        await asyncio.sleep(0.5)
        one.transport.send([beat(1, to)])
        assert not one.transport.connected()
        assert not other.messages
        assert one.unreachable == [to]


async def test_requests_are_answered_out_of_order_and_errors_arrive_as_they_are(
    tmp_path: Path,
) -> None:
    async with members(tmp_path, 1, 2) as (one, _two):
        ask = one.transport.request
        slow = asyncio.ensure_future(ask(2, 3, b"slow", timeout_seconds=5))
        assert await ask(2, 1, b"abc", timeout_seconds=5) == b"cba"
        assert not slow.done()
        with pytest.raises(NotLeader) as refused:
            await ask(2, 2, b"", timeout_seconds=5)
        assert (refused.value.leader, refused.value.address) == (3, "elsewhere:1")
        assert await slow == b"slow"
        with pytest.raises(Uncertain, match="did not answer in time"):
            await ask(2, 4, b"", timeout_seconds=0.1)
        with pytest.raises(Unavailable, match="address of member 9 is not known"):
            await ask(9, 1, b"", timeout_seconds=1)
        many = await asyncio.gather(
            *(ask(2, 1, str(number).encode(), timeout_seconds=5) for number in range(300))
        )
        assert many == [str(number).encode()[::-1] for number in range(300)]


async def test_request_under_way_when_the_connection_breaks_is_uncertain(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    two = Member(2, authority.issue(2))
    calls: Calls
    async with two.running():
        calls = Calls(
            two.address,
            authority.issue(0).security(),
            Self(cluster="", member=0),
            timeout_seconds=2,
        )
        pending = asyncio.ensure_future(calls.request(4, b"", timeout_seconds=10))
        await asyncio.sleep(0.2)
        assert not pending.done()
    with pytest.raises(Uncertain, match="broke"):
        await pending
    with pytest.raises(Unavailable, match="cannot connect"):
        await calls.request(1, b"", timeout_seconds=1)


def snap(index: int) -> MsgSnap:
    return MsgSnap(2, 1, 3, SnapshotMeta(index, 2, Configuration((1, 2))))


async def test_snapshot_arrives_whole_while_messages_go_on(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2) as (one, two):
        source = Bytes(random.Random(1).randbytes(10_000_000))
        sending = asyncio.ensure_future(one.transport.send_snapshot(snap(5), source))
        while not sending.done():
            one.transport.send([beat(1, 2)])
            await asyncio.sleep(0.001)
        await sending
        assert (bytes(two.snapshots[5]), two.finished) == (source.content, [5])
        await until(lambda: len(two.messages) > 3)


async def test_interrupted_snapshot_goes_on_where_it_was(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2) as (one, two):
        source = Bytes(bytes(3_000_000))
        two.break_at = 1 << 20
        with pytest.raises(Refused, match="the disk is busy"):
            await one.transport.send_snapshot(snap(5), source)
        source.asked.clear()
        await one.transport.send_snapshot(snap(5), source)
        assert (min(source.asked), two.finished) == (1 << 20, [5])
        with pytest.raises(Refused, match="13 is unlucky"):
            await one.transport.send_snapshot(snap(13), source)


async def raw(member: Member, files: Files, *data: bytes) -> bytes:
    """Speak to a member without any of our own code; what it says until it closes."""
    host, _, port = member.address.rpartition(":")
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=files.security().client, server_hostname=host
    )
    for part in data:
        writer.write(part)
    try:
        async with asyncio.timeout(6):
            return await reader.read()
    finally:
        writer.close()


async def first_byte(host: str, port: int, context: ssl.SSLContext) -> None:
    reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        writer.write(greeting(1, Purpose.PEER))
        await reader.readexactly(1)
    finally:
        writer.close()


def greeting(member: int, purpose: Purpose) -> bytes:
    return encode_frame(FrameKind.HELLO, encode(Hello(PROTOCOL, "c", member, 2, purpose)))


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 64,
        encode_frame(FrameKind.MESSAGES, encode([])),
        greeting(9, Purpose.PEER) + encode_frame(FrameKind.MESSAGES, b"\xc1garbage"),
        greeting(9, Purpose.PEER) + encode_frame(FrameKind.MESSAGES, encode([beat(3, 2)])),
        greeting(9, Purpose.PEER) + encode_frame(FrameKind.REQUEST, b"12345678901"),
        greeting(9, Purpose.CLIENT) + encode_frame(FrameKind.REQUEST, b"123"),
        greeting(9, Purpose.SNAPSHOT) + encode_frame(FrameKind.CHUNK, b"123"),
        greeting(9, Purpose.SNAPSHOT) + encode_frame(FrameKind.SNAPSHOT, b"\xc1"),
        greeting(1, Purpose.PEER),
    ],
    ids=range(11),
)
async def test_noise_closes_its_own_connection_only(tmp_path: Path, noise: bytes) -> None:
    async with members(tmp_path, 1, 2, 9) as (one, two, nine):
        nine.transport.set_peers({})
        await raw(two, nine.files, noise)
        assert two.messages == []
        one.transport.send([beat(1, 2)])
        await until(lambda: two.messages == [beat(1, 2)])


async def test_other_authority_no_certificate_and_tls_1_2_are_refused(tmp_path: Path) -> None:
    async with members(tmp_path / "ours", 1, 2) as (one, two):
        host, _, port = two.address.rpartition(":")
        foreign = Authority(tmp_path / "theirs").issue(1)
        trusting = ssl.create_default_context(cafile=str(one.files.authority))
        old = one.files.security().client
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        posing = foreign.security().client
        posing.load_verify_locations(one.files.authority)
        for context in (trusting, old, posing):
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await first_byte(host, int(port), context)
        calls = Calls(
            two.address, foreign.security(), Self(cluster="", member=0), timeout_seconds=2
        )
        with pytest.raises(Incompatible, match="has no certificate that we trust"):
            await calls.request(1, b"", timeout_seconds=1)


async def test_member_that_does_not_read_is_dropped_from_and_costs_no_memory(
    tmp_path: Path,
) -> None:
    async with members(tmp_path, 1, 2) as (one, two):
        big: list[Message] = [MsgApp(2, 1, 1, 0, 0, 0, (Entry(1, 1, bytes(1 << 20)),))]
        for _ in range(80):  # without giving the loop a turn: nobody reads meanwhile
            one.transport.send(big)
            await asyncio.sleep(0)
        assert one.unreachable
        received = len(two.messages)
        await asyncio.sleep(1.0)
        assert received <= len(two.messages) < 80
        one.transport.send([beat(1, 2, term=9)])
        await until(lambda: two.messages[-1] == beat(1, 2, term=9))


async def test_frames_of_one_turn_leave_in_order_whether_alone_or_many(tmp_path: Path) -> None:
    async with members(tmp_path, 1, 2) as (one, two):
        sent: list[Message] = []
        for count in (1, 1, 5, 1, 1, 3, 40, 1):
            turn: list[Message] = [beat(1, 2, term=len(sent) + each) for each in range(count)]
            for message in turn:
                one.transport.send([message])
            sent += turn
            await asyncio.sleep(0.001)
        await until(lambda: len(two.messages) == len(sent))
        assert two.messages == sent
