"""What can be told from the settings alone."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning

from polar_django.checks.providers import access_messages, registration_messages
from polar_django.conf import Plan, Settings, get_settings, subscriber_model
from polar_django.conf.loading import load_function
from polar_django.exceptions import ConfigurationError
from polar_django.providers.registry import known_providers

__all__ = ["check_settings"]

# Half of what Polar's own secrets have: below it a secret was made by hand, and may be guessed.
_SHORTEST_SECRET = 24
# Written down anew: checks at start-up load neither the verbs nor the HTTP client.
_SERVERS = ("production", "sandbox")
_PRORATIONS = ("", "prorate", "invoice", "next_period", "reset")
_FUNCTIONS = (
    "subscriber_resolver",
    "subscriber_profile",
    "email_verified",
    "can_manage_billing",
    "refusal",
    "customer_ip_address",
)


def check_settings(**_: Any) -> list[CheckMessage]:
    """Everything that can be told from the settings alone. No queries, no calls."""
    try:
        settings = get_settings()
    except ConfigurationError as error:
        return [
            Error(
                str(error),
                hint="docs/settings.md lists every key of POLAR_DJANGO.",
                id="polar_django.E001",
            )
        ]
    return [
        *_time_messages(),
        *_subscriber_messages(settings),
        *_function_messages(settings),
        *_proration_messages(settings),
        *_plan_messages(settings),
        *_provider_messages(settings),
        *registration_messages(settings),
        *access_messages(settings),
    ]


def _time_messages() -> Iterator[CheckMessage]:
    if not django_settings.USE_TZ:
        yield Error(
            "USE_TZ is False, but every time that a provider tells is aware.",
            hint="Set USE_TZ = True; TIME_ZONE only says how times are shown.",
            id="polar_django.E010",
        )


def _subscriber_messages(settings: Settings) -> Iterator[CheckMessage]:
    label = subscriber_model()
    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        yield Error(
            f"POLAR_DJANGO['SUBSCRIBER_MODEL'] is {label!r}, which is no installed model.",
            hint='Write it as "app_label.Model".',
            id="polar_django.E002",
        )
        return
    if label.lower() == django_settings.AUTH_USER_MODEL.lower():
        return
    for key, signature, code in (
        ("SUBSCRIBER_RESOLVER", "(request) -> subscriber or None", "E004"),
        ("CAN_MANAGE_BILLING", "(request, subscriber) -> bool", "E005"),
    ):
        if not getattr(settings, key.lower()):
            yield Error(
                f"Subscribers are {label}, so POLAR_DJANGO[{key!r}] must be set.",
                hint=f"Name a function {signature}.",
                id=f"polar_django.{code}",
            )


def _function_messages(settings: Settings) -> Iterator[CheckMessage]:
    for name in _FUNCTIONS:
        try:
            function: Any = settings.load(name)
        except ConfigurationError as error:
            yield Error(str(error), hint="Check the dotted path.", id="polar_django.E006")
            continue
        if function is not None and not callable(function):
            yield Error(
                f"POLAR_DJANGO[{name.upper()!r}] names something that cannot be called.",
                hint="Name a function.",
                id="polar_django.E006",
            )


def _plan_messages(settings: Settings) -> Iterator[CheckMessage]:
    for name, function in settings.plan_functions().items():
        try:
            load_function(name, function)
        except ConfigurationError as error:
            yield Error(str(error), hint="Check the dotted path.", id="polar_django.E006")
    for plan in settings.written_plans().values():
        if plan.guests and not settings.email_verified:
            yield Warning(
                f"POLAR_DJANGO['PLANS'][{plan.key!r}] is sold to guests, but EMAIL_VERIFIED is not "
                "set: nobody who signs in gets what they have bought.",
                hint="Name a function (user) -> bool.",
                id="polar_django.W013",
            )
        if not _seats_agree(plan):
            yield Error(
                f"The seats of POLAR_DJANGO['PLANS'][{plan.key!r}] contradict each other.",
                hint="min_seats ≤ seats ≤ max_seats must hold for those that are given.",
                id="polar_django.E007",
            )
        for name in plan.products:
            if near := _near_miss(name, settings.products):
                yield Warning(
                    f"POLAR_DJANGO['PLANS'][{plan.key!r}] names the product {name!r}, which is no "
                    f"key of PRODUCTS. Did you mean {near!r}?",
                    hint="`polar_products` lists the keys and ids there are.",
                    id="polar_django.W003",
                )


def _proration_messages(settings: Settings) -> Iterator[CheckMessage]:
    given = settings.proration
    if isinstance(given, str) and given in _PRORATIONS:
        return
    try:
        load_function("POLAR_DJANGO['PRORATION']", given)
    except ConfigurationError as error:
        known = ", ".join(repr(word) for word in _PRORATIONS if word)
        hint = f"Write {known}, or the dotted path of a function."
        yield Error(str(error), hint=hint, id="polar_django.E006")


def _server_messages(settings: Settings) -> Iterator[CheckMessage]:
    given = settings.server
    if given not in _SERVERS and ("://" not in given or given.rstrip("/").endswith("/v1")):
        yield Error(
            f"POLAR_DJANGO['SERVER'] is {given!r}, which is no server: every call fails.",
            hint='Write "production", "sandbox", or a base URL, without a path of the API.',
            id="polar_django.E011",
        )


def _provider_messages(settings: Settings) -> Iterator[CheckMessage]:
    if settings.default_provider not in known_providers():
        yield Error(
            f"POLAR_DJANGO['DEFAULT_PROVIDER'] is {settings.default_provider!r}, which is none of "
            f"{', '.join(known_providers())}.",
            hint="A provider of your own is registered in PROVIDERS, with its CLASS.",
            id="polar_django.E008",
        )
    if settings.default_provider != "polar":
        return
    yield from _server_messages(settings)
    if not settings.access_token:
        yield Warning(
            "No access token is configured, so nothing can be sold or synced.",
            hint="Set POLAR_DJANGO['ACCESS_TOKEN'], or POLAR_ACCESS_TOKEN in the environment.",
            id="polar_django.W001",
        )
    if not any(settings.webhook_secrets):
        yield Warning(
            "No webhook secret is configured: every delivery is answered 503.",
            hint="Set POLAR_DJANGO['WEBHOOK_SECRETS'], or POLAR_WEBHOOK_SECRET in the environment.",
            id="polar_django.W002",
        )
    elif any(0 < len(secret.strip()) < _SHORTEST_SECRET for secret in settings.webhook_secrets):
        yield Warning(
            "A webhook secret is so short that it can be guessed, and deliveries be forged.",
            hint="`polar_webhook ensure --url … --new-secret` has the provider make one.",
            id="polar_django.W009",
        )


def _seats_agree(plan: Plan) -> bool:
    given = [n for n in (plan.min_seats, plan.seats, plan.max_seats) if n is not None]
    return given == sorted(given)


def _near_miss(name: str, keys: Iterable[str]) -> str:
    known = list(keys)
    near = [] if name in known else difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return near[0] if near else ""
