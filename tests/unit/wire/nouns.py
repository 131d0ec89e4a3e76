"""All models that travel: what users write, what is recorded and may be seen, and events."""

import importlib
import pkgutil

from pydantic import BaseModel

import warren.model
from warren.model.event import Event
from warren.model.resource import Resource
from warren.model.validation import Frozen
from warren.wire.files import FILES

_SEALED = {"SealedSecret", "SealedConfig", "SealedCertificate", "JoinToken"}


def is_stored_only(model: type[BaseModel]) -> bool:
    return model.__name__ in _SEALED | {"Cluster"} or model.__name__.endswith("Record")


def model_classes() -> list[type[BaseModel]]:
    found = set()
    for module in pkgutil.iter_modules(warren.model.__path__):
        for each in vars(importlib.import_module(f"warren.model.{module.name}")).values():
            if isinstance(each, type) and issubclass(each, Frozen):
                found.add(each)
    return sorted(found - {Frozen, Resource}, key=lambda each: each.__name__)


NOUNS = [
    each
    for each in model_classes()
    if (issubclass(each, Resource) or each.__name__.endswith("Spec") or each is Event)
    and not is_stored_only(each)
]
SEALED = [each for each in model_classes() if each.__name__ in _SEALED]
MESSAGES = {name: message for file in FILES for name, message in file.message_types_by_name.items()}
