"""The settings of the sandbox: one dict, `POLAR_SANDBOX`."""

from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

__all__ = ["SandboxSettings", "get_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """What a project may say about its sandbox.

    `webhook_url` and `webhook_secret` name an endpoint that exists from the start (both, or none).
    `auto_deliver` sends deliveries from a background thread, and does what fell due while time
    passed before a request is answered; off, nothing happens by itself.
    `scopes` are what the access token may do, as Polar names them with spaces between
    ("products:read orders:read"); empty, it may do everything.
    `base_url` is the sandbox's public address ("http://127.0.0.1:8000/sandbox"), used in links
    that are made outside a request; without it they are made from the request.
    """

    webhook_url: str = ""
    webhook_secret: str = ""
    access_token: str = "polar_oat_sandbox"
    scopes: str = ""
    allow_without_debug: bool = False
    auto_deliver: bool = True
    base_url: str = ""


@cache
def get_settings() -> SandboxSettings:
    """The settings, checked. Raises ImproperlyConfigured naming the key that is wrong."""
    given = getattr(settings, "POLAR_SANDBOX", {})
    if not isinstance(given, dict):
        raise ImproperlyConfigured("POLAR_SANDBOX must be a dict.")
    known = {field.name.upper(): field for field in fields(SandboxSettings)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        field = known.get(key)
        if field is None:
            raise ImproperlyConfigured(_unknown(key, list(known)))
        expected = field.type if isinstance(field.type, type) else type(field.default)
        if not isinstance(value, expected):
            raise ImproperlyConfigured(
                f"POLAR_SANDBOX[{key!r}] must be of type {expected.__name__}."
            )
        values[field.name] = value
    made = SandboxSettings(**values)
    if bool(made.webhook_url) != bool(made.webhook_secret):
        raise ImproperlyConfigured(
            "POLAR_SANDBOX needs WEBHOOK_URL and WEBHOOK_SECRET together, or neither."
        )
    return made


def _unknown(key: object, known: list[str]) -> str:
    near = get_close_matches(str(key).upper(), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}."
    return f"Unknown key {key!r} in POLAR_SANDBOX. {hint}"


def _forget(*, setting: str, **_: object) -> None:
    if setting == "POLAR_SANDBOX":
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="polar_sandbox.conf")
