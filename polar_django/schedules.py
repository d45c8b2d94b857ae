"""A project's Celery, as far as we need it: its broker, and which of our tasks it runs."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from polar_django.conf import beat_schedule

__all__ = ["celery_app", "has_celery_app", "keeps_schedule_in_database", "unscheduled_tasks"]


def celery_app() -> Any:
    """The project's Celery application, as far as it is loaded. By its path: whoever only checks
    the settings at start-up need not have Celery in memory."""
    return import_string("celery.current_app")


def has_celery_app() -> bool:
    """Whether this process knows an application of the project's, or a broker all the same.

    Without one Celery makes its own, which looks for RabbitMQ on this machine.
    """
    app = celery_app()
    return app.main != "default" or bool(app.conf.broker_url)


def keeps_schedule_in_database() -> bool:
    """Whether django-celery-beat is installed, which has a table for what beat runs."""
    return apps.is_installed("django_celery_beat")


def unscheduled_tasks(*, look_in_database: bool = False) -> list[str]:
    """The names of our periodic tasks that nothing runs, whatever their entries are called.

    Looks at the Celery app's schedule and at CELERY_BEAT_SCHEDULE, which an app may not have read
    yet; with `look_in_database` at django-celery-beat's table as well, by one query.
    """
    entries: list[Any] = []
    for schedule in (
        celery_app().conf.beat_schedule,
        getattr(django_settings, "CELERY_BEAT_SCHEDULE", None),
    ):
        if isinstance(schedule, Mapping):
            entries += schedule.values()
    planned = {entry.get("task") for entry in entries if isinstance(entry, Mapping)}
    if look_in_database and keeps_schedule_in_database():
        table = apps.get_app_config("django_celery_beat").get_model("PeriodicTask")
        planned |= set(table._default_manager.filter(enabled=True).values_list("task", flat=True))
    wanted = {str(entry["task"]) for entry in beat_schedule().values()}
    return sorted(wanted - planned)
