"""``wait_for``, ``wait_for_connection`` and ``pause``: time as a task."""

from typing import Literal

from pydantic import Field, model_validator

from warren.fleet.command import Command
from warren.model.errors import TransientError
from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, Flag, Text, Texts
from warren.playbook.modules.contract import Call, Module, ModuleResult, Runs
from warren.playbook.modules.outcomes import answering, failed, on_host

_spare_seconds = 30.0
_minute_seconds = 60


class WaitArguments(Arguments):
    """Arguments of ``wait_for``."""

    host: Text = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)
    path: Text | None = None
    state: Literal["absent", "drained", "present", "started", "stopped"] = "started"
    search_regex: Text | None = None
    timeout: float = Field(default=300, ge=0)
    delay: float = Field(default=0, ge=0)
    sleep: float = Field(default=1, gt=0)
    connect_timeout: float = Field(default=5, gt=0)
    exclude_hosts: Texts = ()
    active_connection_states: Texts = ()
    msg: Text | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "WaitArguments":
        if self.port is not None and self.path is not None:
            raise ValueError("takes port or path, not both")
        if self.state == "drained" and self.port is None:
            raise ValueError("state=drained needs a port")
        if self.search_regex is not None and self.state in ("absent", "stopped", "drained"):
            raise ValueError(f"search_regex means nothing with state={self.state}")
        return self


class WaitForConnectionArguments(Arguments):
    """Arguments of ``wait_for_connection``."""

    timeout: float = Field(default=600, ge=0)
    delay: float = Field(default=0, ge=0)
    sleep: float = Field(default=1, ge=0)
    connect_timeout: float = Field(default=5, gt=0)


class PauseArguments(Arguments):
    """Arguments of ``pause``; without a time it only shows its prompt, as nobody can answer."""

    seconds: float | None = Field(default=None, ge=0)
    minutes: float | None = Field(default=None, ge=0)
    prompt: Text | None = None
    echo: Flag = True

    @model_validator(mode="after")
    def _has_one_time(self) -> "PauseArguments":
        if self.seconds is not None and self.minutes is not None:
            raise ValueError("takes seconds or minutes, not both")
        return self


async def _run_wait(call: Call) -> ModuleResult:
    arguments = parse(WaitArguments, dict(call.arguments))
    if call.check:
        return {"changed": False, "skipped": True, "msg": "nothing is waited for under --check"}
    if arguments.port is None and arguments.path is None:
        await call.clock.sleep(arguments.delay or arguments.timeout)
        return {"changed": False, "elapsed": int(arguments.delay or arguments.timeout)}
    sent = {**arguments.model_dump(), "exclude_hosts": list(arguments.exclude_hosts)}
    longest = arguments.timeout + arguments.delay + arguments.connect_timeout + _spare_seconds
    return await on_host(call, "wait.run", sent, timeout_seconds=longest)


async def _run_wait_for_connection(call: Call) -> ModuleResult:
    arguments = parse(WaitForConnectionArguments, dict(call.arguments))
    begun = call.clock.monotonic()
    await call.clock.sleep(arguments.delay)
    while True:
        try:
            probe = Command(argv=("true",), timeout_seconds=arguments.connect_timeout)
            await call.host.run([probe], become=call.become)
        except TransientError as error:
            elapsed = call.clock.monotonic() - begun
            if elapsed + arguments.sleep >= arguments.timeout:
                story = f"not reachable within {arguments.timeout:g} s; last: {error.message}"
                return failed(story, elapsed=int(elapsed))
            call.progress(f"{call.host_name}: {error.message}")
            await call.clock.sleep(arguments.sleep)
        else:
            return {"changed": False, "elapsed": int(call.clock.monotonic() - begun)}


async def _run_pause(call: Call) -> ModuleResult:
    arguments = parse(PauseArguments, dict(call.arguments))
    seconds = arguments.seconds
    if arguments.minutes is not None:
        seconds = arguments.minutes * _minute_seconds
    if arguments.prompt is not None:
        call.progress(arguments.prompt)
    begun = call.clock.now()
    if seconds is not None and not call.check:
        await call.clock.sleep(seconds)
    ended = call.clock.now()
    lasted = (ended - begun).total_seconds()
    answer: ModuleResult = {
        "changed": False,
        "delta": int(lasted),
        "start": f"{begun:%Y-%m-%d %H:%M:%S.%f}",
        "stop": f"{ended:%Y-%m-%d %H:%M:%S.%f}",
        "stdout": f"paused for {lasted:.2f} seconds",
        "user_input": "",
        "echo": arguments.echo,
    }
    if seconds is None:
        answer["warnings"] = ["pause without seconds or minutes waits for nobody here"]
    return answer


WAIT_FOR = Module(
    names=("ansible.builtin.wait_for", "ansible.legacy.wait_for", "wait_for"),
    arguments=WaitArguments,
    run=answering("wait_for")(_run_wait),
)
WAIT_FOR_CONNECTION = Module(
    names=(
        "ansible.builtin.wait_for_connection",
        "ansible.legacy.wait_for_connection",
        "wait_for_connection",
    ),
    arguments=WaitForConnectionArguments,
    run=answering("wait_for_connection")(_run_wait_for_connection),
)
PAUSE = Module(
    names=("ansible.builtin.pause", "ansible.legacy.pause", "pause"),
    arguments=PauseArguments,
    run=answering("pause")(_run_pause),
    runs=Runs.ON_CONTROLLER,
)
MODULES = (WAIT_FOR, WAIT_FOR_CONNECTION, PAUSE)
