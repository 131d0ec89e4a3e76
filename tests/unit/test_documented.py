"""Every field a user can write is documented."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from warren.model import container, service
from warren.playbook.modules.cluster import ServiceArguments

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTED: tuple[type[BaseModel], ...] = (
    ServiceArguments,
    container.ContainerSpec,
    container.Port,
    container.Mount,
    container.Resources,
    container.HttpCheck,
    container.TcpCheck,
    container.ExecCheck,
    container.GrpcCheck,
    container.Capabilities,
    service.Placement,
    service.UpdateConfig,
    service.RestartPolicy,
)


@pytest.mark.parametrize("model", DOCUMENTED, ids=lambda model: model.__name__)
def test_every_field_of_a_service_is_documented(model: type[BaseModel]) -> None:
    page = (DOCS / "service.md").read_text()
    names = {"add", "drop"} if model is container.Capabilities else set(model.model_fields)
    assert not [name for name in sorted(names) if f"`{name}`" not in page]
