"""From a provider's name to its one instance, loaded by dotted path when first asked for.

Nothing above this floor imports a provider package, so that `httpx` and friends load when used.
"""

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from polar_django.conf import Settings, get_settings
from polar_django.exceptions import ConfigurationError

if TYPE_CHECKING:
    from polar_django.providers.base import Provider

__all__ = ["get_provider", "known_providers", "load_provider_class"]

_CLASSES: Mapping[str, str] = {
    "polar": "polar_django.providers.polar.provider.PolarProvider",
}
# By its path: the system checks need the names above at start-up, the class only who uses one.
_BASE = "polar_django.providers.base.Provider"
# By name, each with the settings it was made from: others make it stale.
_instances: "dict[str, tuple[Settings, Provider]]" = {}
_making = Lock()


def get_provider(name: str | None = None) -> "Provider":
    """The provider of that name (`DEFAULT_PROVIDER` where None), configured from the settings.

    One instance a name, shared between threads; a change of settings makes a new one. Raises
    ConfigurationError for a name nobody registered and a class that cannot be loaded. No calls.
    """
    settings = get_settings()
    wanted = name or settings.default_provider
    held = _instances.get(wanted)
    if held is not None and held[0] is settings:
        return held[1]
    with _making:
        held = _instances.get(wanted)
        if held is None or held[0] is not settings:
            held = settings, _make(wanted, settings)
            _instances[wanted] = held
    return held[1]


def known_providers() -> tuple[str, ...]:
    """The names `get_provider` takes: ours, and those with a `CLASS` in `PROVIDERS`. No calls."""
    return tuple(sorted(_dotted_paths(get_settings())))


def _dotted_paths(settings: Settings) -> dict[str, str]:
    own = {
        name: str(options["CLASS"])
        for name, options in settings.providers.items()
        if isinstance(options, Mapping) and options.get("CLASS")
    }
    return {**_CLASSES, **own}


def load_provider_class(name: str) -> "type[Provider]":
    """The class behind that name. No calls.

    Raises ConfigurationError for a name nobody registered and a class that cannot be loaded.
    """
    paths = _dotted_paths(get_settings())
    if name not in paths:
        raise ConfigurationError(
            f"There is no provider {name!r} (known: {', '.join(sorted(paths))}). Name the class of "
            f"a new one in POLAR_DJANGO['PROVIDERS'][{name!r}]['CLASS']."
        )
    try:
        found: type[Provider] = import_string(paths[name])
    except ImportError as error:
        raise ConfigurationError(
            f"The provider {name!r} cannot be loaded from {paths[name]!r}: {error}"
        ) from error
    if not isinstance(found, type) or not issubclass(found, import_string(_BASE)):
        raise ConfigurationError(f"{paths[name]} is no polar_django.providers.base.Provider.")
    if found.name != name:
        raise ConfigurationError(
            f"{paths[name]} calls itself {found.name!r}; register it under that name, not {name!r}."
        )
    return found


def _make(name: str, settings: Settings) -> "Provider":
    options: Any = settings.providers.get(name, {})
    return load_provider_class(name).from_settings(settings, options)
