"""Where parsing gets what it needs from outside: modules, files, role directories.

Each file is read and parsed once in a run: roles are used in many places.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from warren.model.errors import NotFound, Place
from warren.model.marked import MarkedDict, MarkedList
from warren.playbook.inventory.adjacent import Reading
from warren.playbook.language.problems import problem
from warren.playbook.modules.contract import Module
from warren.playbook.templating.values import Unsafe

_ends = ("", ".yml", ".yaml", ".json")
packaged_prefix = "warren.core."
packaged_roles = Path(__file__).parent.parent / "roles"


class Modules(Protocol):
    """The modules that tasks may use."""

    def find(self, name: str) -> Module | None:
        """The module of a name, or ``None``."""
        ...

    def known_names(self) -> Iterable[str]:
        """All names, for the nearest of a typo."""
        ...


def reading_with_marks(reading: Reading) -> Reading:
    """How playbook files are read: as variables are, and with ``!unsafe``."""
    tags = {"!unsafe": lambda text, _place: Unsafe(text), **reading.tags}
    return Reading(decrypt=reading.decrypt, tags=tags)


@dataclass(slots=True, kw_only=True)
class Library:
    """What is outside of the playbook's file.

    Attributes:
        modules: the modules.
        reading: how files are opened and parsed.
        role_directories: where roles are looked for, after those beside the playbook.
    """

    modules: Modules
    reading: Reading = field(default_factory=Reading)
    role_directories: Sequence[Path] = ()
    _files: dict[Path, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reading = reading_with_marks(self.reading)

    def load(self, path: Path) -> Any:
        """The content of a YAML file; the same object every time.

        Raises:
            InvalidInput, SyntaxProblem: it cannot be read or does not parse.
        """
        if path not in self._files:
            self._files[path] = self.reading.load(path)
        return self._files[path]

    def load_list(self, path: Path, what: str) -> MarkedList:
        """A file that holds a list; an empty one holds none.

        Raises:
            InvalidInput, SyntaxProblem: it cannot be read, does not parse, or holds no list.
        """
        content = self.load(path)
        if content is None:
            return MarkedList(Place(str(path), 1, 1))
        if not isinstance(content, MarkedList):
            place = getattr(content, "place", Place(str(path), 1, 1))
            raise problem(path.name, f"must be a list of {what}", place)
        return content

    def load_variables(self, path: Path) -> MarkedDict:
        """A file, or directory of files, of variables; an empty one holds none.

        Raises:
            InvalidInput, SyntaxProblem: it cannot be read, does not parse, or holds no mapping.
        """
        if path.is_dir():
            united = MarkedDict(Place(str(path), 1, 1))
            for file in sorted(path.rglob("*")):
                if file.is_file() and file.suffix in _ends and not file.name.startswith("."):
                    _lay_over(united, self.load_variables(file))
            return united
        content = self.load(path)
        if content is None:
            return MarkedDict(Place(str(path), 1, 1))
        if not isinstance(content, MarkedDict):
            place = getattr(content, "place", Place(str(path), 1, 1))
            raise problem(path.name, "must be a mapping of variables", place)
        return content

    def find_role(self, name: str, playbook_directory: Path, place: Place) -> Path:
        """The directory of a role.

        Raises:
            InvalidInput: it is nowhere; the message names every place.
        """
        candidates = [Path(name).expanduser()] if "/" in name else []
        if name.startswith(packaged_prefix):
            candidates.append(packaged_roles / name.removeprefix(packaged_prefix))
        candidates.append(playbook_directory / "roles" / name)
        candidates.extend(directory / name for directory in self.role_directories)
        candidates.append(playbook_directory / name)
        for candidate in candidates:
            path = candidate if candidate.is_absolute() else playbook_directory / candidate
            if path.is_dir():
                return path
        looked = ", ".join(str(path) for path in candidates)
        raise problem("role", f"is not found; looked at {looked}", place, value=name)


def _lay_over(low: MarkedDict, high: MarkedDict) -> None:
    low.update(high)
    low.key_places.update(high.key_places)
    low.value_places.update(high.value_places)


def existing(base: Path, stem: str) -> Path | None:
    """``main``, ``main.yml``, … below a directory: the first that exists."""
    for end in (".yml", ".yaml", ".json", ""):
        path = base / f"{stem}{end}"
        if path.is_file() or (not end and path.is_dir()):
            return path
    return None


def find_beside(names: Sequence[str], directories: Sequence[Path], what: str) -> Path:
    """The first of the names that exists in the first directory that has one.

    Raises:
        NotFound: none does; the message names every place that was looked at.
    """
    looked: list[str] = []
    for name in names:
        path = Path(name).expanduser()
        candidates = [path] if path.is_absolute() else [where / path for where in directories]
        for candidate in candidates:
            if candidate.exists():
                return candidate
            looked.append(str(candidate))
    hint = f"looked at {', '.join(dict.fromkeys(looked))}"
    raise NotFound(f"{what} {' or '.join(map(repr, names))} does not exist", hint=hint)
