"""Which benefits the project's views ask for, as far as its URLs tell."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

__all__ = ["gates_in_urls"]


def gates_in_urls() -> dict[str, set[str]]:
    """The keys of decorators, mixins and DRF permissions, each with the views that ask for it.

    What a view decides when it is called cannot be seen. No queries.
    """
    found: dict[str, set[str]] = {}
    for view in _views(get_resolver().url_patterns):
        for key in _keys_of(view):
            found.setdefault(key, set()).add(_name_of(view))
    return found


def _views(patterns: Iterable[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.callback


def _keys_of(view: Any) -> Iterator[str]:
    yield from getattr(view, "gate_benefits", ())
    view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    named = getattr(view_class, "required_benefits", ())
    yield from (named,) if isinstance(named, str) else named
    for permission in getattr(view_class, "permission_classes", ()):
        yield from _keys_of_permission(permission)


def _keys_of_permission(permission: Any) -> Iterator[str]:
    """A composition holds its parts; "not" asks for what must be missing, which may be nothing."""
    yield from getattr(permission, "benefits", ())
    operands = getattr(permission, "operands", None)
    if operands is None:
        operands = (getattr(permission, "op1_class", None), getattr(permission, "op2_class", None))
    for operand in operands:
        if operand is not None:
            yield from _keys_of_permission(operand)


def _name_of(view: Any) -> str:
    shown = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return f"{shown.__module__}.{getattr(shown, '__qualname__', type(shown).__name__)}"
