"""``-e``: ``name=value …``, YAML or JSON, or ``@FILE``."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from warren.model import marked
from warren.model.errors import InvalidInput, Place, Problem
from warren.playbook.language.arguments import parse_text
from warren.playbook.language.fields import variables_of
from warren.playbook.variables.levels import Layer, Level


def read_extra(texts: Sequence[str], load: Callable[[Path], Any]) -> Layer:
    """The variables of all ``-e``, later ones over earlier ones.

    Args:
        texts: as given.
        load: reads a YAML file.

    Raises:
        InvalidInput, SyntaxProblem: one is in none of the forms.
    """
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for text in texts:
        place = Place("--extra-vars", 1, 1)
        if text.startswith("@"):
            found = load(Path(text[1:]).expanduser())
        elif text.lstrip()[:1] in ("{", "["):
            found = marked.load(text, "--extra-vars")
        else:
            found = parse_text(text, place, free_form=False)
        if found is None:
            continue
        if not isinstance(found, dict):
            rule = "must be name=value, a mapping as YAML or JSON, or @FILE"
            raise InvalidInput([Problem(field="--extra-vars", value=text, rule=rule)])
        values |= variables_of(found)
        known = getattr(found, "key_places", {})
        places |= {name: known.get(name, place) for name in found}
    return Layer(level=Level.EXTRA, values=values, places=places)
