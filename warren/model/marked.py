"""YAML whose every node remembers where it was written.

An error without a line number sends its reader searching. PyYAML's composed nodes know their
position, its constructed values do not, so documents are built here from the nodes: mappings and
sequences are ``dict`` and ``list`` subclasses that carry the places of their entries, and scalars
are plain Python values whose place is asked of the container that holds them.

Scalars follow YAML 1.1 as PyYAML (and so Ansible) resolves them. Duplicate keys are refused, as is
any tag without a constructor in ``tags``.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from warren.model.errors import Place, SyntaxProblem

type_of_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

TagConstructor = Callable[[str, Place], Any]
"""Builds the value of a tagged scalar (``!vault |``) from its text."""


class MarkedDict(dict[Any, Any]):
    """A mapping that knows where it and each of its keys and values stand."""

    __slots__ = ("key_places", "place", "value_places")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.key_places: dict[Any, Place] = {}
        self.value_places: dict[Any, Place] = {}


class MarkedList(list[Any]):
    """A sequence that knows where it and each of its items stand."""

    __slots__ = ("item_places", "place")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.item_places: list[Place] = []


def load_all(
    text: str, file: str, *, tags: Mapping[str, TagConstructor] | None = None
) -> list[tuple[Any, Place]]:
    """Parse a stream of YAML documents.

    Args:
        text: the stream.
        file: its name, for places.
        tags: constructors of tagged scalars, by tag (``!vault``).

    Returns:
        each document's value with the place where it starts; an empty document is ``None``.

    Raises:
        SyntaxProblem: it does not parse, repeats a key, or uses an unknown tag or an alias to
            itself.
    """
    loader = type_of_loader(text)
    builder = _Builder(loader, file, dict(tags or {}))
    documents: list[tuple[Any, Place]] = []
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None, "check_node said there is one"
            documents.append((builder.build(node), builder.place(node)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        context = f" {error.context}" if error.context else ""
        raise SyntaxProblem(f"{error.problem or 'not YAML'}{context}", place) from error
    except yaml.YAMLError as error:
        raise SyntaxProblem(f"not YAML: {error}", Place(file, 1, 1)) from error
    finally:
        loader.dispose()
    return documents


def load(text: str, file: str, *, tags: Mapping[str, TagConstructor] | None = None) -> Any:
    """Parse a stream that holds at most one document.

    Raises:
        SyntaxProblem: as ``load_all``, or the stream holds more than one document.
    """
    documents = load_all(text, file, tags=tags)
    if len(documents) > 1:
        raise SyntaxProblem("a second document starts here; one is expected", documents[1][1])
    return documents[0][0] if documents else None


def load_file(path: Path, *, tags: Mapping[str, TagConstructor] | None = None) -> Any:
    """Parse a file that holds at most one document.

    Raises:
        SyntaxProblem: it does not parse, or is not UTF-8.
        OSError: it cannot be read.
    """
    return load(read_text(path), str(path), tags=tags)


def read_text(path: Path) -> str:
    """Read a UTF-8 file.

    Raises:
        SyntaxProblem: a byte is not UTF-8; the place says which line.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        place = Place(str(path), before.count(b"\n") + 1, column)
        raise SyntaxProblem(f"byte {data[error.start]:#04x} is not UTF-8", place) from error


def place_of(root: Any, path: Sequence[str | int]) -> Place | None:
    """Find where the value at ``path`` below ``root`` stands.

    Follows the path as far as it exists and returns the deepest known place, so a missing field is
    reported where its mapping starts. ``None`` when ``root`` carries no places.
    """
    place: Place | None = getattr(root, "place", None)
    node = root
    for step in path:
        if isinstance(node, MarkedDict) and step in node:
            place = node.value_places.get(step, place)
            node = node[step]
        elif isinstance(node, MarkedList) and isinstance(step, int) and step < len(node):
            place = node.item_places[step]
            node = node[step]
        else:
            break
    return place


class _Builder:
    """Turns composed nodes into values with places; one for one stream."""

    def __init__(self, loader: Any, file: str, tags: dict[str, TagConstructor]) -> None:
        self._loader = loader
        self._file = file
        self._tags = tags
        self._open: set[int] = set()
        self._done: dict[int, Any] = {}

    def place(self, node: yaml.Node) -> Place:
        return Place(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def build(self, node: yaml.Node) -> Any:
        if id(node) in self._done:  # an alias shares the anchored value
            return self._done[id(node)]
        if id(node) in self._open:
            raise SyntaxProblem("this alias refers to a value that contains it", self.place(node))
        self._open.add(id(node))
        value = self._construct(node)
        self._open.discard(id(node))
        self._done[id(node)] = value
        return value

    def _construct(self, node: yaml.Node) -> Any:
        if not node.tag.startswith("tag:yaml.org,2002:") and node.tag not in self._tags:
            raise SyntaxProblem(f"unknown tag {node.tag!r}", self.place(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node)
        assert isinstance(node, yaml.ScalarNode)
        if node.tag in self._tags:
            return self._tags[node.tag](node.value, self.place(node))
        try:
            return self._loader.construct_object(node)
        except (ValueError, OverflowError) as error:
            message = f"{node.value!r} is not a valid {node.tag.rpartition(':')[2]}: {error}"
            raise SyntaxProblem(message, self.place(node)) from error

    def _sequence(self, node: yaml.SequenceNode) -> MarkedList:
        marked = MarkedList(self.place(node))
        for item in node.value:
            marked.append(self.build(item))
            marked.item_places.append(self.place(item))
        return marked

    def _mapping(self, node: yaml.MappingNode) -> MarkedDict:
        self._refuse_repeated_keys(node)
        self._loader.flatten_mapping(node)
        marked = MarkedDict(self.place(node))
        for key_node, value_node in node.value:
            key = self.build(key_node)
            if not isinstance(key, str | int | float | bool | None):
                raise SyntaxProblem("a key must be a plain value", self.place(key_node))
            marked[key] = self.build(value_node)
            marked.key_places[key] = self.place(key_node)
            marked.value_places[key] = self.place(value_node)
        return marked

    def _refuse_repeated_keys(self, node: yaml.MappingNode) -> None:
        seen: dict[str, Place] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                continue
            if key_node.value in seen:
                message = (
                    f"key {key_node.value!r} is written twice; first at {seen[key_node.value]}"
                )
                raise SyntaxProblem(message, self.place(key_node))
            seen[key_node.value] = self.place(key_node)
