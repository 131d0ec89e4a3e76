import pytest

from tests.unit.providers.cases import node
from warren.model.node import Engine
from warren.providers.contract import Capability, ProviderInfo
from warren.providers.engine.dialect import DOCKER, PODMAN
from warren.providers.engine.provider import EngineProvider
from warren.providers.registry import ProviderNotRegistered, Registry, engines


def test_registry_gives_the_default_where_none_is_named() -> None:
    assert engines().get().name == "podman"
    assert engines().get("docker").name == "docker"
    assert engines().names == ("docker", "podman")
    chosen = Registry([EngineProvider(PODMAN), EngineProvider(DOCKER)], default="docker")
    assert chosen.get().name == "docker"


@pytest.mark.parametrize(
    ("name", "hint"), [("podmen", "did you mean 'podman'?"), ("x", "known are: docker, podman")]
)
def test_unknown_provider_is_an_error_of_its_own(name: str, hint: str) -> None:
    with pytest.raises(ProviderNotRegistered) as caught:
        engines().get(name)
    assert (caught.value.provider, caught.value.hint) == (name, hint)


def test_default_must_be_registered() -> None:
    with pytest.raises(ProviderNotRegistered):
        Registry([EngineProvider(PODMAN)], default="docker")
    with pytest.raises(ProviderNotRegistered):
        Registry([]).get()


def test_capabilities_are_those_of_the_node() -> None:
    provider = engines().get("podman")
    assert Capability.PROVISION in provider.capabilities(node("podman"))
    assert Capability.GPU not in provider.capabilities(node("podman"))
    assert provider.capabilities(node("docker")) == frozenset()
    unknown = node("podman").model_copy(update={"engines": ()})
    assert Capability.PROVISION in provider.capabilities(unknown)


def test_info_tells_the_version_found_on_the_node() -> None:
    provider = engines().get("podman")
    there = node("podman").model_copy(
        update={"engines": (Engine(name="docker", version="1"), Engine(name="podman", version="5"))}
    )
    assert provider.info(there) == ProviderInfo(
        name="podman", version="5", node="host1", region="north"
    )
