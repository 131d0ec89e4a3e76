"""The Jinja2 environment: native types, lazy variables, no way into our own objects.

Jinja copies all variables into each render; here the context asks a mapping that evaluates a
variable when it is first used. Native results are the values themselves: an expression that stands
alone keeps its type, text around it makes text, and no string is ever parsed back into a value.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from itertools import chain, islice
from typing import Any

from jinja2 import nodes
from jinja2.environment import Environment, Template
from jinja2.loaders import FunctionLoader
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.utils import missing

from warren.playbook.templating.finishing import finish
from warren.playbook.templating.undefined import Absent

_mapping_methods = frozenset(("get", "items", "keys", "values"))


def concatenate(values: Iterable[Any]) -> Any:
    """The only value itself, or the text of all of them; ``None`` is nothing in a text."""
    iterator = iter(values)
    head = list(islice(iterator, 2))
    if not head:
        return None
    if len(head) == 1:
        return head[0]
    return "".join(map(_text, chain(head, iterator)))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(finish(value))


class LazyContext(Context):
    """Resolves names in a mapping that evaluates them on demand."""

    def resolve_or_missing(self, key: str) -> Any:
        """The value of a name; locals first, then variables, then globals."""
        if key in self.vars:
            return self.vars[key]
        try:
            return self.parent[key]
        except KeyError:
            return self.environment.globals.get(key, missing)

    def get_all(self) -> dict[str, Any]:
        """What an included template sees: the same lazy variables with this one's locals over."""
        return Overlay(self.parent, self.vars) if self.vars else self.parent  # type: ignore[return-value]


class Overlay(Mapping[str, Any]):
    """Local names over lazy variables, without evaluating any."""

    __slots__ = ("_local", "_parent")

    def __init__(self, parent: Mapping[str, Any], local: Mapping[str, Any]) -> None:
        self._parent = parent
        self._local = dict(local)

    def __getitem__(self, name: str) -> Any:
        return self._local[name] if name in self._local else self._parent[name]

    def __iter__(self) -> Any:
        yield from self._local
        yield from (name for name in self._parent if name not in self._local)

    def __len__(self) -> int:
        return len({*self._local, *self._parent})


class GuardedEnvironment(Environment):
    """Refuses attributes that lead from data into Python's or our own objects."""

    context_class = LazyContext

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: an attribute, else an item; only an item of lazy variables."""
        if isinstance(obj, Mapping) and not isinstance(obj, dict):
            try:
                return obj[attribute]
            except KeyError:
                if attribute not in _mapping_methods:
                    return self.undefined(obj=obj, name=attribute)
        if attribute[:1] == "_":
            return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``: an item, else an attribute that is no internal one."""
        try:
            return obj[argument]
        except (AttributeError, TypeError, LookupError):
            if isinstance(argument, str) and argument[:1] != "_":
                return super().getitem(obj, argument)
        return self.undefined(obj=obj, name=argument)


class _NativeCode(NativeCodeGenerator):
    def _output_const_repr(self, group: Iterable[Any]) -> str:
        parts = list(group)
        if len(parts) == 1:
            return repr(parts[0])
        return repr("".join(map(_text, parts)))


class NativeEnvironment(GuardedEnvironment):
    """Evaluates to native values."""

    code_generator_class = _NativeCode

    def compile_text(self, source: str) -> Template:
        """Compile text with expressions; backslashes in their strings stand for themselves."""
        return self.from_string(self._double_backslashes(source) if "\\" in source else source)

    def compile_expression_only(self, source: str) -> Template:
        """Compile one bare expression.

        Raises:
            TemplateSyntaxError: it is none, or more follows it.
        """
        parser = Parser(self, source, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            parser.fail("more follows the end of the expression")
        body = nodes.Output([expression], lineno=1)
        tree = nodes.Template([body], lineno=1)
        tree.set_environment(self)
        return self.from_string(tree)

    def _double_backslashes(self, source: str) -> str:
        """YAML has had its turn at the escapes already; Jinja must not take another."""
        parts: list[str] = []
        inside = False
        for _, kind, text in self.lex(source):
            inside = (inside or kind == "variable_begin") and kind != "variable_end"
            parts.append(text.replace("\\", "\\\\") if inside and kind == "string" else text)
        return "".join(parts)


def new_native_environment() -> NativeEnvironment:
    """An environment without filters, tests and globals of ours."""
    return NativeEnvironment(
        undefined=Absent, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], cache_size=0
    )


def new_text_environment(
    settings: MutableMapping[str, Any], load: Callable[[str], str | None]
) -> GuardedEnvironment:
    """An environment that renders files to text, with a file's own settings of Jinja's syntax."""
    return GuardedEnvironment(
        undefined=Absent,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        finalize=lambda value: "" if value is None else value,
        keep_trailing_newline=True,
        loader=FunctionLoader(load),
        cache_size=0,
        **settings,
    )
