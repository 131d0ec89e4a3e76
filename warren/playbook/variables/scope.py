"""All variables as one host and task see them, evaluated when they are read.

A scope is cheap: it is a list of layers and a memory of what was evaluated. Each task of a host
gets its own, so what an earlier task set is seen, and what this one evaluates is done once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from warren.model.errors import Place
from warren.playbook.modules.contract import TemplateStyle
from warren.playbook.templating.engine import Engine
from warren.playbook.templating.undefined import Absent, TemplateFailed, absent
from warren.playbook.templating.values import compile_value, is_template
from warren.playbook.variables.levels import Deferred, Layer, Level, Origin

FindFile = Callable[[str, str], Path]


class Scope(Mapping[str, Any]):
    """Lazy variables; see the module's docstring.

    Args:
        engine: evaluates.
        layers: in any order; of one level, later ones are stronger.
        find_file: resolves names of files for this task.
    """

    __slots__ = ("_engine", "_find_file", "_layers", "_memory", "_open")

    def __init__(self, engine: Engine, layers: Iterable[Layer], find_file: FindFile) -> None:
        self._engine = engine
        self._find_file = find_file
        self._layers = sorted(layers, key=_level)
        self._layers.reverse()
        self._memory: dict[str, Any] = {}
        self._open: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        if name in self._memory:
            return self._memory[name]
        if name == "vars":
            return self
        for layer in self._layers:
            if name in layer.values:
                value = self._evaluated(name, layer.values[name])
                self._memory[name] = value
                return value
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in layer.values for layer in self._layers)

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for layer in self._layers:
            for name in layer.values:
                if name not in seen:
                    seen.add(name)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Scope of {len(self._layers)} layers>"

    def find_file(self, name: str, kind: str) -> Path:
        """Resolve a file name as this task would.

        Raises:
            NotFound: it is nowhere; the message names every place.
        """
        return self._find_file(name, kind)

    def with_layers(self, *layers: Layer) -> "Scope":
        """The same variables with more layers; nothing evaluated is kept."""
        return Scope(self._engine, [*reversed(self._layers), *layers], self._find_file)

    def with_variables(self, values: Mapping[str, Any]) -> "Scope":
        """The same variables with some on top of all."""
        return self.with_layers(Layer(level=Level.MAGIC, values=values))

    def evaluate(self, value: Any) -> Any:
        """Evaluate a compiled value to plain data.

        Raises:
            TemplateFailed: it cannot be evaluated.
        """
        return self._engine.evaluate(value, self)

    def template(self, value: Any) -> Any:
        """Evaluate what a user wrote, not compiled yet, to plain data.

        Raises:
            TemplateFailed: it cannot be evaluated.
        """
        return self._engine.evaluate(compile_value(value), self)

    def expression(self, source: str, place: Place | None = None) -> Any:
        """Evaluate a bare expression.

        Raises:
            TemplateFailed: it cannot be evaluated.
        """
        return self._engine.expression(source, self, place)

    def render_file(
        self,
        text: str,
        *,
        path: Path,
        style: TemplateStyle,
        variables: Mapping[str, Any] | None = None,
    ) -> str:
        """Render the text of a template file.

        Raises:
            TemplateFailed: it cannot be rendered.
        """
        scope = self.with_variables(variables) if variables else self
        return self._engine.render_file(text, path=path, style=style, variables=scope)

    def origins_of(self, name: str) -> list[Origin]:
        """Every place that sets a variable, the one that holds first."""
        return [
            Origin(
                level=layer.level,
                owner=layer.owner,
                place=layer.places.get(name),
                value=layer.values[name],
            )
            for layer in self._layers
            if name in layer.values
        ]

    def _evaluated(self, name: str, value: Any) -> Any:
        if isinstance(value, Deferred):
            return value.compute()
        if not is_template(value):
            return value
        if name in self._open:
            place = getattr(value, "place", None)
            raise TemplateFailed(f"variable {name!r} is defined by itself", place=place)
        self._open.add(name)
        try:
            found = self._engine.attempt(value, self)
        finally:
            self._open.discard(name)
        if isinstance(found, Absent):
            place = getattr(value, "place", None)
            where = f" at {place}" if place else ""
            return absent(f"{found.story}, which {name!r}{where} needs")
        return found


def _level(layer: Layer) -> int:
    return layer.level
