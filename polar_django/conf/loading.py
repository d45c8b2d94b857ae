"""Functions that the settings name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.module_loading import import_string

from polar_django.conf.readers import as_callable
from polar_django.exceptions import ConfigurationError

__all__ = ["as_request_value", "load_function"]


def as_request_value(name: str, value: Any) -> Callable[..., Any] | str:
    """A function `(request) -> value`, its dotted path, or the key of `request.META` to read."""
    if isinstance(value, str) and value and "." not in value:
        return partial(_read_meta, key=value)
    return as_callable(name, value)


def _read_meta(request: Any, *, key: str) -> Any:
    return request.META.get(key)


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
