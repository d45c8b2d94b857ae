"""`POLAR_DJANGO` as one typed, frozen object, read once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from polar_django.conf.access import AccessPolicy, as_policies
from polar_django.conf.loading import as_request_value, load_function
from polar_django.conf.plans import Plan, PlanSource, as_plan_source, compute_plan, compute_plans
from polar_django.conf.readers import (
    as_callable,
    as_flag,
    as_mapping,
    as_prefix,
    as_seconds,
    as_text,
    as_text_map,
    as_texts,
    as_whole,
    one_of,
    read_options,
    setting,
)
from polar_django.exceptions import UnknownPlan

__all__ = ["Settings", "get_settings", "subscriber_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`POLAR_DJANGO`, key for field, in lower case. docs/settings.md describes each."""

    access_token: str = setting("", as_text, secret=True)
    webhook_secrets: tuple[str, ...] = setting((), as_texts, secret=True)
    server: str = setting("production", as_text)
    api_version: str = setting("2026-10", as_text)
    organization_id: str = setting("", as_text)
    default_provider: str = setting("polar", as_text)
    providers: Mapping[str, Any] = setting({}, as_mapping, secret=True)
    plans: PlanSource = setting({}, as_plan_source)
    multiple_subscriptions: bool = setting(False, as_flag)
    embed_script: str = setting("", as_text)
    customer_ip_address: Callable[..., Any] | str = setting("", as_request_value)
    products: Mapping[str, str] = setting({}, as_text_map)
    benefits: Mapping[str, str] = setting({}, as_text_map)
    access: Mapping[str, AccessPolicy] = setting({}, as_policies)
    free_benefits: tuple[str, ...] = setting((), as_texts)
    staff_bypass: bool = setting(False, as_flag)
    subscriber_model: str = setting("", as_text)
    subscriber_resolver: Callable[..., Any] | str = setting("", as_callable)
    subscriber_profile: Callable[..., Any] | str = setting("", as_callable)
    email_verified: Callable[..., Any] | str = setting("", as_callable)
    can_manage_billing: Callable[..., Any] | str = setting("", as_callable)
    refusal: Callable[..., Any] | str = setting("", as_callable)
    proration: Callable[..., Any] | str = setting("", as_callable)
    sync_profile: bool = setting(False, as_flag)
    on_subscriber_delete: str = setting("keep", one_of("keep", "delete", "anonymize"))
    external_id_prefix: str = setting("", as_prefix)
    upgrade_url: str = setting("/", as_text)
    login_url: str = setting("", as_text)
    success_url: str = setting("/", as_text)
    return_url: str = setting("/", as_text)
    request_timeout: float = setting(10.0, as_seconds)
    max_webhook_bytes: int = setting(1_000_000, as_whole)
    inbox_retention_days: int = setting(90, as_whole)
    inbox_body_days: int = setting(30, as_whole)
    usage_retention_days: int = setting(90, as_whole)
    process_inline: bool = setting(False, as_flag)
    health_token: str = setting("", as_text, secret=True)

    def access_policy(self, provider: str) -> AccessPolicy:
        """When a subscription at this provider gives access; the default where none is set."""
        return self.access.get(provider) or AccessPolicy()

    def plan(self, key: str, request: Any = None) -> Plan:
        """The plan of that key, for this request. Raises UnknownPlan."""
        entries = compute_plans(self.plans, request)
        try:
            entry = entries[key]
        except KeyError:
            known = ", ".join(sorted(entries)) or "none"
            raise UnknownPlan(f"POLAR_DJANGO['PLANS'] has no {key!r} (it has: {known}).") from None
        return compute_plan(key, entry, request)

    def all_plans(self, request: Any = None) -> Mapping[str, Plan]:
        """All plans by their keys, in their order; those of nobody in particular without a request.

        Raises ConfigurationError where a function of the project computes what is no plan.
        """
        entries = compute_plans(self.plans, request)
        return {key: compute_plan(key, entry, request) for key, entry in entries.items()}

    def written_plans(self) -> Mapping[str, Plan]:
        """Those of the plans that no function has to compute; nothing of the project is called."""
        entries = self.plans if isinstance(self.plans, Mapping) else {}
        return {key: plan for key, plan in entries.items() if isinstance(plan, Plan)}

    def plan_functions(self) -> Mapping[str, Callable[..., Any] | str]:
        """The functions, or their dotted paths, that compute plans and prices, by where they stand.

        Nothing is imported or called.
        """
        where = "POLAR_DJANGO['PLANS']"
        if not isinstance(self.plans, Mapping):
            return {where: self.plans}
        found: dict[str, Callable[..., Any] | str] = {}
        for key, entry in self.plans.items():
            if not isinstance(entry, Plan):
                found[f"{where}[{key!r}]"] = entry
            elif not isinstance(entry.prices, Mapping):
                found[f"{where}[{key!r}]['prices']"] = entry.prices
        return found

    def load(self, name: str) -> Callable[..., Any] | None:
        """The function behind a callable setting, imported when first needed; None where unset."""
        value = getattr(self, name)
        return load_function(f"POLAR_DJANGO[{name.upper()!r}]", value) if value else None


# What may also come from the environment, so that secrets need not pass through settings.py.
_ENVIRONMENT: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "access_token": ("POLAR_ACCESS_TOKEN", str),
    "webhook_secrets": ("POLAR_WEBHOOK_SECRET", lambda value: (value,)),
    "health_token": ("POLAR_HEALTH_TOKEN", str),
}


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this project, read once; cleared when Django's `setting_changed` fires.

    Raises ConfigurationError, which names the key and what to write.
    """
    values = read_options(
        Settings,
        "POLAR_DJANGO",
        as_mapping("POLAR_DJANGO", getattr(django_settings, "POLAR_DJANGO", {})),
        upper=True,
    )
    for name, (variable, convert) in _ENVIRONMENT.items():
        if not values.get(name) and os.environ.get(variable):
            values[name] = convert(os.environ[variable])
    return Settings(**values)


def subscriber_model() -> str:
    """The label of the model that buys, `app.Model`: `SUBSCRIBER_MODEL`, else the user model.

    Migrations call it, so it reads one key and nothing else.
    """
    given = as_mapping("POLAR_DJANGO", getattr(django_settings, "POLAR_DJANGO", {}))
    return str(given.get("SUBSCRIBER_MODEL") or django_settings.AUTH_USER_MODEL)


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"POLAR_DJANGO", "AUTH_USER_MODEL"}:
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="polar_django.conf")
