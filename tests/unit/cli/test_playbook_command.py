"""``warren-playbook``: options, settings, exit codes of what ends before any host is reached."""

import subprocess
import sys
from pathlib import Path

import pytest

from warren.cli.playbook_options import parse_options
from warren.cli.playbook_run import run
from warren.cli.playbook_settings import read_settings
from warren.model.errors import InvalidInput

GOOD = "- hosts: all\n  tasks:\n    - name: one\n      debug: {msg: a}\n      tags: t\n"


def outcome(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str, site: str = GOOD
) -> tuple[int, str, str]:
    (tmp_path / "site.yml").write_text(site)
    (tmp_path / "hosts").write_text("h1\nh2\n")
    inventory = ["-i", str(tmp_path / "hosts")]
    code = run(parse_options([*inventory, str(tmp_path / "site.yml"), *arguments]))
    told = capsys.readouterr()
    return code, told.out.replace(f"{tmp_path}/", ""), told.err.replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--syntax-check", "playbook: site.yml\n"),
        ("--list-hosts", "    hosts (2):\n      h1\n      h2\n"),
        ("--list-tasks", "      one\tTAGS: [t]\n"),
        ("--list-tags", "      TASK TAGS: [t]\n"),
        ("--explain-var=x", "all: x of h1 is set by --extra-vars at --extra-vars:1:1\n"),
    ],
)
def test_looking_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, line: str
) -> None:
    code, out, err = outcome(tmp_path, capsys, option, "-e", "x=1")
    assert (code, err) == (0, "")
    assert line in out


def test_mistakes_in_a_playbook_exit_with_4_and_an_excerpt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = outcome(tmp_path, capsys, site="- hosts: all\n  tasks:\n    - tempalte: {}\n")
    assert code == 4
    assert err == (
        "[ERROR]: site.yml:3:7: tempalte: is not a known module (did you mean 'template'?)\n"
        "  1 | - hosts: all\n  2 |   tasks:\n  3 |     - tempalte: {}\n    |       ^\n"
    )


def test_missing_files_exit_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = outcome(tmp_path, capsys, str(tmp_path / "none.yml"))
    assert code == 1
    assert "playbook 'none.yml' does not exist" in err.replace(f"{tmp_path}/", "")


def test_wrong_options_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse_options(["--no-such", "site.yml"])
    assert raised.value.code == 2
    assert "--no-such" in capsys.readouterr().err


def test_extra_variables_in_no_form_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = outcome(tmp_path, capsys, "-e", "[1, 2]")
    assert code == 4
    assert "--extra-vars: '[1, 2]'" in err or "--extra-vars: [1, 2]" in err


def test_settings_file_counts_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("h1\n")
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\ninventory = hosts\nforks = 7 ; many\nroles_path = r:/abs\n"
        "remote_user = me\nhost_key_checking = False\n[privilege_escalation]\nbecome = true\n"
    )
    settings = read_settings(tmp_path, {})
    assert settings.inventory == (str(tmp_path / "hosts"),)
    assert settings.role_directories == (tmp_path / "r", Path("/abs"))
    assert (settings.forks, settings.remote_user, settings.become) == (7, "me", True)
    assert settings.host_key_checking == "False"
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = many\n")
    with pytest.raises(InvalidInput, match="forks"):
        read_settings(tmp_path, {})


def test_version_imports_nothing_heavy() -> None:
    script = (
        "import sys; from warren.cli.playbook import main; main(['--version']);"
        "print(sorted({'asyncio', 'pydantic', 'jinja2', 'yaml', 'asyncssh'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    version, modules = done.stdout.splitlines()
    assert version.startswith("warren-playbook ")
    assert modules == "[]"
