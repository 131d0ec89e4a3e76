import asyncio

import pytest

from warren.fleet.keeping import Sessions


class Kept:
    def __init__(self, log: list[str], name: str) -> None:
        self.broken = False
        self.name = name
        self.log = log
        log.append(f"+{name}")

    async def close(self) -> None:
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
    assert log == ["+a", "+b", "-b", "+c"]


async def test_no_more_than_the_limit_are_open_at_once() -> None:
    sessions, log = Sessions(3), list[str]()
    await asyncio.gather(*(use(sessions, log, name) for name in "abcdefgh" * 3))
    count = most = 0
    for entry in log:
        count += 1 if entry[0] == "+" else -1
        most = max(most, count)
    assert most == 3


async def test_a_broken_session_is_closed_and_not_lent_again() -> None:
    sessions, log = Sessions(1), list[str]()

    async def begin() -> Kept:
        return Kept(log, "a")

    async with sessions.borrow("a", (Kept,), begin) as kept:
        kept.broken = True
    await use(sessions, log, "b")
    assert log == ["+a", "-a", "+b"]


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
