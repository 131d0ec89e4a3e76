"""Evaluation: from compiled values and lazy variables to plain data.

Compiling a Jinja template costs thirty times as much as running it, so each text is compiled once
in a run. A variable may itself be a template; it is evaluated when a template asks for it, in the
scope of the one that asks. A part that cannot be evaluated becomes an absence which only raises if
it is used: one broken entry of a large mapping does not hurt who reads another.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol

from jinja2 import Environment, Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import TemplateNotFound, UndefinedError

from warren.model.errors import PermanentError, Place, WarrenError
from warren.model.validation import shown
from warren.playbook.inventory.layers import VaultText
from warren.playbook.modules.contract import TemplateStyle
from warren.playbook.templating import environment, functions, lookups, tests
from warren.playbook.templating.filters import all_filters
from warren.playbook.templating.finishing import finish, omit
from warren.playbook.templating.undefined import TemplateFailed, UndefinedVariable, absent
from warren.playbook.templating.values import Row, Table, Text, compile_value, is_template

_bare_name = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}(\n*)", re.ASCII)
_jinja_words = frozenset(("true", "false", "none", "True", "False", "None"))
_raised_by_templates = (
    TemplateError,
    WarrenError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
compiled_max = 20_000


class Variables(Protocol):
    """What templates are evaluated with: names that resolve on demand, and files."""

    def __getitem__(self, name: str) -> Any:
        """The value of a variable, an absence if its own template fails; ``KeyError`` if unknown."""
        ...

    def __iter__(self) -> Iterator[str]:
        """All names."""
        ...

    def find_file(self, name: str, kind: str) -> Path:
        """Resolve a file name as the task that is running would."""
        ...


OpenVault = Callable[[VaultText], str]


class Engine:
    """Evaluates templates; one for one run, because it keeps what it compiled.

    Args:
        open_vault: decrypts values written as ``!vault``; without it, using one is an error.
        warn: is told what works but should be written differently.
        chance: where ``random``, ``shuffle`` and made-up passwords come from.
        now: the time, for ``now()``.
    """

    def __init__(
        self,
        *,
        open_vault: OpenVault | None = None,
        warn: Callable[[str], None] = lambda _text: None,
        chance: Random,
        now: Callable[[], datetime],
    ) -> None:
        self._chance = chance
        self._now = now
        self._open_vault = open_vault
        self._warn = warn
        self._native = environment.new_native_environment()
        self._equip(self._native)
        self._texts: dict[str, Template] = {}
        self._expressions: dict[str, Template] = {}
        self._files: dict[TemplateStyle, Environment] = {}
        self._file_templates: dict[tuple[TemplateStyle, str], Template] = {}
        self._rendering: tuple[Path, Variables] | None = None

    def tell(self, warn: Callable[[str], None]) -> None:
        """From now on, tell warnings to ``warn``."""
        self._warn = warn

    def evaluate(self, value: Any, variables: Variables) -> Any:
        """Evaluate a compiled value to plain data.

        Raises:
            UndefinedVariable: it uses what does not exist.
            TemplateFailed: it does not parse, or an operation in it fails.
        """
        if isinstance(value, Table):
            found = {key: self.evaluate(item, variables) for key, item in value.entries.items()}
            return finish(found, value.place)
        if isinstance(value, Row):
            return finish([self.evaluate(item, variables) for item in value.items], value.place)
        if not is_template(value):
            return value
        return finish(self.attempt(value, variables), getattr(value, "place", None))

    def attempt(self, value: Any, variables: Variables) -> Any:
        """As ``evaluate``, but what is undefined stays in place as an absence.

        Raises:
            TemplateFailed: it does not parse, or an operation in it fails.
        """
        if isinstance(value, Text):
            return self._text(value, variables)
        if isinstance(value, Table):
            return {key: self.attempt(item, variables) for key, item in value.entries.items()}
        if isinstance(value, Row):
            return [self.attempt(item, variables) for item in value.items]
        if isinstance(value, VaultText):
            return self._vault(value, variables)
        return value

    def expression(self, source: str, variables: Variables, place: Place | None = None) -> Any:
        """Evaluate a bare expression, such as a condition, to plain data.

        Raises:
            UndefinedVariable, TemplateFailed: as ``evaluate``.
        """
        return finish(self.attempt_expression(source, variables, place), place)

    def attempt_expression(
        self, source: str, variables: Variables, place: Place | None = None
    ) -> Any:
        """Evaluate a bare expression, keeping absences.

        Raises:
            TemplateFailed: it does not parse, or an operation in it fails.
        """
        compiled = self._expressions.get(source)
        if compiled is None:
            compiled = self._compile(
                self._native.compile_expression_only, source, self._expressions, place
            )
        return self._run(compiled, source, variables, place)

    def check_expression(self, source: str, place: Place | None) -> None:
        """Compile a bare expression now, so that a mistake shows before anything runs.

        Raises:
            TemplateFailed: it does not parse.
        """
        self._compile(self._native.compile_expression_only, source, self._expressions, place)

    def look_up(
        self, name: str, terms: list[Any], settings: dict[str, Any], variables: Variables
    ) -> Any:
        """Run a lookup.

        Raises:
            PermanentError: it is unknown or fails.
        """
        call = lookups.Call(
            variables=variables, attempt=self.attempt, chance=self._chance, settings=settings
        )
        return functions.look_up(name, terms, call, self._warn)

    def render_file(
        self, text: str, *, path: Path, style: TemplateStyle, variables: Variables
    ) -> str:
        """Render a template file's text to text.

        Raises:
            UndefinedVariable, TemplateFailed: the message names the line of ``path``.
        """
        files = self._files.get(style)
        if files is None:
            files = environment.new_text_environment(_settings(style), self._load)
            self._equip(files)
            self._files[style] = files
        self._rendering = (path, variables)
        line = 0
        try:
            template = self._file_template(files, style, text)
            context = template.new_context(variables, shared=True)  # type: ignore[arg-type]
            try:
                return "".join(template.root_render_func(context))
            except _raised_by_templates as error:
                line = _line_in(error, template)
                raise
        except TemplateSyntaxError as error:
            raise TemplateFailed(
                f"{error.message}", place=Place(str(path), error.lineno, 1)
            ) from error
        except UndefinedError as error:
            raise UndefinedVariable(str(error), place=Place(str(path), line or 1, 1)) from error
        except _raised_by_templates as error:
            raise TemplateFailed(_story(error), place=Place(str(path), line or 1, 1)) from error

    def _text(self, node: Text, variables: Variables) -> Any:
        source = node.source
        bare = _bare_name.fullmatch(source)
        if bare is not None and bare[1] not in _jinja_words:
            try:
                value = variables[bare[1]]
            except KeyError:
                return absent(f"{bare[1]!r} is undefined")
            return value + bare[2] if bare[2] and isinstance(value, str) else value
        body = source.rstrip("\n")
        compiled = self._texts.get(body)
        if compiled is None:
            compiled = self._compile(self._native.compile_text, body, self._texts, node.place)
        value = self._run(compiled, source, variables, node.place)
        return value + source[len(body) :] if isinstance(value, str) else value

    def _compile(
        self,
        how: Callable[[str], Template],
        source: str,
        cache: dict[str, Template],
        place: Place | None,
    ) -> Template:
        try:
            compiled = how(source)
        except TemplateError as error:
            message = f"{error.message or error} in {shown(source)}"
            raise TemplateFailed(f"template error: {message}", place=place) from error
        if len(cache) >= compiled_max:
            cache.clear()
        cache[source] = compiled
        return compiled

    def _run(
        self, compiled: Template, source: str, variables: Variables, place: Place | None
    ) -> Any:
        context = compiled.new_context(variables, shared=True)  # type: ignore[arg-type]
        try:
            return environment.concatenate(compiled.root_render_func(context))
        except UndefinedError as error:
            return absent(f"{error.message}")
        except TemplateFailed:
            raise
        except _raised_by_templates as error:
            raise TemplateFailed(f"{_story(error)} in {shown(source)}", place=place) from error

    def _vault(self, value: VaultText, variables: Variables) -> Any:
        if self._open_vault is None:
            raise TemplateFailed(
                "the value is encrypted and no vault password was given", place=value.place
            )
        return self.attempt(compile_value(self._open_vault(value), value.place), variables)

    def _file_template(self, files: Environment, style: TemplateStyle, text: str) -> Template:
        key = (style, text)
        if key not in self._file_templates:
            if len(self._file_templates) >= compiled_max:
                self._file_templates.clear()
            self._file_templates[key] = files.from_string(text)
        return self._file_templates[key]

    def _load(self, name: str) -> str | None:
        """Find what the template file that is being rendered includes."""
        assert self._rendering is not None, "only a render loads"
        path, variables = self._rendering
        beside = path.parent / name
        try:
            found = beside if beside.is_file() else variables.find_file(name, "templates")
        except PermanentError as error:
            raise TemplateNotFound(name, error.message) from error
        return found.read_text(encoding="utf-8")

    def _equip(self, target: Environment) -> None:
        target.filters.update(all_filters(self._chance))
        target.tests.update(tests.all_tests())
        target.globals.update(functions.all_functions(self.look_up, self._now))
        target.globals["omit"] = omit


def _settings(style: TemplateStyle) -> dict[str, Any]:
    return {name: getattr(style, name) for name in TemplateStyle.__dataclass_fields__}


def _line_in(error: BaseException, template: Template) -> int:
    """The line of the template where the error arose, 0 if it cannot be told."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is template.root_render_func.__code__ or (
            trace.tb_frame.f_globals.get("environment") is template.environment
        ):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _story(error: BaseException) -> str:
    if isinstance(error, WarrenError):
        return error.message
    if isinstance(error, TemplateError):
        return error.message or str(error)
    return f"{type(error).__name__}: {error}"
