"""A client and members over real connections; what the members agree on is one record for all."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fleet.raft.certificates import Authority, Files
from warren.aio.clock import SystemClock
from warren.raft.client import Client, RequestKind
from warren.raft.core.messages import MsgSnap
from warren.raft.errors import (
    Incompatible,
    NotLeader,
    Overloaded,
    RaftError,
    Refused,
    SessionExpired,
    Unavailable,
    Uncertain,
)
from warren.raft.session import Command, OpenSession, Sessions, decode_proposal, encode_number
from warren.raft.transport.calls import Reply
from warren.raft.transport.carrying import Sink
from warren.raft.transport.guests import Receivers
from warren.raft.transport.handshake import Self
from warren.raft.transport.transport import Transport

pytestmark = pytest.mark.fleet


@dataclass
class Record:
    """What all members hold, and what goes wrong with it.

    Attributes:
        silent: how many of the next commands are carried out without an answer.
        breaking: how many of the next ones end in a broken connection as well.
        overloaded: how many are turned down.
    """

    leader: int = 1
    clients: int = 0
    sessions: Sessions = field(default_factory=Sessions)
    done: list[bytes] = field(default_factory=list)
    silent: int = 0
    breaking: int = 0
    overloaded: int = 0
    addresses: dict[int, str] = field(default_factory=dict)
    asked: Counter[int] = field(default_factory=Counter)

    def carry_out(self, payload: bytes) -> bytes | RaftError:
        proposal = decode_proposal(payload)
        if isinstance(proposal, OpenSession):
            self.clients += 1
            self.sessions.open(self.clients, 0)
            return encode_number(self.clients)
        assert isinstance(proposal, Command)
        session = self.sessions.find(proposal, 0)
        if isinstance(session, (bytes, RaftError)):
            return session
        self.done.append(proposal.data)
        session.results[proposal.sequence] = proposal.data[::-1]
        return proposal.data[::-1]


@dataclass
class Member:
    number: int
    files: Files
    record: Record
    hint: str | None = None
    transport: Transport = field(init=False)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["Member"]:
        self.transport = Transport(
            Self(cluster="c", member=self.number),
            self.files.security(),
            Receivers(
                on_messages=refuse_all,
                on_lost=lambda _peer: None,
                on_unreachable=lambda _peer: None,
                on_request=self.answer,
                open_sink=refuse_snapshot,
            ),
            clock=SystemClock(),
            random=random.random,
        )
        async with self.transport:
            self.record.addresses[self.number] = await self.transport.listen("127.0.0.1", port)
            yield self

    def answer(self, kind: int, payload: bytes, reply: Reply) -> None:
        record = self.record
        record.asked[self.number] += 1
        if self.number != record.leader:
            address = record.addresses.get(record.leader, "") if self.hint is None else self.hint
            reply(NotLeader("another leads", leader=record.leader, address=address))
        elif record.overloaded:
            record.overloaded -= 1
            reply(Overloaded("too much", retry_after_seconds=0.05))
        elif kind == RequestKind.READ:
            reply(b"%d" % len(record.done))
        else:
            self.decide(payload, reply)

    def decide(self, payload: bytes, reply: Reply) -> None:
        result = self.record.carry_out(payload)
        if self.record.breaking:
            self.record.breaking -= 1
            for guest in tuple(self.transport._guests):
                guest.abort()
        elif self.record.silent:
            self.record.silent -= 1
        else:
            asyncio.get_running_loop().call_later(random.random() / 200, reply, result)


def refuse_all(messages: Sequence[object]) -> None:
    raise Incompatible(f"{len(messages)} messages are not wanted")


async def refuse_snapshot(message: MsgSnap, size_bytes: int) -> Sink:
    raise Refused(f"{message} of {size_bytes} bytes is not wanted")


@dataclass
class World:
    record: Record
    authority: Authority
    members: dict[int, Member]
    stacks: dict[int, AsyncExitStack]

    def client(self, *members: int, cluster: str = "") -> Client:
        addresses = [self.record.addresses[each] for each in members or self.members]
        return Client(
            addresses,
            self.authority.issue(0).security(),
            cluster=cluster,
            clock=SystemClock(),
            random=random.random,
        )

    async def stop(self, member: int) -> None:
        await self.stacks[member].aclose()


@asynccontextmanager
async def world(directory: Path, count: int = 3) -> AsyncIterator[World]:
    authority, record = Authority(directory), Record()
    numbers = range(1, count + 1)
    members = {each: Member(each, authority.issue(each), record) for each in numbers}
    async with AsyncExitStack() as stack:
        stacks = {each: await stack.enter_async_context(AsyncExitStack()) for each in numbers}
        for number, member in members.items():
            await stacks[number].enter_async_context(member.running())
        yield World(record, authority, members, stacks)


async def test_many_commands_at_once_are_each_carried_out_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client() as client:
        wanted = [b"%d" % number for number in range(3000)]
        results = await asyncio.gather(*(client.propose(each) for each in wanted))
        assert results == [each[::-1] for each in wanted]
        assert sorted(here.record.done) == sorted(wanted)
        assert here.record.clients == 1
        assert await client.read(b"how many") == b"3000"


async def test_leader_is_found_by_hint_even_if_its_address_was_not_known(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client(2) as client:
        assert await client.propose(b"ab") == b"ba"
        asked_before = here.record.asked[2]
        assert await client.propose(b"cd") == b"dc"
        assert here.record.asked[2] == asked_before


async def test_leader_is_found_without_hints(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client(2, 3, 1) as client:
        for member in here.members.values():
            member.hint = ""
        assert await client.propose(b"ab") == b"ba"


async def test_members_that_refer_to_each_other_are_not_asked_all_the_time(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client(2, 3) as client:
        here.record.leader = 0
        here.members[2].hint = here.record.addresses[3]
        here.members[3].hint = here.record.addresses[2]
        with pytest.raises(Unavailable) as failure:
            await client.propose(b"x", timeout_seconds=1)
        assert not isinstance(failure.value, Uncertain)
        assert here.record.asked.total() < 50


@pytest.mark.parametrize("trouble", ["silent", "breaking"])
async def test_command_without_an_answer_is_sent_again_and_done_once(
    tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warren.raft.client.ATTEMPT_SECONDS", 0.3)
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"first")
        setattr(here.record, trouble, 3)
        wanted = [b"%d" % number for number in range(200)]
        results = await asyncio.gather(*(client.propose(each) for each in wanted))
        assert results == [each[::-1] for each in wanted]
        assert sorted(here.record.done) == sorted([b"first", *wanted])


async def test_leader_that_ends_is_left_for_the_next_one_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"first")
        loop = asyncio.get_running_loop()

        async def succeed() -> None:
            await here.stop(1)
            await asyncio.sleep(0.2)
            here.record.leader = 2

        change = asyncio.ensure_future(succeed())
        begun = loop.time()
        for number in range(50):
            await client.propose(b"%d" % number)
            await asyncio.sleep(0.01)
        await change
        assert loop.time() - begun < 3.0
        assert here.record.done == [b"first", *(b"%d" % number for number in range(50))]


async def test_host_that_swallows_everything_delays_many_calls_no_longer_than_one(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as swallowing:
        async with world(tmp_path) as here:
            here.record.addresses[9] = f"127.0.0.1:{swallowing.getsockname()[1]}"
            async with here.client(9, 1) as client:
                begun = asyncio.get_running_loop().time()
                await asyncio.gather(*(client.read(b"") for _ in range(50)))
                assert 1.0 < asyncio.get_running_loop().time() - begun < 4.0


async def test_expired_session_is_replaced_for_a_command_that_was_surely_not_done(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"a")
        here.record.sessions = Sessions()
        assert await client.propose(b"bc") == b"cb"
        assert (here.record.clients, here.record.done) == (2, [b"a", b"bc"])


async def test_expired_session_is_reported_for_a_command_that_may_have_been_done(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"a")
        here.record.breaking = 1
        pending = asyncio.ensure_future(client.propose(b"b"))
        while len(here.record.done) < 2:  # noqa: ASYNC110 - the member has no event for that
            await asyncio.sleep(0)
        here.record.sessions = Sessions()
        with pytest.raises(SessionExpired):
            await pending
        assert await client.propose(b"cd") == b"dc"
        assert here.record.done == [b"a", b"b", b"cd"]


async def test_command_that_waits_for_long_holds_later_ones_back_before_they_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warren.raft.client.ATTEMPT_SECONDS", 2.0)
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"first")
        here.record.silent = 1
        slow = asyncio.ensure_future(client.propose(b"slow"))
        await asyncio.sleep(0.1)
        results = await asyncio.gather(*(client.propose(b"%d" % each) for each in range(5000)))
        assert len(results) == 5000
        assert await slow == b"wols"
        assert here.record.done.count(b"slow") == 1


async def test_overloaded_leader_is_asked_again_and_no_other_member(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"a")
        here.record.overloaded = 5
        assert await client.propose(b"bc") == b"cb"
        assert not here.record.asked[2]


async def test_call_ends_by_its_deadline_and_says_whether_it_may_have_been_done(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"a")
        here.record.silent = 100
        begun = asyncio.get_running_loop().time()
        with pytest.raises(Uncertain):
            await client.propose(b"b", timeout_seconds=0.5)
        for member in (1, 2, 3):
            await here.stop(member)
        with pytest.raises(Unavailable) as failure:
            await client.propose(b"c", timeout_seconds=0.5)
        assert not isinstance(failure.value, Uncertain)
        assert asyncio.get_running_loop().time() - begun < 5.0


async def test_other_cluster_is_passed_over_and_named_if_there_is_nothing_else(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        async with here.client(cluster="d") as client:
            with pytest.raises(Incompatible, match="this is cluster c, not d"):
                await client.propose(b"a", timeout_seconds=5)
        stranger = Member(9, here.authority.issue(9), here.record)
        stranger.transport = Transport(
            Self(cluster="other", member=9),
            stranger.files.security(),
            Receivers(
                on_messages=refuse_all,
                on_lost=lambda _peer: None,
                on_unreachable=lambda _peer: None,
                on_request=stranger.answer,
                open_sink=refuse_snapshot,
            ),
            clock=SystemClock(),
            random=random.random,
        )
        async with stranger.transport:
            here.record.addresses[9] = await stranger.transport.listen("127.0.0.1", 0)
            async with here.client(9, 1, cluster="c") as client:
                assert await client.propose(b"ab") == b"ba"


async def test_cancelled_command_does_not_hold_back_those_behind_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.client() as client:
        await client.propose(b"a")
        here.record.silent = 1
        pending = asyncio.ensure_future(client.propose(b"b"))
        await asyncio.sleep(0.1)
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        results = await asyncio.gather(*(client.propose(b"%d" % each) for each in range(5000)))
        assert len(results) == 5000
