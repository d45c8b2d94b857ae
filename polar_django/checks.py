"""System checks: what is wrong with the settings, said before a buyer finds out.

docs/checks.md lists each id with what to do about it.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse

from polar_django.conf import Plan, Settings, get_settings, subscriber_model
from polar_django.conf.loading import load_function
from polar_django.database_checks import check_mysql
from polar_django.exceptions import ConfigurationError
from polar_django.providers.registry import known_providers
from polar_django.schedules import (
    celery_app,
    has_celery_app,
    keeps_schedule_in_database,
    unscheduled_tasks,
)

__all__ = [
    "check_addresses",
    "check_deployment",
    "check_settings",
    "check_subscriber_column",
    "register_all",
]

_ADDRESSES = ("upgrade_url", "success_url", "return_url", "login_url")
# The token that our own sandbox takes where none is set: everybody knows it.
_PUBLISHED_TOKEN = "polar_oat_sandbox"
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


def register_all() -> None:
    """Hand the checks to Django; called once, when the app is ready."""
    register(check_settings, "polar_django")
    register(check_subscriber_column, Tags.database)
    register(check_mysql, Tags.database)
    register(check_addresses, Tags.urls)
    register(check_deployment, "polar_django", deploy=True)


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
    ]


def check_subscriber_column(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether the migrated column still points where the setting does. Two queries a database."""
    try:
        wanted = apps.get_model(subscriber_model())._meta.db_table
    except (LookupError, ValueError):
        return []
    table = apps.get_model("polar_django", "Customer")._meta.db_table
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        with connection.cursor() as cursor:
            if table not in connection.introspection.table_names(cursor):
                continue
            relations = connection.introspection.get_relations(cursor, table)
        pointed = relations.get("subscriber_id")
        if pointed is not None and pointed[1] != wanted:
            found.append(
                Error(
                    f"The database's subscribers are rows of {pointed[1]}, but "
                    f"POLAR_DJANGO['SUBSCRIBER_MODEL'] is {subscriber_model()} ({wanted}).",
                    hint="Choose SUBSCRIBER_MODEL before the first migrate. To change it later, "
                    "migrate polar_django to zero and anew, then run polar_sync.",
                    id="polar_django.E003",
                )
            )
    return found


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


def check_deployment(**_: Any) -> list[CheckMessage]:
    """What is right in development and wrong in production. No queries, no calls."""
    try:
        settings = get_settings()
    except ConfigurationError:
        return []
    found: list[CheckMessage] = []
    if apps.is_installed("polar_django.sandbox"):
        found.append(
            Warning(
                "The sandbox is installed: it gives purchases away.",
                hint="Put polar_django.sandbox into INSTALLED_APPS in development only.",
                id="polar_django.W005",
            )
        )
    if settings.process_inline:
        found.append(
            Warning(
                "Deliveries are processed in the web process.",
                hint="Turn PROCESS_INLINE off and run a Celery worker.",
                id="polar_django.W006",
            )
        )
    if settings.server.startswith("http://"):
        found.append(
            Warning(
                "The access token is sent to POLAR_DJANGO['SERVER'] without TLS.",
                hint='Name "production", "sandbox", or an address that begins with https://.',
                id="polar_django.W007",
            )
        )
    if settings.access_token.strip() == _PUBLISHED_TOKEN:
        found.append(
            Warning(
                "The access token is the one that every sandbox of this package takes.",
                hint="Set POLAR_ACCESS_TOKEN to a token made in Polar's dashboard.",
                id="polar_django.W010",
            )
        )
    if not settings.process_inline:
        found += _worker_messages()
    return found


def _worker_messages() -> Iterator[CheckMessage]:
    if str(celery_app().conf.broker_url or "").startswith("memory:"):
        yield Warning(
            "Celery's broker is memory://, which no worker of another process hears.",
            hint="Set CELERY_BROKER_URL, for example to redis://localhost:6379/0.",
            id="polar_django.W011",
        )
    if not has_celery_app():
        yield Warning(
            "The project's Celery application is not loaded, so that no message reaches its "
            "workers.",
            hint="In the project's __init__.py: from .celery import app as celery_app",
            id="polar_django.W012",
        )
    # What stands in a table cannot be told without a query; polar_doctor looks there.
    missing = [] if keeps_schedule_in_database() else unscheduled_tasks()
    if missing:
        yield Warning(
            f"Nothing runs {', '.join(missing)} periodically: what a wake-up missed is never "
            "processed, and the mirror never repaired.",
            hint="CELERY_BEAT_SCHEDULE = {**beat_schedule()}, from polar_django.conf; and run "
            "beat.",
            id="polar_django.W008",
        )


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
