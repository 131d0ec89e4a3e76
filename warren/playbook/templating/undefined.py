"""Names and attributes that do not exist.

Using one is an error, asking about one is not: ``x is defined`` and ``x | default(1)`` must work
however deep the missing part lies, also when ``x`` exists but its own template uses something that
does not. So the absence is a value that carries its story and raises when it is used.
"""

from typing import Any

from jinja2 import StrictUndefined

from warren.model.errors import PermanentError, Place


class TemplateFailed(PermanentError):
    """A template cannot be evaluated.

    Attributes:
        place: where the template was written, if known.
    """

    code = "template_failed"

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        self.place = place
        super().__init__(f"{place}: {message}" if place else message, hint=hint)


class UndefinedVariable(TemplateFailed):
    """A template uses a variable, attribute or item that does not exist."""

    code = "undefined_variable"


class Absent(StrictUndefined):
    """Something that does not exist; parts of it do not exist either, and using it raises."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return self

    def __getitem__(self, _name: Any) -> "Absent":  # type: ignore[override]
        return self

    @property
    def story(self) -> str:
        """What is missing, as a sentence fragment."""
        return str(self._undefined_message)

    def __repr__(self) -> str:
        return f"<absent: {self.story}>"


def absent(story: str) -> Absent:
    """An absence with its reason."""
    return Absent(hint=story)
