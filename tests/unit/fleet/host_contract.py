"""What every host must do, whatever it is behind; subclasses give ``host`` and the rest is theirs.

``HostContract`` holds for the fake host of simulations too; ``RealHostContract`` is about processes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from warren.fleet.command import Command, Fence
from warren.fleet.host import Host
from warren.model.errors import (
    CommandFailed,
    CommandTimedOut,
    CorruptState,
    NotFound,
    StaleEpoch,
    TransientError,
)
from warren.model.hidden import Secret

EVERY_BYTE = bytes(range(256))


def sh(
    text: str,
    *,
    stdin: bytes | Secret = b"",
    timeout_seconds: float = 30.0,
    directory: str | None = None,
) -> Command:
    return Command(
        argv=("sh", "-c", text), stdin=stdin, timeout_seconds=timeout_seconds, directory=directory
    )


async def said(host: Host, text: str) -> str:
    (result,) = await host.run([sh(text)])
    assert result.status == 0, result
    return result.stdout.decode().strip()


async def within(seconds: float, condition: Callable[[], Awaitable[bool]]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False


class HostContract:
    """Commands, batches, fences."""

    @pytest.fixture
    def cluster(self) -> str:
        return "clu_contract"

    async def test_streams_are_separate_and_exact_for_every_byte(self, host: Host) -> None:
        data = EVERY_BYTE * 4096
        command = sh("cat; printf oops >&2; exit 3", stdin=data)
        (result,) = await host.run([command], stop_on_failure=False)
        assert (result.stdout, result.stderr, result.status) == (data, b"oops", 3)

    @pytest.mark.parametrize("output", [b"", b"\n", b"x", b"x\n\n", b"\n0123 0 0\n", b"\0\r\n\xff"])
    async def test_output_is_what_was_written_to_its_last_line_end(
        self, host: Host, output: bytes
    ) -> None:
        (result,) = await host.run([Command(argv=("cat",), stdin=output)])
        assert (result.stdout, result.stderr) == (output, b"")

    async def test_a_batch_ends_at_the_first_failure_unless_asked_not_to(self, host: Host) -> None:
        batch = [sh("echo 1"), sh("exit 9"), sh("echo 3")]
        assert [result.status for result in await host.run(batch)] == [0, 9]
        results = await host.run(batch, stop_on_failure=False)
        assert [result.status for result in results] == [0, 9, 0]
        assert await host.run([]) == []

    async def test_a_late_command_ends_the_batch_and_the_host_goes_on(self, host: Host) -> None:
        started = time.monotonic()
        batch = [sh("echo in time"), sh("sleep 63", timeout_seconds=0.3), sh("echo no")]
        with pytest.raises(CommandTimedOut, match=r"`sh -c 'sleep 63'` did not end within 0\.3 s"):
            await host.run(batch)
        assert time.monotonic() - started < 3
        assert await said(host, "echo again") == "again"

    async def test_it_refuses_an_older_epoch_and_runs_nothing_then(
        self, host: Host, cluster: str
    ) -> None:
        for epoch in (5, 5, 60):
            (result,) = await host.run([sh("echo ran")], fence=Fence(cluster=cluster, epoch=epoch))
            assert result.stdout == b"ran\n"
        file = await said(host, "mktemp")
        with pytest.raises(StaleEpoch) as caught:
            await host.run([sh(f"echo ran >{file}")], fence=Fence(cluster=cluster, epoch=6))
        assert (caught.value.ours, caught.value.theirs) == (6, 60)
        assert caught.value.host == host.name
        assert await said(host, f"cat {file}; rm {file}") == ""

    async def test_clusters_do_not_fence_each_other(self, host: Host, cluster: str) -> None:
        await host.run([sh(":")], fence=Fence(cluster=cluster + "a", epoch=9))
        await host.run([sh(":")], fence=Fence(cluster=cluster + "b", epoch=1))

    async def test_fenced_batches_wait_for_each_other(self, host: Host, cluster: str) -> None:
        file = await said(host, "mktemp")
        fence = Fence(cluster=cluster, epoch=1)
        step = [sh(f"echo in >>{file}; sleep 0.2"), sh(f"echo out >>{file}")]
        await asyncio.gather(*(host.run(step, fence=fence) for _ in range(3)))
        assert (await said(host, f"cat {file}; rm {file}")).split() == ["in", "out"] * 3

    async def test_calls_answer_and_are_fenced_too(self, host: Host, cluster: str) -> None:
        fence = Fence(cluster=cluster, epoch=7)
        assert await host.call("probe.double", {"number": 21}, fence=fence) == {"number": 42}
        with pytest.raises(StaleEpoch):
            await host.run([sh(":")], fence=Fence(cluster=cluster, epoch=6))
        with pytest.raises(StaleEpoch):
            await host.call("probe.double", {"number": 1}, fence=Fence(cluster=cluster, epoch=6))

    async def test_bytes_travel_in_arguments_and_answers(self, host: Host) -> None:
        answer = await host.call("probe.echo", {"data": EVERY_BYTE, "list": [b"", {"a": b"\0"}]})
        assert answer == {"data": EVERY_BYTE, "list": [b"", {"a": b"\0"}], "kind": "bytes"}

    async def test_a_failing_call_says_why_and_where(self, host: Host) -> None:
        with pytest.raises(CommandFailed, match=r"RuntimeError: the reason.*probe") as caught:
            await host.call("probe.fail", {})
        assert caught.value.host == host.name

    async def test_an_unknown_function_is_named(self, host: Host) -> None:
        with pytest.raises(NotFound, match="nonesuch"):
            await host.call("nonesuch.run", {})

    async def test_a_stream_yields_output_as_it_comes(self, host: Host) -> None:
        async with host.stream(sh("echo one; sleep 62")) as chunks:
            assert await anext(chunks) == b"one\n"

    async def test_a_stream_of_a_failing_command_ends_with_its_error(self, host: Host) -> None:
        async with host.stream(sh("echo out; echo why >&2; exit 4")) as chunks:
            assert await anext(chunks) == b"out\n"
            with pytest.raises(CommandFailed, match="why") as caught:
                await anext(chunks)
        assert caught.value.status == 4

    async def test_a_tunnel_to_a_closed_port_is_a_transient_error(self, host: Host) -> None:
        with pytest.raises(TransientError, match=r"127\.0\.0\.1:1"):
            await host.connect("127.0.0.1", 1)


class RealShellContract(HostContract):
    """What processes do."""

    async def test_a_signal_is_128_and_its_number_and_adds_no_words(self, host: Host) -> None:
        (result,) = await host.run([sh("kill -TERM $$")])
        assert (result.status, result.stderr) == (143, b"")

    async def test_a_missing_program_is_127_with_its_name(self, host: Host) -> None:
        (result,) = await host.run([Command(argv=("no-such-program",))])
        assert result.status == 127
        assert b"no-such-program" in result.stderr

    async def test_directory_environment_and_words_reach_the_command(self, host: Host) -> None:
        folder = await said(host, 'd=$(mktemp -d) && mkdir "$d/-a b" && echo "$d"')
        value = "two\nlines 'and' \"quotes\" $HOME ü"
        show = Command(
            argv=("sh", "-c", 'pwd; printf %s "$V" "$@"', "-", "*", "", "$(id)"),
            directory=f"{folder}/-a b",
            environment=(("V", value),),
        )
        (result,) = await host.run([show])
        assert result.stdout.decode() == f"{folder}/-a b\n{value}*$(id)"
        await said(host, f"rm -r {folder}")

    async def test_a_missing_directory_fails_that_command_alone(self, host: Host) -> None:
        batch = [sh("echo ran", directory="/no/such"), sh("echo next")]
        first, second = await host.run(batch, stop_on_failure=False)
        assert first.status != 0
        assert first.stdout == b""
        assert b"/no/such" in first.stderr
        assert second.stdout == b"next\n"

    async def test_a_command_cannot_eat_the_next_ones(self, host: Host) -> None:
        results = await host.run([Command(argv=("cat",)), sh("echo next")])
        assert results[1].stdout == b"next\n"

    async def test_input_that_is_not_read_does_no_harm(self, host: Host) -> None:
        batch = [Command(argv=("true",), stdin=b"x" * (1 << 20)), sh("echo next")]
        first, second = await host.run(batch)
        assert (first.status, first.stderr, second.stdout) == (0, b"", b"next\n")

    async def test_closed_streams_do_no_harm(self, host: Host) -> None:
        batch = [sh("exec >&- 2>&-; exit 3"), sh("printf part")]
        first, second = await host.run(batch, stop_on_failure=False)
        assert (first.status, second.stdout) == (3, b"part")

    async def test_children_left_in_the_background_do_not_hold_the_batch(self, host: Host) -> None:
        started = time.monotonic()
        pid = await said(host, "sleep 60 & echo $!")
        assert time.monotonic() - started < 5
        assert await said(host, f"kill {pid}; echo ok") == "ok"

    async def test_what_the_background_says_between_batches_is_in_no_result(
        self, host: Host
    ) -> None:
        await host.run([sh("(sleep 0.2; echo late; echo late >&2) &")])
        await asyncio.sleep(0.5)
        (result,) = await host.run([sh("echo mine; echo mine >&2")])
        assert (result.stdout, result.stderr) == (b"mine\n", b"mine\n")

    async def test_a_late_command_dies_with_all_it_started(self, host: Host) -> None:
        file = await said(host, "mktemp")
        kinds = "sleep 61 & echo $! >{f}; timeout 61 sleep 61 & echo $! >>{f}; (sleep 61; :) & echo $! >>{f}"
        text = kinds.format(f=file) + "; sleep 61"
        with pytest.raises(CommandTimedOut):
            await host.run([sh(text, stdin=b"x" * 100_000, timeout_seconds=0.5)])
        pids = (await said(host, f"cat {file}; rm {file}")).split()
        assert len(pids) == 3
        assert await within(10, lambda: self.are_gone(host, pids))

    async def test_the_shell_survives_a_late_command(self, host: Host) -> None:
        first = await said(host, "echo $PPID")
        with pytest.raises(CommandTimedOut):
            await host.run([sh("sleep 61", timeout_seconds=0.2)])
        assert await said(host, "echo $PPID") == first

    async def test_a_cancelled_batch_leaves_nothing_running(self, host: Host) -> None:
        file = await said(host, "mktemp")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await host.run([sh(f"echo $$ >{file}; sleep 61"), sh(f"echo no >{file}")])
        pid = await said(host, f"cat {file}; rm {file}")
        assert await within(10, lambda: self.are_gone(host, [pid]))

    async def test_a_closed_stream_leaves_nothing_running(self, host: Host) -> None:
        async with host.stream(sh("echo $$; sleep 61")) as chunks:
            pid = (await anext(chunks)).decode().strip()
        assert await within(10, lambda: self.are_gone(host, [pid]))

    async def test_a_stream_whose_errors_nobody_reads_goes_on(self, host: Host) -> None:
        command = sh("head -c 9000000 /dev/zero | tr '\\0' x >&2; echo done")
        async with host.stream(command) as chunks:
            assert [chunk async for chunk in chunks] == [b"done\n"]

    async def test_batches_run_side_by_side(self, host: Host) -> None:
        await asyncio.gather(*(host.run([sh(":")]) for _ in range(3)))
        started = time.monotonic()
        await asyncio.gather(*(host.run([sh("sleep 0.5")]) for _ in range(3)))
        assert time.monotonic() - started < 1.4

    async def test_more_callers_than_sessions_wait_their_turn(self, host: Host) -> None:
        runs = (said(host, f"sleep 0.1; echo {number}") for number in range(12))
        calls = (host.call("probe.double", {"number": number}) for number in range(12))
        async with host.stream(sh("sleep 62")), host.stream(sh("sleep 62")):
            lines, answers = await asyncio.gather(asyncio.gather(*runs), asyncio.gather(*calls))
        assert lines == [str(number) for number in range(12)]
        assert [answer["number"] for answer in answers] == [number * 2 for number in range(12)]

    async def test_too_much_output_is_a_clear_error_and_ends_the_command(self, host: Host) -> None:
        with pytest.raises(CommandFailed, match=r"cat /dev/zero.*16777216 bytes of output"):
            await host.run([sh("echo fine"), Command(argv=("cat", "/dev/zero"))])
        assert await said(host, "echo ok") == "ok"

    async def test_a_secret_is_in_no_argv_and_no_message(self, host: Host) -> None:
        secret = Secret("s3cr3t-" + "value")
        show = "read -r x; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '"
        command = sh(f'{show}; printf " %s" "${{#x}}"; kill -KILL $$', stdin=secret)
        (result,) = await host.run([command])
        encoded = b"czNjcjN0LXZhbHVl"
        assert result.stdout.endswith(b" 12")
        for output in (result.stdout, result.stderr, repr(command).encode(), str(command).encode()):
            assert b"s3cr3t-value" not in output
            assert encoded not in output

    async def test_a_damaged_epoch_is_refused(self, host: Host, cluster: str, epochs: str) -> None:
        for damage in ("12x\\n", "", "12", "9999999999999999999999\\n"):
            await said(host, f"mkdir -p {epochs}; printf '{damage}' >{epochs}/{cluster}")
            with pytest.raises(CorruptState, match=f"{epochs}/{cluster}"):
                await host.run([sh(":")], fence=Fence(cluster=cluster, epoch=99))
            with pytest.raises(CorruptState, match=f"{epochs}/{cluster}"):
                await host.call("probe.echo", {}, fence=Fence(cluster=cluster, epoch=99))

    async def test_the_lock_is_not_held_by_what_a_batch_leaves_behind(
        self, host: Host, cluster: str
    ) -> None:
        fence = Fence(cluster=cluster, epoch=1)
        pid = (
            await host.run(
                [sh("sleep 60 & echo $!", stdin=b"x"), sh("setsid sleep 1 &")], fence=fence
            )
        )[0].stdout.decode()
        started = time.monotonic()
        await host.run([sh(":")], fence=fence)
        assert time.monotonic() - started < 0.9
        await said(host, f"kill {pid}")

    async def test_a_fence_ends_with_a_cancelled_batch_or_call(
        self, host: Host, cluster: str
    ) -> None:
        fence = Fence(cluster=cluster, epoch=1)
        file = await said(host, "mktemp")
        sleeping = {"file": file, "seconds": 61}
        for act in (
            lambda: host.run([sh("sleep 61")], fence=fence),
            lambda: host.call("probe.sleep", sleeping, fence=fence),
        ):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.7):
                    await act()
            started = time.monotonic()
            await host.run([sh(":")], fence=fence)
            assert time.monotonic() - started < 2
        pid = await said(host, f"cat {file}; rm {file}")
        assert await within(10, lambda: self.are_gone(host, [pid]))

    async def are_gone(self, host: Host, pids: list[str]) -> bool:
        # By name, too: on a busy machine another program soon has the number.
        state = "sed -n -E 's/^[0-9]+ \\((sleep|sh|dash|timeout)\\) //p' /proc/{}/stat 2>/dev/null"
        states = "; ".join(state.format(pid) for pid in pids)
        (result,) = await host.run([sh(states)], stop_on_failure=False)
        return all(line.startswith(b"Z") for line in result.stdout.splitlines())


class RealHostContract(RealShellContract):
    """What interpreters do, besides."""

    async def test_calls_do_not_soil_each_other(self, host: Host) -> None:
        first = await host.call("probe.soil", {})
        assert await host.call("probe.soil", {}) == first
        assert await host.call("probe.shout", {}) == {"done": True}

    async def test_a_late_call_is_killed_and_the_runner_goes_on(self, host: Host) -> None:
        file = await said(host, "mktemp")
        with pytest.raises(CommandTimedOut, match=r"probe\.sleep"):
            await host.call("probe.sleep", {"file": file, "seconds": 61}, timeout_seconds=0.7)
        pid = await said(host, f"cat {file}; rm {file}")
        assert await within(10, lambda: self.are_gone(host, [pid]))
        assert await host.call("probe.double", {"number": 1}) == {"number": 2}

    async def test_a_call_whose_process_vanishes_is_an_error(self, host: Host) -> None:
        with pytest.raises(CommandFailed, match="without an answer"):
            await host.call("probe.vanish", {})
        assert await host.call("probe.double", {"number": 1}) == {"number": 2}
