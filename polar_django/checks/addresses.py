"""Whether the app's pages can be reached, and the project's that they lead to."""

from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse

from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError

__all__ = ["check_addresses"]

_ADDRESSES = ("upgrade_url", "success_url", "return_url", "login_url")


def check_addresses(**_: Any) -> list[CheckMessage]:
    """Whether the app's views can be reached, and the project's pages they lead to."""
    found: list[CheckMessage] = []
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return found
    try:
        reverse("polar:return")
    except NoReverseMatch:
        found.append(
            Warning(
                "The addresses of polar_django are not included, so nobody can buy here.",
                hint='Add path("billing/", include("polar_django.urls")) to your URLs.',
                id="polar_django.W004",
            )
        )
    try:
        settings = get_settings()
    except ConfigurationError:
        return found
    for name in _ADDRESSES:
        try:
            resolve_url(getattr(settings, name) or "/")
        except NoReverseMatch:
            found.append(
                Error(
                    f"POLAR_DJANGO[{name.upper()!r}] is {getattr(settings, name)!r}, which is the "
                    "name of no URL pattern.",
                    hint="Give the name of one, or a path that begins with '/'.",
                    id="polar_django.E009",
                )
            )
    return found
