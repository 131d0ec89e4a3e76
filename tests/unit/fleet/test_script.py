import shlex
import shutil
import subprocess
import time

import pytest

from warren.fleet import script
from warren.fleet.command import Command, Fence
from warren.fleet.script import Fencing
from warren.model.hidden import Secret


def built(*commands: Command, fencing: Fencing | None = None) -> bytes:
    return script.build(commands, nonce="n", fencing=fencing, stop_on_failure=True)


def test_words_are_quoted_once_and_secrets_are_only_in_the_shells_own_printf() -> None:
    command = Command(argv=("echo", "a b", "$HOME", "it's"), stdin=Secret("hunter2"))
    text = built(command).decode()
    assert shlex.join(command.argv) in text
    assert "hunter2" not in text
    assert "printf %s 'aHVudGVyMg=='" in text


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
@pytest.mark.parametrize("fenced", [False, True])
def test_scripts_parse_in_every_shell(shell: str, *, fenced: bool) -> None:
    path = shutil.which(shell)
    assert path is not None, f"{shell} is needed"
    text = built(
        Command(argv=("true",), stdin=b"x", directory="/", environment=(("A", "b c"),)),
        fencing=Fencing(fence=Fence(cluster="c", epoch=3)) if fenced else None,
    )
    command = [path, "sh", "-n"] if shell == "busybox" else [path, "-n"]
    for given in (text, script.GREETING.encode(), script.following(Command(argv=("a",))).encode()):
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("cluster", ["", "../etc/passwd", "a/b", "a.lock", "a b", "-x"])
def test_a_cluster_cannot_name_another_file(cluster: str) -> None:
    with pytest.raises(AssertionError):
        Fencing(fence=Fence(cluster=cluster, epoch=1))


@pytest.mark.parametrize("epoch", [0, -1, 10**18])
def test_an_epoch_that_shells_cannot_compare_is_a_mistake(epoch: int) -> None:
    with pytest.raises(AssertionError):
        Fencing(fence=Fence(cluster="c", epoch=epoch))


@pytest.mark.parametrize("pause", [0.0, 0.005, 0.01, 0.02, 0.1])
def test_a_batch_ends_with_its_controller_and_kills_nothing_else(pause: float) -> None:
    bystander = subprocess.Popen(["sleep", "61"], start_new_session=True)
    try:
        command = Command(argv=("sh", "-c", "sleep 62 & setsid -w sleep 62 & sleep 62"))
        with subprocess.Popen(
            ["/bin/sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as shell:
            assert shell.stdin is not None
            assert shell.stdout is not None
            shell.stdin.write(script.GREETING.encode() + built(command))
            shell.stdin.flush()
            time.sleep(pause)  # the end may come before, while or after the command starts
            shell.stdin.close()
            assert shell.stdout.read().endswith(b"\nn end 0\n")
            assert shell.wait(timeout=10) == 0
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
