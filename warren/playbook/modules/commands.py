"""``command``, ``shell``, ``raw`` and ``script``: programs the user names, run on the host.

They need no Python there. One batch in the persistent shell first asks whether ``creates`` or
``removes`` already say that nothing is to be done, then runs the program.
"""

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import model_validator

from warren.fleet.command import Command, Result
from warren.model.validation import parse
from warren.playbook.modules import expansion
from warren.playbook.modules.arguments import Arguments, Flag, Text, Texts
from warren.playbook.modules.contract import Call, Module, ModuleResult
from warren.playbook.modules.outcomes import answering, failed, with_lines

_created, _not_removed, _no_directory = 90, 91, 92
_not_found = 127


class RunArguments(Arguments):
    """What all of them accept.

    Attributes:
        chdir: where it runs.
        creates: if this (a pattern) exists, it does not run.
        removes: if this (a pattern) does not exist, it does not run.
    """

    chdir: Text | None = None
    creates: Text | None = None
    removes: Text | None = None


class CommandArguments(RunArguments):
    """Arguments of ``command``: a program and its arguments, without a shell."""

    ALIASES: ClassVar[Mapping[str, str]] = {"_raw_params": "cmd"}

    cmd: Text | None = None
    argv: Texts | None = None
    stdin: Text | None = None
    stdin_add_newline: Flag = True
    strip_empty_ends: Flag = True
    expand_argument_vars: Flag = True

    @model_validator(mode="after")
    def _says_what_to_run(self) -> "CommandArguments":
        if (self.cmd is None) == (self.argv is None):
            raise ValueError("needs either a command or argv")
        if not (self.cmd or "").strip() and not self.argv:
            raise ValueError("the command is empty")
        return self


class ShellArguments(RunArguments):
    """Arguments of ``shell``: a line for a shell."""

    ALIASES: ClassVar[Mapping[str, str]] = {"_raw_params": "cmd"}

    cmd: Text
    executable: Text = "/bin/sh"
    stdin: Text | None = None
    stdin_add_newline: Flag = True
    strip_empty_ends: Flag = True


class RawArguments(Arguments):
    """Arguments of ``raw``: a line for the host's shell, whatever there is."""

    ALIASES: ClassVar[Mapping[str, str]] = {"_raw_params": "cmd"}

    cmd: Text
    executable: Text = "/bin/sh"


class ScriptArguments(RunArguments):
    """Arguments of ``script``: a program of the controller and its arguments."""

    ALIASES: ClassVar[Mapping[str, str]] = {"_raw_params": "cmd"}

    cmd: Text
    executable: Text | None = None


async def _run_command(call: Call) -> ModuleResult:
    arguments = parse(CommandArguments, dict(call.arguments))
    if arguments.argv is not None:
        argv: tuple[str, ...] = arguments.argv
    else:
        try:
            argv = tuple(shlex.split(arguments.cmd or ""))
        except ValueError as error:
            return failed(f"the command cannot be split into words: {error}", cmd=arguments.cmd)
    sent = argv
    if arguments.expand_argument_vars and not all(map(expansion.is_plain, argv)):
        sent = ("/bin/sh", "-c", "exec " + " ".join(map(expansion.word, argv)))
    return await _perform(call, arguments, sent, list(argv))


async def _run_shell(call: Call) -> ModuleResult:
    arguments = parse(ShellArguments, dict(call.arguments))
    return await _perform(
        call, arguments, (arguments.executable, "-c", arguments.cmd), arguments.cmd
    )


async def _perform(
    call: Call, arguments: CommandArguments | ShellArguments, argv: tuple[str, ...], shown: Any
) -> ModuleResult:
    stdin = b""
    if arguments.stdin is not None:
        stdin = (arguments.stdin + "\n" * arguments.stdin_add_newline).encode()
    program = Command(
        argv=argv,
        stdin=stdin,
        environment=tuple(call.environment.items()),
        timeout_seconds=call.timeout_seconds,
    )
    return await _guarded(call, arguments, program, shown, strip=arguments.strip_empty_ends)


async def _guarded(
    call: Call, arguments: RunArguments, program: Command, shown: Any, *, strip: bool = True
) -> ModuleResult:
    """Run what guards the program and, unless only checking, the program, in one batch."""
    guard = _guard(arguments)
    commands = [] if guard is None else [guard]
    if not call.check:
        commands.append(_placed(program, arguments.chdir))
    elif arguments.creates is None and arguments.removes is None:
        message = "a command is not run under --check, and what it would change is not known"
        return _unrun({"changed": False, "skipped": True, "cmd": shown, "msg": message})
    begun = call.clock.now()
    results = await call.host.run(commands, become=call.become)
    if guard is not None and results[0].status != 0:
        return _withheld(arguments, results[0], shown)
    if call.check:
        return _unrun({"changed": True, "cmd": shown, "msg": "the command would run"})
    return _report(results[-1], begun, shown, strip=strip)


def _unrun(answer: ModuleResult) -> ModuleResult:
    """What later tasks may read of a command that only would have run."""
    return with_lines({**answer, "rc": 0, "stdout": "", "stderr": ""})


def _guard(arguments: RunArguments) -> Command | None:
    lines = []
    if arguments.chdir is not None:
        lines.append(f"cd {expansion.word(arguments.chdir)} || exit {_no_directory}")
    if arguments.creates is not None:
        lines.append(_each(arguments.creates, f"exit {_created}"))
    if arguments.removes is not None:
        lines.append(f"found=; {_each(arguments.removes, 'found=1')}")
        lines.append(f'[ -n "$found" ] || exit {_not_removed}')
    if not lines:
        return None
    return Command(argv=("/bin/sh", "-c", "\n".join([*lines, "exit 0"])))


def _each(pattern: str, action: str) -> str:
    words = expansion.word(pattern, pattern=True)
    return f'for path in {words}; do if [ -e "$path" ] || [ -L "$path" ]; then {action}; fi; done'


def _placed(command: Command, directory: str | None) -> Command:
    """The command in a directory, which the host's shell may have to expand."""
    if directory is None:
        return command
    change = f'cd {expansion.word(directory)} && exec "$@"'
    return Command(
        argv=("/bin/sh", "-c", change, "sh", *command.argv),
        stdin=command.stdin,
        environment=command.environment,
        timeout_seconds=command.timeout_seconds,
    )


def _withheld(arguments: RunArguments, guard: Result, shown: Any) -> ModuleResult:
    if guard.status == _created:
        why = f"{arguments.creates} exists"
    elif guard.status != _not_removed:
        said = guard.stderr.decode("utf-8", "replace").strip()
        return failed(f"chdir: cannot work in {arguments.chdir}: {said}", cmd=shown)
    else:
        why = f"{arguments.removes} does not exist"
    return with_lines(
        {
            "changed": False,
            "rc": 0,
            "cmd": shown,
            "stdout": f"skipped, since {why}",
            "stderr": "",
            "msg": f"not run, because {why}",
            "start": None,
            "end": None,
            "delta": None,
        }
    )


def _report(result: Result, begun: datetime, shown: Any, *, strip: bool = True) -> ModuleResult:
    stdout, stderr = (data.decode("utf-8", "replace") for data in (result.stdout, result.stderr))
    if strip:
        stdout, stderr = stdout.rstrip("\r\n"), stderr.rstrip("\r\n")
    lasted = timedelta(seconds=result.seconds)
    answer: ModuleResult = {
        "changed": True,
        "cmd": shown,
        "rc": result.status,
        "stdout": stdout,
        "stderr": stderr,
        "start": f"{begun:%Y-%m-%d %H:%M:%S.%f}",
        "end": f"{begun + lasted:%Y-%m-%d %H:%M:%S.%f}",
        "delta": str(lasted) if lasted.microseconds else f"{lasted}.000000",
        "msg": "",
    }
    if result.status != 0:
        why = f"the command ended with status {result.status}"
        if result.status == _not_found:
            why += " (there is no such program, or it said so itself)"
        answer |= {"failed": True, "msg": why}
    return with_lines(answer)


async def _run_raw(call: Call) -> ModuleResult:
    arguments = parse(RawArguments, dict(call.arguments))
    command = Command(
        argv=(arguments.executable, "-c", arguments.cmd),
        environment=tuple(call.environment.items()),
        timeout_seconds=call.timeout_seconds,
    )
    (result,) = await call.host.run([command], become=call.become)
    stdout, stderr = (data.decode("utf-8", "replace") for data in (result.stdout, result.stderr))
    answer: ModuleResult = {
        "changed": True,
        "rc": result.status,
        "stdout": stdout,
        "stderr": stderr,
    }
    if result.status != 0:
        answer |= {"failed": True, "msg": f"the command ended with status {result.status}"}
    return with_lines(answer)


async def _run_script(call: Call) -> ModuleResult:
    arguments = parse(ScriptArguments, dict(call.arguments))
    try:
        name, *rest = shlex.split(arguments.cmd)
    except ValueError as error:
        return failed(f"the script's words cannot be told apart: {error}")
    path = call.find_file(name, "files")
    start = f'{shlex.quote(arguments.executable)} "$file"' if arguments.executable else '"$file"'
    receive = (
        "umask 077; file=$(mktemp) || exit 1; trap 'rm -f \"$file\"' EXIT; "
        'trap "exit 130" INT TERM HUP; '
        f'cat >"$file" && chmod 700 "$file" && {start} "$@" </dev/null'
    )
    program = Command(
        argv=("/bin/sh", "-c", receive, "sh", *rest),
        stdin=path.read_bytes(),
        environment=tuple(call.environment.items()),
        timeout_seconds=call.timeout_seconds,
    )
    return await _guarded(call, arguments, program, arguments.cmd, strip=False)


COMMAND = Module(
    names=("ansible.builtin.command", "ansible.legacy.command", "command"),
    arguments=CommandArguments,
    run=answering("command")(_run_command),
    free_form=True,
)
SHELL = Module(
    names=("ansible.builtin.shell", "ansible.legacy.shell", "shell"),
    arguments=ShellArguments,
    run=answering("shell")(_run_shell),
    free_form=True,
)
RAW = Module(
    names=("ansible.builtin.raw", "ansible.legacy.raw", "raw"),
    arguments=RawArguments,
    run=answering("raw")(_run_raw),
    free_form=True,
    supports_check=False,
)
SCRIPT = Module(
    names=("ansible.builtin.script", "ansible.legacy.script", "script"),
    arguments=ScriptArguments,
    run=answering("script")(_run_script),
    free_form=True,
)
MODULES = (COMMAND, SHELL, RAW, SCRIPT)
