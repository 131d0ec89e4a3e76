"""The contract of a host, kept by this machine over pipes; tests/fleet holds SSH to it."""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fleet.host_contract import (
    RealHostContract,
    RealShellContract,
    said,
    sh,
    within,
)
from warren.aio.clock import SystemClock
from warren.fleet.command import Become, Fence
from warren.fleet.here import Here
from warren.fleet.machine import Machine, Places
from warren.fleet.process import LocalProcess
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import (
    Busy,
    CommandFailed,
    CommandTimedOut,
    Denied,
    HostUnreachable,
    Unsupported,
)

FUNCTIONS = Path(__file__).parent / "functions"
BUSYBOX_TOOLS = (
    "sh", "base64", "cat", "env", "head", "mkdir", "mktemp", "mv", "rm", "sed", "setsid", "sleep",
    "sync", "tail", "timeout", "tr",
)  # fmt: skip
LOCAL = ConnectionSettings(name="here", address="", transport="local")


def make_pool(folder: Path) -> Pool:
    places = Places(epochs=str(folder / "epochs"), fence_wait_seconds=5, functions=FUNCTIONS)
    return Pool(
        clock=SystemClock(), random=lambda: 0.5, nonce=lambda: secrets.token_hex(16), places=places
    )


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Machine]:
    async with make_pool(tmp_path) as pool:
        yield pool.host(LOCAL)


class TestLocalHost(RealHostContract):
    @pytest.fixture
    def epochs(self, tmp_path: Path) -> str:
        return str(tmp_path / "epochs")


class TestCarriedShell(RealHostContract):
    """The same once a call was made: batches then run in the shell that the interpreter carries."""

    @pytest.fixture
    def epochs(self, tmp_path: Path) -> str:
        return str(tmp_path / "epochs")

    @pytest.fixture
    async def host(self, tmp_path: Path) -> AsyncIterator[Machine]:
        async with make_pool(tmp_path) as pool:
            machine = pool.host(LOCAL)
            await machine.call("probe.echo", {})
            parent = await said(machine, "cat /proc/$(ps -o ppid= $PPID | tr -d ' ')/comm")
            assert parent.startswith("python")
            yield machine


async def test_a_carried_shell_that_ended_while_idle_is_started_anew(host: Machine) -> None:
    await host.call("probe.echo", {})
    shell = int(await said(host, "echo $PPID"))
    os.kill(shell, signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert await said(host, "echo alive") == "alive"
    assert int(await said(host, "echo $PPID")) != shell


@pytest.mark.parametrize("is_carried", [False, True])
async def test_a_shell_that_is_killed_within_a_batch_is_an_error_and_leaves_nothing(
    host: Machine, tmp_path: Path, *, is_carried: bool
) -> None:
    if is_carried:
        await host.call("probe.echo", {})
    file = tmp_path / "session"
    with pytest.raises(HostUnreachable, match="its shell ended unexpectedly"):
        await host.run([sh(f"cut -d' ' -f6 /proc/$PPID/stat >{file}; kill -KILL $PPID; sleep 0.1")])
    assert await said(host, "echo alive") == "alive"
    session = file.read_text().strip()

    async def is_empty() -> bool:
        return await said(host, f"ps -o stat= -s {session} | grep -v Z || true") == ""

    assert await within(5, is_empty)


async def test_calls_and_batches_take_turns_on_one_session(host: Machine) -> None:
    for number in range(3):
        assert await host.call("probe.double", {"number": number}) == {"number": 2 * number}
        assert await said(host, f"echo {number}") == str(number)
    assert "1 open" in repr(host)


async def test_a_carried_shell_finds_the_environment_as_any_other(host: Machine) -> None:
    plain = await said(host, "env | grep -v '^_=' | sort")
    async with make_pool(Path("/nowhere")) as pool:
        other = pool.host(LOCAL)
        await other.call("probe.echo", {})
        assert await said(other, "env | grep -v '^_=' | sort") == plain
        ask = "umask; pwd; grep -E 'SigIgn|SigBlk' /proc/self/status; ulimit -a"
        assert await said(other, ask) == await said(host, ask)


class OtherShell(Here):
    """This machine, as if its ``/bin/sh`` were another."""

    def __init__(self, shell: Path) -> None:
        super().__init__("here")
        self._shell = shell

    async def start(self, line: str) -> LocalProcess:
        return await super().start(f"exec {self._shell}" if line == "exec /bin/sh" else line)


class TestOtherShells(RealShellContract):
    """The same where another family's shell, and for busybox its tools too, do the work."""

    @pytest.fixture
    def epochs(self, tmp_path: Path) -> str:
        return str(tmp_path / "epochs")

    @pytest.fixture(params=["bash", "busybox"])
    async def host(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[Machine]:
        path = shutil.which(request.param)
        assert path is not None, f"{request.param} is needed"
        tools = tmp_path / "bin"
        tools.mkdir()
        for name in BUSYBOX_TOOLS if request.param == "busybox" else ("sh",):
            (tools / name).symlink_to(path)
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        places = Places(epochs=str(tmp_path / "epochs"), functions=FUNCTIONS)
        machine = Machine(
            "here",
            OtherShell(tools / "sh"),
            python=sys.executable,
            nonce=lambda: secrets.token_hex(16),
            clock=SystemClock(),
            places=places,
        )
        yield machine
        await machine.close()


async def test_a_lock_held_too_long_is_busy_with_the_seconds(tmp_path: Path) -> None:
    places = Places(epochs=str(tmp_path), fence_wait_seconds=1, functions=FUNCTIONS)
    fence = Fence(cluster="c", epoch=1)
    async with Pool(
        clock=SystemClock(), random=lambda: 0.5, nonce=lambda: secrets.token_hex(16), places=places
    ) as pool:
        host = pool.host(LOCAL)
        holder = await _holding(tmp_path / "c.lock")
        try:
            with pytest.raises(Busy, match="cluster c has held the lock for 1 s"):
                await host.run([sh(":")], fence=fence)
            with pytest.raises(Busy, match="cluster c"):
                await host.call("probe.echo", {}, fence=fence)
        finally:
            os.close(holder)
        assert (await host.run([sh("echo ran")], fence=fence))[0].stdout == b"ran\n"


async def _holding(path: Path) -> int:
    lock = os.open(path, os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


async def test_an_unwritable_epoch_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "epochs").write_text("a file where a folder should be")
    async with make_pool(tmp_path) as pool:
        with pytest.raises(CommandFailed, match=f"fence {tmp_path}/epochs/c.*74"):
            await pool.host(LOCAL).run([sh("echo no")], fence=Fence(cluster="c", epoch=1))


async def test_a_full_disk_is_named_with_the_host_and_the_path(tmp_path: Path) -> None:
    (tmp_path / "epochs").mkdir()
    (tmp_path / "epochs" / "c.new").symlink_to("/dev/full")
    fence = Fence(cluster="c", epoch=1)
    async with make_pool(tmp_path) as pool:
        host = pool.host(LOCAL)
        for act in (
            host.run([sh("echo no")], fence=fence),
            host.call("probe.echo", {}, fence=fence),
        ):
            with pytest.raises(CommandFailed, match=r"(?i)no space left on device") as caught:
                await act
            assert caught.value.message.startswith(f"host here: `fence {tmp_path}/epochs/c`")
            assert caught.value.hint == f"free some space on the disk that holds {tmp_path}/epochs"


async def test_a_host_without_python_is_unsupported_for_calls_only(tmp_path: Path) -> None:
    async with make_pool(tmp_path) as pool:
        host = pool.host(
            ConnectionSettings(
                name="bare", address="", transport="local", python_interpreter="/no/such/python"
            )
        )
        with pytest.raises(Unsupported, match="host bare has no usable Python 3"):
            await host.call("probe.echo", {})
        assert await said(host, "echo ok") == "ok"


async def test_a_program_that_is_no_python_is_unsupported_with_its_words(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho 'this is no snake' >&2\n")
    fake.chmod(0o755)
    async with make_pool(tmp_path) as pool:
        host = pool.host(
            ConnectionSettings(
                name="bare", address="", transport="local", python_interpreter=str(fake)
            )
        )
        with pytest.raises(Unsupported, match="this is no snake"):
            await host.call("probe.echo", {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes others without a password")
async def test_su_gives_each_user_a_shell_and_a_runner(host: Machine) -> None:
    nobody = Become(user="nobody", method="su")
    (result,) = await host.run([sh("id -un; cat", stdin=b"\0in")], become=nobody)
    assert result.stdout == b"nobody\n\0in"
    assert await said(host, "id -un") == "root"
    assert await host.call("probe.double", {"number": 2}, become=nobody) == {"number": 4}
    async with host.stream(sh("id -un"), become=nobody) as chunks:
        assert [chunk async for chunk in chunks] == [b"nobody\n"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes others without a password")
async def test_a_late_command_of_another_user_is_killed(host: Machine) -> None:
    nobody = Become(user="nobody", method="su")
    mark = f"61.{secrets.randbelow(10**9):09}"
    with pytest.raises(CommandTimedOut):
        await host.run([sh(f"sleep {mark}", timeout_seconds=0.3)], become=nobody)
    (result,) = await host.run([sh("echo again")], become=nobody)
    assert result.stdout == b"again\n"
    assert _running(mark) == []


async def test_a_refused_become_says_who_and_why(host: Machine) -> None:
    with pytest.raises(Denied, match=r"host here: cannot become no-such-user by su: .+"):
        await host.run([sh("echo no")], become=Become(user="no-such-user", method="su"))


async def test_unknown_ways_to_become_are_refused(host: Machine) -> None:
    with pytest.raises(Unsupported, match="'magic' is not known"):
        await host.run([sh("echo no")], become=Become(method="magic"))


async def test_facts_come_in_one_round_trip(host: Machine) -> None:
    facts = await host.facts()
    assert facts.cpus == os.cpu_count()
    assert facts.memory_total_bytes > 1 << 20
    assert facts.arch
    assert facts.boot_id == await said(host, "cat /proc/sys/kernel/random/boot_id")
    assert facts.clock_skew_seconds is not None
    assert abs(facts.clock_skew_seconds) < 5


def _running(word: str) -> list[str]:
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return [line.decode(errors="replace") for line in lines if word.encode() in line]
