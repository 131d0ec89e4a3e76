"""Providers by name."""

from collections.abc import Iterable

from warren.model.errors import PermanentError
from warren.model.validation import nearest
from warren.providers.contract import Provider
from warren.providers.engine.dialect import DOCKER, PODMAN
from warren.providers.engine.provider import EngineProvider


class ProviderNotRegistered(PermanentError):
    """No provider of that name is known.

    Attributes:
        provider: the name asked for.
    """

    code = "provider_not_registered"

    def __init__(self, provider: str, known: Iterable[str]) -> None:
        self.provider = provider
        names = sorted(known)
        typo = nearest(provider, names)
        super().__init__(
            f"provider {provider!r} is not registered",
            hint=f"did you mean {typo!r}?" if typo else f"known are: {', '.join(names) or 'none'}",
        )


class Registry:
    """The providers of a process; one of them is the default.

    Args:
        providers: those to know.
        default: name of the one that is meant where none is named; the first one otherwise.

    Raises:
        ProviderNotRegistered: ``default`` is none of them.
    """

    def __init__(self, providers: Iterable[Provider], *, default: str | None = None) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._default = default if default is not None else next(iter(self._providers), "")
        if default is not None:
            self.get(default)

    @property
    def names(self) -> tuple[str, ...]:
        """The registered names, sorted."""
        return tuple(sorted(self._providers))

    def get(self, name: str | None = None) -> Provider:
        """The provider of that name, or the default one.

        Raises:
            ProviderNotRegistered: there is none.
        """
        wanted = name if name is not None else self._default
        try:
            return self._providers[wanted]
        except KeyError:
            raise ProviderNotRegistered(wanted, self._providers) from None


def engines() -> Registry:
    """A registry of both container engines; ``podman`` is the default."""
    return Registry([EngineProvider(PODMAN), EngineProvider(DOCKER)])
