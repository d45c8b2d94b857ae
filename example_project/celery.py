"""The Celery app of the demo, used by `--full`: `celery -A example_project.celery worker`."""

import os

from celery import Celery

from polar_django.conf import beat_schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

app = Celery("inkwell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = beat_schedule()
app.autodiscover_tasks()
