"""``debug``, ``set_fact``, ``assert`` and ``fail``: what needs no host, only variables."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from warren.model.errors import PermanentError
from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, Flag, Text
from warren.playbook.modules.contract import Call, Module, ModuleResult, Runs
from warren.playbook.modules.outcomes import answering

_verbosity_variable = "ansible_verbosity"


class DebugArguments(Arguments):
    """Arguments of ``debug``: a message or an expression, shown from a verbosity on."""

    msg: Any = None
    var: Any = None
    verbosity: int = 0

    @model_validator(mode="after")
    def _has_one_subject(self) -> "DebugArguments":
        if {"msg", "var"} <= self.model_fields_set:
            raise ValueError("takes msg or var, not both")
        return self


class FactArguments(Arguments):
    """Arguments of ``set_fact``: any names with their values."""

    model_config = ConfigDict(extra="allow")

    cacheable: Flag = False

    @model_validator(mode="after")
    def _names_are_variables(self) -> "FactArguments":
        for name in self.model_extra or {}:
            if not (name.isidentifier() and name.isascii()):
                raise ValueError(
                    f"{name!r} cannot name a variable (letters, digits and _, no leading digit)"
                )
        return self


class AssertArguments(Arguments):
    """Arguments of ``assert``: expressions that must all be true."""

    ALIASES: ClassVar[Mapping[str, str]] = {"msg": "fail_msg"}

    that: Any
    fail_msg: Any = None
    success_msg: Any = None
    quiet: Flag = False


class FailArguments(Arguments):
    """Arguments of ``fail``."""

    msg: Text = Field(default="failed as requested by the task")


async def _run_debug(call: Call) -> ModuleResult:
    arguments = parse(DebugArguments, dict(call.arguments))
    if arguments.verbosity > int(call.variables.get(_verbosity_variable, 0)):
        message = f"shown with verbosity {arguments.verbosity} or more"
        return {"changed": False, "skipped": True, "msg": message}
    answer: ModuleResult = {"changed": False, "_ansible_verbose_always": True}
    if arguments.var is None:
        return {**answer, "msg": "Hello world!" if arguments.msg is None else arguments.msg}
    if not isinstance(arguments.var, str):
        return {**answer, str(arguments.var): arguments.var}
    return {**answer, arguments.var: _value(call, arguments.var)}


def _value(call: Call, expression: str) -> Any:
    """The value, or a sentence if it is undefined: ``debug`` is how one finds out."""
    try:
        return call.template(expression) if "{{" in expression else call.evaluate(expression)
    except PermanentError as error:
        if error.code == "undefined_variable":
            return "VARIABLE IS NOT DEFINED!"
        raise


async def _run_set_fact(call: Call) -> ModuleResult:
    arguments = parse(FactArguments, dict(call.arguments))
    return {
        "changed": False,
        "ansible_facts": dict(arguments.model_extra or {}),
        "_ansible_facts_cacheable": arguments.cacheable,
    }


async def _run_assert(call: Call) -> ModuleResult:
    arguments = parse(AssertArguments, dict(call.arguments))
    claims = arguments.that if isinstance(arguments.that, list | tuple) else [arguments.that]
    for claim in claims:
        value = call.evaluate(claim) if isinstance(claim, str) else claim
        if not value:
            message = arguments.fail_msg if arguments.fail_msg is not None else "Assertion failed"
            details = {} if arguments.quiet else {"assertion": claim, "evaluated_to": value}
            return {"changed": False, "failed": True, "msg": message, **details}
    message = arguments.success_msg
    return {
        "changed": False,
        "msg": "All assertions passed" if message is None else message,
        "_ansible_verbose_always": not arguments.quiet,
    }


async def _run_fail(call: Call) -> ModuleResult:
    arguments = parse(FailArguments, dict(call.arguments))
    return {"changed": False, "failed": True, "msg": arguments.msg}


DEBUG = Module(
    names=("ansible.builtin.debug", "ansible.legacy.debug", "debug"),
    arguments=DebugArguments,
    run=answering("debug")(_run_debug),
    runs=Runs.ON_CONTROLLER,
    raw_arguments=("var",),
)
SET_FACT = Module(
    names=("ansible.builtin.set_fact", "ansible.legacy.set_fact", "set_fact"),
    arguments=FactArguments,
    run=answering("set_fact")(_run_set_fact),
    runs=Runs.ON_CONTROLLER,
)
ASSERT = Module(
    names=("ansible.builtin.assert", "ansible.legacy.assert", "assert"),
    arguments=AssertArguments,
    run=answering("assert")(_run_assert),
    runs=Runs.ON_CONTROLLER,
    raw_arguments=("that",),
)
FAIL = Module(
    names=("ansible.builtin.fail", "ansible.legacy.fail", "fail"),
    arguments=FailArguments,
    run=answering("fail")(_run_fail),
    runs=Runs.ON_CONTROLLER,
)
MODULES = (DEBUG, SET_FACT, ASSERT, FAIL)
