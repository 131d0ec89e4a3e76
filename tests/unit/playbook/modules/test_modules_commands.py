import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings, strategies as st

from warren.playbook.modules import expansion

Perform = Callable[..., Any]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0$~"), max_size=30))
def test_word_stands_for_itself_whatever_it_holds(text: str) -> None:
    assert expansion.is_plain(text)
    script = f"printf %s {expansion.word(text)}"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert done.stdout == text.encode()


def test_word_fills_in_names_and_home_and_nothing_else() -> None:
    word = expansion.word("~/$A-${B}$NONE ${C}$(id)`id`")
    done = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s|' {word}"],
        env={"HOME": "/home/u", "A": "a b", "B": "*"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"/home/u/a b-*$NONE ${C}$(id)`id`|"


def test_pattern_keeps_its_meaning_and_spaces_their_place(tmp_path: Path) -> None:
    for name in ("a b1", "a b2", "a bx", "c"):
        (tmp_path / name).touch()
    word = expansion.word(f"{tmp_path}/a b[12]", pattern=True)
    done = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s|' {word}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path}/a b1|{tmp_path}/a b2|"


async def test_command_runs_on_a_host_without_python(here: Any, perform: Perform) -> None:
    here.python = False
    result = await perform("command", {"cmd": "echo hi"})
    assert (result["rc"], result["stdout_lines"]) == (0, ["hi"])
    assert here.trips == 1


async def test_command_that_cannot_be_split_fails(perform: Perform) -> None:
    result = await perform("command", {"cmd": "echo 'a"})
    assert result["failed"]
    assert "cannot be split" in result["msg"]


async def test_command_tells_when_it_ran_and_how_long(perform: Perform) -> None:
    result = await perform("shell", {"cmd": "true"})
    assert result["delta"] == "0:00:00.250000"
    assert result["start"] < result["end"]


async def test_raw_reports_output_as_it_is(perform: Perform) -> None:
    result = await perform("raw", {"_raw_params": "printf 'a\\n\\n'; exit 3"})
    assert (result["rc"], result["stdout"], result["failed"]) == (3, "a\n\n", True)


async def test_script_of_the_controller_runs_and_leaves_nothing(
    tmp_path: Path, perform: Perform
) -> None:
    script = tmp_path / "say.sh"
    script.write_text('#!/bin/sh\necho "$0 $1"; pwd; exit 4\n')
    result = await perform("script", {"_raw_params": f"{script} 'x y'", "chdir": str(tmp_path)})
    assert result["rc"] == 4
    where, *words = result["stdout_lines"][0].split(" ")
    assert words == ["x", "y"]
    assert not Path(where).exists()  # noqa: ASYNC240
    assert result["stdout_lines"][1] == str(tmp_path)


async def test_script_is_not_run_when_creates_exists(tmp_path: Path, perform: Perform) -> None:
    script = tmp_path / "say.sh"
    script.write_text("#!/bin/sh\necho no\n")
    result = await perform("script", {"_raw_params": str(script), "creates": str(script)})
    assert (result["changed"], result["rc"]) == (False, 0)


async def test_script_of_an_interpreter_runs_without_being_executable_there(
    tmp_path: Path, perform: Perform
) -> None:
    script = tmp_path / "say"
    script.write_text("echo $0 >/dev/null; echo said")
    result = await perform("script", {"_raw_params": str(script), "executable": "/bin/sh"})
    assert result["stdout"] == "said\n"


async def test_missing_script_fails_and_says_where_it_was_sought(perform: Perform) -> None:
    result = await perform("script", {"_raw_params": "/none/at-all"})
    assert "/none/at-all" in result["msg"]


async def test_module_that_needs_python_says_so_where_there_is_none(
    here: Any, perform: Perform
) -> None:
    here.python = False
    result = await perform("copy", {"content": "x", "dest": "/nowhere/x"})
    assert result["failed"]
    assert "module copy cannot work on here" in result["msg"]


async def test_stat_without_python_tells_the_main_fields(
    tmp_path: Path, here: Any, perform: Perform
) -> None:
    (tmp_path / "f").write_text("abc")
    (tmp_path / "f").chmod(0o640)
    here.python = False
    result = await perform("stat", {"path": str(tmp_path / "f")})
    told = result["stat"]
    assert (told["exists"], told["size"], told["mode"], told["isreg"]) == (True, 3, "0640", True)
    assert (await perform("stat", {"path": str(tmp_path / "g")}))["stat"] == {"exists": False}


async def test_ping_answers_with_and_without_python(here: Any, perform: Perform) -> None:
    assert (await perform("ping", {}))["ping"] == "pong"
    here.python = False
    result = await perform("ping", {"data": "x"})
    assert result["ping"] == "x"
    assert "no Python" in result["warnings"][0]
    assert (await perform("ping", {"data": "crash"}))["failed"]
