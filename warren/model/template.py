"""Templates: stored specs with variables, from which services are made.

The document is kept as the text its author wrote, so comments survive and errors name its lines. A
variable stands in it as ``${name}``; ``$${`` is a plain ``${``.
"""

import math
import re
from enum import StrEnum
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, model_validator

from warren.model import marked
from warren.model.container import ContainerSpec
from warren.model.errors import SyntaxProblem
from warren.model.quantities import DnsLabel
from warren.model.resource import Labels, Resource
from warren.model.service import ServiceSpec
from warren.model.tenant import Description
from warren.model.validation import Frozen, nearest

DOCUMENT_CHARACTERS_MAX = 256 << 10
VARIABLES_MAX = 100
_PLACE = re.compile(r"(?<!\$)\$\{([^}]*)\}")
_FIELDS = (frozenset(ServiceSpec.model_fields) | frozenset(ContainerSpec.model_fields)) - {"role"}


class VariableType(StrEnum):
    """What a variable's values are."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


class Variable(Frozen):
    """What has to be said when a service is made.

    Attributes:
        name: as it stands in ``${name}``.
        type: what its values are.
        required: there is no default.
        default: its value if none is given, as text.
        description: for people.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    type: VariableType = VariableType.STRING
    required: bool = False
    default: str | None = None
    description: Description = ""

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        if self.required and self.default is not None:
            raise ValueError(f"variable {self.name!r} is required: it has no default")
        if self.default is not None:
            read_value(self, self.default)
        return self


def read_value(variable: Variable, text: str) -> str | int | float | bool:
    """The value that ``text`` is for ``variable``.

    Raises:
        ValueError: it is none of its type.
    """
    try:
        match variable.type:
            case VariableType.STRING:
                return text
            case VariableType.INTEGER:
                return int(text)
            case VariableType.NUMBER:
                return _finite(float(text))
            case VariableType.BOOLEAN:
                return {"true": True, "false": False}[text]
    except (ValueError, KeyError):
        raise ValueError(
            f"variable {variable.name!r} is of type {variable.type}: {text!r} is none"
        ) from None


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


class TemplateSpec(Frozen):
    """A template as it is written.

    Attributes:
        name: how services refer to it; never changes.
        description: for people.
        variables: all that occur in the document, and no others.
        document: a service's fields as YAML, without ``name`` and ``tenant``.
    """

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    description: Description = ""
    variables: Annotated[tuple[Variable, ...], Field(max_length=VARIABLES_MAX)] = ()
    document: Annotated[str, Field(min_length=1, max_length=DOCUMENT_CHARACTERS_MAX)]

    @model_validator(mode="after")
    def _document_and_variables_fit(self) -> Self:
        names = [variable.name for variable in self.variables]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two variables are named {name!r}")
        used = set(_PLACE.findall(self.document))
        for name in sorted(used - set(names)):
            close = nearest(name, names)
            meant = f" (did you mean {close!r}?)" if close else ""
            raise ValueError(f"document uses the variable {name!r}, which is not declared{meant}")
        for name in sorted(set(names) - used):
            raise ValueError(f"variable {name!r} does not occur in the document")
        _check_fields(self.name, _read(self.name, self.document))
        return self


def _read(name: str, document: str) -> Any:
    try:
        return marked.load(document, f"template {name}")
    except SyntaxProblem as error:
        raise ValueError(f"document is no YAML: {error.message}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"document is no YAML: {error}") from None


def _check_fields(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise ValueError("document must be a mapping of a service's fields")  # noqa: TRY004 - pydantic wants ValueError
    for key in value:
        if key in {"name", "tenant"}:
            raise ValueError(f"document must leave {key!r} to the service that is made of it")
        if key not in _FIELDS:
            close = nearest(str(key), _FIELDS)
            meant = f" (did you mean {close!r}?)" if close else ""
            place = marked.place_of(value, (key,))
            where = f"line {place.line}: " if place else ""
            raise ValueError(f"document of template {name}: {where}{key!r} is no field{meant}")


class Template(Resource):
    """A template as Warren records it.

    Attributes:
        spec: what was written.
    """

    spec: TemplateSpec
