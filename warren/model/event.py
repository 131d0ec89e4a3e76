"""Events: what happened, in order."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from warren.model.validation import Frozen

MESSAGE_CHARACTERS_MAX = 4096
DATA_MAX = 32


class Event(Frozen):
    """Something that happened.

    Attributes:
        sequence: counts events from the beginning of the cluster, without gaps.
        type: thing and what became of it (``service.created``, ``node.down``); new ones may appear.
        at: when, on the clock of the manager that led.
        tenant: of the thing; empty for what belongs to the cluster.
        node: name of the node concerned, if one is.
        service: name of the service concerned, if one is.
        instance: name of the instance concerned, if one is.
        container: name of the container concerned, if one is.
        message: one sentence for people; never a secret.
        data: what programs need beyond that.
        actor: who caused it (``operator/ann``); empty for Warren itself.
    """

    sequence: Annotated[int, Field(ge=1)]
    type: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$", max_length=64)]
    at: datetime
    tenant: str = ""
    node: str = ""
    service: str = ""
    instance: str = ""
    container: str = ""
    message: Annotated[str, Field(max_length=MESSAGE_CHARACTERS_MAX)] = ""
    data: Annotated[dict[str, str], Field(max_length=DATA_MAX)] = Field(default_factory=dict)
    actor: str = ""
