"""What is right in development and wrong in production."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning

from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError
from polar_django.schedules import (
    celery_app,
    has_celery_app,
    keeps_schedule_in_database,
    unscheduled_tasks,
)

__all__ = ["check_deployment", "check_published_secrets"]

# The token that our own sandbox takes where none is set: everybody knows it.
_PUBLISHED_TOKEN = "polar_oat_sandbox"
# The secrets that docs/quickstart.md and the demo shop print: anybody can sign with them.
_PUBLISHED_SECRETS = frozenset(
    {
        "whsec_cXVpY2tzdGFydC1zZWNyZXQtMDEyMzQ1Njc4OWFiY2Q=",
        "whsec_aW5rd2VsbC1kZW1vLXNlY3JldC0wMTIzNDU2Nzg5YWI=",
    }
)


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


def check_published_secrets(**_: Any) -> list[CheckMessage]:
    """Whether deliveries are believed that anybody can sign. No queries, no calls."""
    try:
        settings = get_settings()
    except ConfigurationError:
        return []
    if _PUBLISHED_SECRETS.isdisjoint(secret.strip() for secret in settings.webhook_secrets):
        return []
    return [
        Error(
            "A webhook secret is one that the documentation of this package prints: anybody can "
            "sign deliveries with it, and give themselves what is for sale.",
            hint="Take it out of POLAR_DJANGO['WEBHOOK_SECRETS']; `polar_webhook ensure --url …` "
            "prints the one of your own endpoint.",
            id="polar_django.E015",
        )
    ]


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
