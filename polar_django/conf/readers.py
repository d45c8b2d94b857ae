"""How a value of a settings dict is checked and converted, one function per kind of value.

Each takes the full name of the key, for its error, and the value.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, fields
from typing import Any

from polar_django.exceptions import ConfigurationError

Reader = Callable[[str, Any], Any]


def as_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text, not {type(value).__name__}.")
    return value


def as_prefix(name: str, value: Any) -> str:
    """Of keys: behind "9", key 7 would be 97, which is another's where there is no prefix."""
    text = as_text(name, value)
    if text and text[-1].isalnum():
        raise ConfigurationError(
            f"{name} must end in a separator, like 'staging-': keys behind it could read as others."
        )
    return text


def as_texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ConfigurationError(f"{name} must be a list of texts, even of one: ['…'].")
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must be a list of texts.")
    return tuple(as_text(f"{name}[{index}]", item) for index, item in enumerate(value))


def as_whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} must be a whole number from 1.")
    return value


def as_whole_or_zero(name: str, value: Any) -> int:
    return 0 if value == 0 and not isinstance(value, bool | float) else as_whole(name, value)


def one_of(*words: str) -> Reader:
    """A reader for one word out of a few."""

    def read(name: str, value: Any) -> str:
        if value not in words:
            known = ", ".join(map(repr, words))
            raise ConfigurationError(f"{name} must be one of {known}, not {value!r}.")
        return str(value)

    return read


def as_seconds(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        raise ConfigurationError(f"{name} must be a number of seconds above 0.")
    return float(value)


def as_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False.")
    return value


def as_text_map(name: str, value: Any) -> Mapping[str, str]:
    return {key: as_text(f"{name}[{key!r}]", item) for key, item in as_mapping(name, value).items()}


def as_mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must be a dict.")
    return dict(value)


def as_callable(name: str, value: Any) -> Callable[..., Any] | str:
    if not callable(value) and not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a function or the dotted path of one.")
    given: Callable[..., Any] | str = value
    return given


def setting(default: Any, read: Reader, *, secret: bool = False) -> Any:
    # One `field()` call: a dict of its own per instance, never a shared default.
    make = dict if isinstance(default, dict) else lambda: default
    return field(default_factory=make, repr=not secret, metadata={"read": read})


def read_options(
    target: type[Any], name: str, given: Mapping[str, Any], *, upper: bool = False
) -> dict[str, Any]:
    """Check every given key against the target's fields, and convert its value.

    `upper`: keys are written in capitals, as those of a settings dict are.
    """
    readers = {
        (item.name.upper() if upper else item.name): item
        for item in fields(target)
        if "read" in item.metadata
    }
    values = {}
    for key, value in given.items():
        refuse_unknown(key, readers, name)
        item = readers[key]
        if value is not None:
            values[item.name] = item.metadata["read"](f"{name}[{key!r}]", value)
    return values


def refuse_unknown(key: Any, known: Iterable[str], name: str) -> None:
    """Raises ConfigurationError for a key that is not known, and names the one that was meant."""
    names = list(known)
    if key in names:
        return
    near = difflib.get_close_matches(str(key), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(names)}."
    raise ConfigurationError(f"Unknown key {key!r} in {name}.{hint}")
