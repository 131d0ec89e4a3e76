from collections.abc import Callable
from typing import Any

from warren.model.errors import PermanentError
from warren.playbook.templating.undefined import UndefinedVariable

Perform = Callable[..., Any]
VARIABLES = {"a": 1, "name": "x"}


def evaluate(text: str) -> Any:
    try:
        return eval(text, {"__builtins__": {}}, VARIABLES)
    except NameError as error:
        raise UndefinedVariable(str(error)) from error
    except SyntaxError as error:
        raise PermanentError(f"{text}: does not parse") from error


async def test_debug_shows_a_message_of_any_type(perform: Perform) -> None:
    assert (await perform("debug", {"msg": ["a", 1]}))["msg"] == ["a", 1]
    assert (await perform("debug", {}))["msg"] == "Hello world!"


async def test_debug_shows_an_expression_under_its_own_text(perform: Perform) -> None:
    result = await perform("debug", {"var": "a + 1"}, evaluate=evaluate)
    assert result["a + 1"] == 2


async def test_debug_says_that_a_variable_is_undefined(perform: Perform) -> None:
    result = await perform("debug", {"var": "nope"}, evaluate=evaluate)
    assert "NOT DEFINED" in result["nope"]
    assert "failed" not in result


async def test_debug_fails_when_an_expression_is_wrong(perform: Perform) -> None:
    result = await perform("debug", {"var": "a +"}, evaluate=evaluate)
    assert result["failed"]


async def test_debug_waits_for_its_verbosity(perform: Perform) -> None:
    quiet = await perform("debug", {"msg": "x", "verbosity": 2}, variables={"ansible_verbosity": 1})
    loud = await perform("debug", {"msg": "x", "verbosity": 2}, variables={"ansible_verbosity": 2})
    assert quiet["skipped"]
    assert loud["msg"] == "x"


async def test_debug_refuses_two_subjects(perform: Perform) -> None:
    assert "not both" in (await perform("debug", {"msg": "x", "var": "a"}))["msg"]


async def test_set_fact_gives_the_facts_and_whether_to_keep_them(perform: Perform) -> None:
    result = await perform("set_fact", {"x": 1, "y": [2], "cacheable": "yes"})
    assert result["ansible_facts"] == {"x": 1, "y": [2]}
    assert result["_ansible_facts_cacheable"] is True
    assert result["changed"] is False


async def test_set_fact_refuses_what_cannot_name_a_variable(perform: Perform) -> None:
    result = await perform("set_fact", {"a-b": 1})
    assert result["failed"]
    assert "'a-b' cannot name a variable" in result["msg"]


async def test_assert_passes_when_every_claim_holds(perform: Perform) -> None:
    result = await perform(
        "assert", {"that": ["a == 1", True], "success_msg": "fine"}, evaluate=evaluate
    )
    assert result == {"changed": False, "msg": "fine", "_ansible_verbose_always": True}


async def test_assert_names_the_first_claim_that_does_not_hold(perform: Perform) -> None:
    arguments = {"that": ["a == 1", "name == 'y'"], "msg": "wrong name"}
    result = await perform("assert", arguments, evaluate=evaluate)
    assert (result["failed"], result["msg"]) == (True, "wrong name")
    assert (result["assertion"], result["evaluated_to"]) == ("name == 'y'", False)


async def test_assert_takes_one_claim_alone_and_can_be_quiet(perform: Perform) -> None:
    result = await perform("assert", {"that": "a == 2", "quiet": True}, evaluate=evaluate)
    assert result["failed"]
    assert "assertion" not in result


async def test_assert_fails_when_a_claim_cannot_be_evaluated(perform: Perform) -> None:
    result = await perform("assert", {"that": "nope"}, evaluate=evaluate)
    assert result["failed"]
    assert "nope" in result["msg"]


async def test_fail_fails_with_its_message(perform: Perform) -> None:
    assert await perform("fail", {"msg": "enough"}) == {
        "changed": False,
        "failed": True,
        "msg": "enough",
    }
