"""Functions that the settings name."""

from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string

from polar_django.exceptions import ConfigurationError

__all__ = ["load_function"]


def load_function(name: str, given: Callable[..., Any] | str) -> Callable[..., Any]:
    """The function, imported where its dotted path was given. Raises ConfigurationError."""
    if not isinstance(given, str):
        return given
    try:
        found = import_string(given)
    except ImportError as error:
        raise ConfigurationError(f"{name}: {error}") from error
    if not callable(found):
        raise ConfigurationError(f"{name}: {given} cannot be called.")
    function: Callable[..., Any] = found
    return function
