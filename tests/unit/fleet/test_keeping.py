import asyncio

import pytest

from warren.fleet.keeping import Sessions
from warren.fleet.process import SessionRefused


class Kept:
    def __init__(self, log: list[str], name: str) -> None:
        self.broken = False
        self.name = name
        self.log = log
        log.append(f"+{name}")

    async def close(self) -> None:
        self.log.append(f"({self.name})")

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)
        self.log.append(f"-{self.name}")


async def use(sessions: Sessions, log: list[str], name: str) -> None:
    async def begin() -> Kept:
        return Kept(log, name)

    async with sessions.borrow(name, (Kept,), begin):
        await asyncio.sleep(0)


async def test_an_idle_session_serves_again() -> None:
    sessions, log = Sessions(2), list[str]()
    await use(sessions, log, "a")
    await use(sessions, log, "a")
    assert log == ["+a"]
    assert repr(sessions) == "<Sessions 1 open, 1 idle, limit 2>"


async def test_the_longest_idle_session_gives_way() -> None:
    sessions, log = Sessions(2), list[str]()
    for name in ("a", "b", "a", "c"):
        await use(sessions, log, name)
    assert log == ["+a", "+b", "(b)", "-b", "+c"]


async def test_no_more_than_the_limit_are_open_at_once() -> None:
    sessions, log = Sessions(3), list[str]()
    await asyncio.gather(*(use(sessions, log, name) for name in "abcdefgh" * 3))
    count = most = 0
    for entry in log:
        count += {"+": 1, "-": -1}.get(entry[0], 0)
        most = max(most, count)
    assert most == 3


async def test_a_broken_session_is_closed_and_not_lent_again() -> None:
    sessions, log = Sessions(1), list[str]()

    async def begin() -> Kept:
        return Kept(log, "a")

    async with sessions.borrow("a", (Kept,), begin) as kept:
        kept.broken = True
    await use(sessions, log, "b")
    assert log == ["+a", "(a)", "-a", "+b"]


async def test_a_session_that_does_not_begin_takes_no_place() -> None:
    sessions, log = Sessions(1), list[str]()

    async def begin() -> Kept:
        raise RuntimeError("no")

    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with sessions.borrow("a", (Kept,), begin):
                pass
    await use(sessions, log, "b")
    assert log == ["+b"]


class Sshd:
    """Refuses sessions beyond its own limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0
        self.refused = 0

    async def begin(self) -> "Guest":
        await asyncio.sleep(0)
        if self.open >= self.limit:
            self.refused += 1
            raise SessionRefused("h", "no further session")
        self.open += 1
        return Guest(self)


class Guest:
    broken = False

    def __init__(self, sshd: Sshd) -> None:
        self.sshd = sshd

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)
        self.sshd.open -= 1


async def visit(sessions: Sessions, sshd: Sshd, key: str) -> None:
    async with sessions.borrow(key, (Guest,), sshd.begin):
        await asyncio.sleep(0)


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_a_host_that_allows_fewer_sessions_is_refused_by_few_times_and_serves_all(
    limit: int,
) -> None:
    sessions, sshd = Sessions(4), Sshd(limit)
    await asyncio.gather(*(visit(sessions, sshd, key) for key in "abcdefgh" * 4))
    assert sshd.refused <= 4
    before = sshd.refused
    await asyncio.gather(*(visit(sessions, sshd, key) for key in "abcdefgh" * 4))
    assert sshd.refused == before
    assert sshd.open == limit


async def test_a_host_that_allows_no_session_refuses_everyone() -> None:
    sessions, sshd = Sessions(4), Sshd(0)
    tries = [visit(sessions, sshd, key) for key in "abcdef"]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(one) for one in ended] == [SessionRefused] * 6


async def test_kept_sessions_give_way_to_what_stands_beside_them() -> None:
    sessions, sshd = Sessions(4), Sshd(2)
    for key in "ab":
        await visit(sessions, sshd, key)
    beside = await sessions.begin_beside(sshd.begin)
    assert sshd.open == 2
    await asyncio.gather(*(visit(sessions, sshd, key) for key in "abcd"))
    sshd.limit = 1
    with pytest.raises(SessionRefused):
        await sessions.begin_beside(sshd.begin)
    assert (sshd.open, repr(sessions)) == (1, "<Sessions 0 open, 0 idle, limit 1>")
    await beside.close()


async def test_what_stands_beside_waits_for_sessions_that_are_in_use() -> None:
    sessions, sshd = Sessions(4), Sshd(2)
    visits = [visit(sessions, sshd, key) for key in "abcd"]
    beside = sessions.begin_beside(sshd.begin)
    await asyncio.gather(*visits, beside)
    assert sshd.open == 2
