"""Settings: one dict, `POLAR_DJANGO`, read once into a typed, frozen object.

A misspelt key, a wrong type or a plan without products is an error that says what to write.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from polar_django.exceptions import ConfigurationError, UnknownPlan

__all__ = ["AccessPolicy", "Plan", "Settings", "beat_schedule", "get_settings", "subscriber_model"]

Reader = Callable[[str, Any], Any]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text, not {type(value).__name__}.")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ConfigurationError(f"{name} must be a list, even of one: [{name.split('.')[-1]!r}].")
    if not isinstance(value, Iterable):
        raise ConfigurationError(f"{name} must be a list of texts.")
    return tuple(_text(f"{name}[{index}]", item) for index, item in enumerate(value))


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} must be a whole number from 1.")
    return value


def _seconds(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        raise ConfigurationError(f"{name} must be a number of seconds above 0.")
    return float(value)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False.")
    return value


def _text_map(name: str, value: Any) -> Mapping[str, str]:
    return {key: _text(f"{name}[{key!r}]", item) for key, item in _mapping(name, value).items()}


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must be a dict.")
    return dict(value)


def _callable(name: str, value: Any) -> Callable[..., Any] | str:
    if not callable(value) and not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a function or the dotted path of one.")
    given: Callable[..., Any] | str = value
    return given


def _setting(default: Any, read: Reader, *, secret: bool = False) -> Any:
    # One `field()` call: a dict of its own per instance, never a shared default.
    make = dict if isinstance(default, dict) else lambda: default
    return field(default_factory=make, repr=not secret, metadata={"read": read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one key buys. `products` are product keys or ids, the first preselected."""

    key: str
    products: tuple[str, ...] = _setting((), _texts)
    seats: int | None = _setting(None, _whole)
    min_seats: int | None = _setting(None, _whole)
    max_seats: int | None = _setting(None, _whole)


def _plans(name: str, value: Any) -> Mapping[str, Plan]:
    plans = {}
    for key, options in _mapping(name, value).items():
        plan = Plan(
            key=key, **_read(Plan, f"{name}[{key!r}]", _mapping(f"{name}[{key!r}]", options))
        )
        if not plan.products:
            raise ConfigurationError(f"{name}[{key!r}] names no product: add 'products': ['…'].")
        plans[key] = plan
    return plans


# Polar's eight, onto which every provider maps its own.
_STATUSES = (
    "incomplete",
    "incomplete_expired",
    "trialing",
    "active",
    "past_due",
    "canceled",
    "unpaid",
    "paused",
)


def _statuses(name: str, value: Any) -> tuple[str, ...]:
    given = _texts(name, value)
    for status in given:
        if status not in _STATUSES:
            raise ConfigurationError(
                f"{name} has {status!r}, which is no status of a subscription. Known: "
                f"{', '.join(_STATUSES)}."
            )
        if status == "past_due":
            raise ConfigurationError(f"{name}: past_due has its own key, past_due_days.")
    return given


def _days(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 3650:
        raise ConfigurationError(f"{name} must be a number of days from 0.")
    return float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """When a subscription gives access, at a provider that has no grants of its own.

    `statuses` give it, `until_period_end` to the end of the paid period, and `past_due` for so many
    days after the charge failed. All others give none.
    """

    statuses: tuple[str, ...] = _setting(("trialing", "active"), _statuses)
    until_period_end: tuple[str, ...] = _setting(("canceled",), _statuses)
    past_due_days: float = _setting(0.0, _days)


def _policies(name: str, value: Any) -> Mapping[str, AccessPolicy]:
    return {
        provider: AccessPolicy(
            **_read(
                AccessPolicy,
                f"{name}[{provider!r}]",
                _mapping(f"{name}[{provider!r}]", options),
            )
        )
        for provider, options in _mapping(name, value).items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`POLAR_DJANGO`, key for field, in lower case. docs/settings.md describes each."""

    access_token: str = _setting("", _text, secret=True)
    webhook_secrets: tuple[str, ...] = _setting((), _texts, secret=True)
    server: str = _setting("production", _text)
    api_version: str = _setting("2026-10", _text)
    organization_id: str = _setting("", _text)
    default_provider: str = _setting("polar", _text)
    providers: Mapping[str, Any] = _setting({}, _mapping, secret=True)
    plans: Mapping[str, Plan] = _setting({}, _plans)
    products: Mapping[str, str] = _setting({}, _text_map)
    benefits: Mapping[str, str] = _setting({}, _text_map)
    access: Mapping[str, AccessPolicy] = _setting({}, _policies)
    free_benefits: tuple[str, ...] = _setting((), _texts)
    staff_bypass: bool = _setting(False, _flag)
    subscriber_model: str = _setting("", _text)
    subscriber_resolver: Callable[..., Any] | str = _setting("", _callable)
    subscriber_profile: Callable[..., Any] | str = _setting("", _callable)
    email_verified: Callable[..., Any] | str = _setting("", _callable)
    can_manage_billing: Callable[..., Any] | str = _setting("", _callable)
    refusal: Callable[..., Any] | str = _setting("", _callable)
    external_id_prefix: str = _setting("", _text)
    upgrade_url: str = _setting("/", _text)
    login_url: str = _setting("", _text)
    success_url: str = _setting("/", _text)
    return_url: str = _setting("/", _text)
    request_timeout: float = _setting(10.0, _seconds)
    max_webhook_bytes: int = _setting(1_000_000, _whole)
    inbox_retention_days: int = _setting(90, _whole)
    inbox_body_days: int = _setting(30, _whole)
    process_inline: bool = _setting(False, _flag)

    def access_policy(self, provider: str) -> AccessPolicy:
        """When a subscription at this provider gives access; the default where none is set."""
        return self.access.get(provider) or AccessPolicy()

    def plan(self, key: str) -> Plan:
        """The plan of that key. Raises UnknownPlan."""
        try:
            return self.plans[key]
        except KeyError:
            known = ", ".join(sorted(self.plans)) or "none"
            raise UnknownPlan(f"POLAR_DJANGO['PLANS'] has no {key!r} (it has: {known}).") from None

    def load(self, name: str) -> Callable[..., Any] | None:
        """The function behind a callable setting, imported when first needed; None where unset."""
        value = getattr(self, name)
        if isinstance(value, str) and value:
            try:
                value = import_string(value)
            except ImportError as error:
                raise ConfigurationError(f"POLAR_DJANGO[{name.upper()!r}]: {error}") from error
        return value or None


# What may also come from the environment, so that secrets need not pass through settings.py.
_ENVIRONMENT: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "access_token": ("POLAR_ACCESS_TOKEN", str),
    "webhook_secrets": ("POLAR_WEBHOOK_SECRET", lambda value: (value,)),
}


def _read(target: type[Any], name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check every given key against the target's fields, and convert its value."""
    upper = target is Settings
    readers = {
        (item.name.upper() if upper else item.name): item
        for item in fields(target)
        if "read" in item.metadata
    }
    values = {}
    for key, value in given.items():
        if key not in readers:
            near = difflib.get_close_matches(str(key), readers, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(readers)}."
            raise ConfigurationError(f"Unknown key {key!r} in {name}.{hint}")
        item = readers[key]
        if value is not None:
            values[item.name] = item.metadata["read"](f"{name}[{key!r}]", value)
    return values


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this project, read once; cleared when Django's `setting_changed` fires.

    Raises ConfigurationError, which names the key and what to write.
    """
    values = _read(
        Settings,
        "POLAR_DJANGO",
        _mapping("POLAR_DJANGO", getattr(django_settings, "POLAR_DJANGO", {})),
    )
    for name, (variable, convert) in _ENVIRONMENT.items():
        if not values.get(name) and os.environ.get(variable):
            values[name] = convert(os.environ[variable])
    return Settings(**values)


def subscriber_model() -> str:
    """The label of the model that buys, `app.Model`: `SUBSCRIBER_MODEL`, else the user model.

    Migrations call it, so it reads one key and nothing else.
    """
    given = getattr(django_settings, "POLAR_DJANGO", {})
    return str(given.get("SUBSCRIBER_MODEL") or django_settings.AUTH_USER_MODEL)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The periodic tasks, for `CELERY_BEAT_SCHEDULE` (seconds between runs)."""
    every = {
        "sweep_inbox": 30.0,
        "send_transitions": 60.0,
        "purge_inbox": 24 * 3600.0,
        "reconcile": 6 * 3600.0,
    }
    return {
        f"polar_django.{task}": {
            "task": f"polar_django.tasks.{task}",
            "schedule": seconds,
            "options": {"expires": seconds},
        }
        for task, seconds in every.items()
    }


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"POLAR_DJANGO", "AUTH_USER_MODEL"}:
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="polar_django.conf")
