"""The kinds of values that module arguments take.

Playbooks write ``yes``, ``"0644"``, ``0644``, ``a,b`` and ``[a, b]`` and mean one thing; and most
arguments have older names. A model that derives from ``Arguments`` accepts all of these and shows
one form.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, model_validator

from warren.model.validation import Frozen

_true = frozenset({"yes", "on", "1", "true", "t", "y"})
_false = frozenset({"no", "off", "0", "false", "f", "n", ""})
_symbolic = re.compile(r"[ugoa]*([-+=]([rwxXst]*|[ugo]))+(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*")
_octal = re.compile(r"(0o)?[0-7]{1,5}")
_mode_bits = 0o7777
# Decimal digits that were meant as octal: 644 is the number 0o1204, a mode nobody means.
_forgotten_quotes = frozenset({600, 640, 644, 660, 664, 666, 700, 711, 750, 755, 770, 775, 777})


def _flag(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    word = str(value).strip().lower()
    if word in _true or (isinstance(value, float) and value == 1):
        return True
    if word in _false or (isinstance(value, float) and value == 0):
        return False
    raise ValueError("must be a boolean (true or false, yes or no, on or off)")


def _text(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return str(value)
    return value


def _mode(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be a mode such as '0644' or 'u=rw,g=r,o=r'")  # noqa: TRY004 - pydantic turns ValueError into a problem
    if isinstance(value, int):
        if value in _forgotten_quotes:
            raise ValueError(
                f"is a decimal number; write '0{value}' with quotes and a leading zero"
            )
        if not 0 <= value <= _mode_bits:
            raise ValueError("must be a mode such as '0644'")
        return f"{value:04o}"
    word = value.strip()
    if _octal.fullmatch(word):
        return word.removeprefix("0o")
    if word == "preserve" or _symbolic.fullmatch(word.replace(" ", "")):
        return word.replace(" ", "")
    raise ValueError("must be a mode such as '0644' or 'u=rw,g=r,o=r'")


def _texts(value: Any) -> Any:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, int | float):
        return (str(value),)
    if isinstance(value, list | tuple):
        return tuple(_text(item) for item in value)
    return value


Flag = Annotated[bool, BeforeValidator(_flag)]
"""A boolean, also as ``yes``, ``off``, ``"1"``."""
Text = Annotated[str, BeforeValidator(_text)]
"""A text; numbers and booleans are written out."""
Mode = Annotated[str, BeforeValidator(_mode)]
"""Permissions: octal digits, ``u=rw,g=r``, or ``preserve``; a YAML octal number becomes digits."""
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
"""Several texts: a list, or one text with commas."""


class Arguments(Frozen):
    """Arguments of a module; ``ALIASES`` maps each other accepted name to the field's."""

    # A playbook uses few of all modules: the others' validators are never built.
    model_config = ConfigDict(defer_build=True)

    ALIASES: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or not any(name in cls.ALIASES for name in value):
            return value
        renamed: dict[str, Any] = {}
        for name, given in value.items():
            field = cls.ALIASES.get(name, name)
            if field in renamed or (field != name and field in value):
                raise ValueError(f"{field} is given twice: {name} is another name of it")
            renamed[field] = given
        return renamed


class FileArguments(Arguments):
    """What all modules that make files accept.

    Attributes:
        mode: permissions; those of an existing file are kept without it.
        owner: user name or number.
        group: group name or number.
        unsafe_writes: whether to write in place where a file cannot be replaced (a mount point).
    """

    mode: Mode | None = None
    owner: Text | None = None
    group: Text | None = None
    unsafe_writes: Flag = False

    def attributes(self) -> dict[str, Any]:
        """The fields that every function which writes files on a host takes."""
        return {
            "mode": self.mode,
            "owner": self.owner,
            "group": self.group,
            "unsafe_writes": self.unsafe_writes,
        }
