from typing import Any

import pytest

from warren.model.errors import InvalidInput
from warren.model.validation import parse
from warren.playbook.modules.arguments import Arguments, FileArguments, Flag, Text, Texts
from warren.playbook.modules.commands import CommandArguments
from warren.playbook.modules.copies import CopyArguments
from warren.playbook.modules.edits import BlockArguments, LineArguments
from warren.playbook.modules.files import FileStateArguments
from warren.playbook.modules.registry import Registry
from warren.playbook.modules.systems import AptArguments, PackageArguments


class Sample(Arguments):
    ALIASES = {"other": "text"}  # noqa: RUF012

    flag: Flag = False
    text: Text = ""
    texts: Texts = ()


@pytest.mark.parametrize("written", [True, "yes", "Yes", "on", "true", "1", 1, "y", "T", 1.0])
def test_flag_is_true_for_every_way_of_saying_so(written: Any) -> None:
    assert parse(Sample, {"flag": written}).flag is True


@pytest.mark.parametrize("written", [False, "no", "OFF", "false", "0", 0, "n", "f", ""])
def test_flag_is_false_for_every_way_of_saying_so(written: Any) -> None:
    assert parse(Sample, {"flag": written}).flag is False


def test_flag_refuses_what_is_neither() -> None:
    with pytest.raises(InvalidInput, match="flag: 'perhaps' must be a boolean"):
        parse(Sample, {"flag": "perhaps"})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("a", ("a",)), ("a, b,", ("a", "b")), (["a", 1], ("a", "1")), (None, ()), (7, ("7",))],
)
def test_texts_take_a_list_or_commas(written: Any, meant: tuple[str, ...]) -> None:
    assert parse(Sample, {"texts": written}).texts == meant


def test_other_name_means_the_field() -> None:
    assert parse(Sample, {"other": 5}).text == "5"


def test_field_given_by_two_names_is_refused() -> None:
    with pytest.raises(InvalidInput, match="text is given twice"):
        parse(Sample, {"other": "a", "text": "b"})


def test_unknown_field_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'mode'"):
        parse(FileArguments, {"mod": "0644"})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0644", "0644"), ("644", "644"), (0o644, "0644"), (0o4755, "4755"), ("0o600", "600"),
     ("u=rw,g=r,o=", "u=rw,g=r,o="), ("a+X", "a+X"), ("u+s,g=u", "u+s,g=u")],
)  # fmt: skip
def test_mode_is_kept_as_digits_or_letters(written: Any, meant: str) -> None:
    assert parse(FileArguments, {"mode": written}).mode == meant


def test_mode_written_as_a_decimal_number_is_refused_with_what_to_write() -> None:
    with pytest.raises(InvalidInput, match="write '0644' with quotes"):
        parse(FileArguments, {"mode": 644})


@pytest.mark.parametrize("written", ["rw", "0999", "u~r", True, 1 << 20, ["0644"]])
def test_mode_that_means_nothing_is_refused(written: Any) -> None:
    with pytest.raises(InvalidInput, match="mode"):
        parse(FileArguments, {"mode": written})


@pytest.mark.parametrize(
    ("model", "arguments", "rule"),
    [
        (CommandArguments, {}, "needs either a command or argv"),
        (CommandArguments, {"cmd": "a", "argv": ["a"]}, "needs either a command or argv"),
        (CommandArguments, {"cmd": " "}, "the command is empty"),
        (CopyArguments, {"dest": "/x"}, "needs src or content"),
        (CopyArguments, {"dest": "/x", "src": "a", "content": "b"}, "not both"),
        (CopyArguments, {"dest": "/x/", "content": "b"}, "needs dest to be a file"),
        (FileStateArguments, {"path": "/x", "recurse": True, "state": "file"}, "recurse is for"),
        (FileStateArguments, {"path": "/x", "src": "a", "state": "file"}, "src is for"),
        (FileStateArguments, {"path": "/x", "state": "gone"}, "'absent'"),
        (FileStateArguments, {"path": "/x", "mode": "preserve"}, "for copies only"),
        (LineArguments, {"path": "/x"}, "line is required"),
        (LineArguments, {"path": "/x", "line": "a", "backrefs": True}, "regexp is required"),
        (LineArguments, {"path": "/x", "state": "absent"}, "one of line"),
        (LineArguments, {"path": "/x", "line": "a", "regexp": "a", "search_string": "b"}, "not both"),
        (LineArguments, {"path": "/x", "line": "a", "insertafter": "a", "insertbefore": "b"}, "not both"),
        (BlockArguments, {"path": "/x", "marker": "# mark"}, "must contain {mark}"),
        (PackageArguments, {}, "name: is required"),
        (PackageArguments, {"name": "a", "state": "latst"}, "or 'latest'"),
        (AptArguments, {}, "needs name or update_cache"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(model: Any, arguments: Any, rule: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(model, arguments)
    assert rule in str(caught.value)


def test_free_form_text_is_the_command() -> None:
    assert parse(CommandArguments, {"_raw_params": "ls -l"}).cmd == "ls -l"


def test_age_of_lists_asks_for_fresh_ones() -> None:
    sent = parse(AptArguments, {"cache_valid_time": 60}).sent()
    assert sent["update_cache"] is True
    assert sent["names"] == []


def test_registry_finds_a_module_by_each_of_its_names() -> None:
    registry = Registry()
    found = {
        id(registry.find(name)) for name in ("copy", "ansible.builtin.copy", "ansible.legacy.copy")
    }
    assert len(found) == 1
    assert registry.find("cpoy") is None
    assert registry.nearest("cpoy") == "copy"
    assert "ansible.builtin.setup" in set(registry.known_names())
