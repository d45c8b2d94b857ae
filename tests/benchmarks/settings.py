"""The test project as a server would run it: connections kept, no debugging, a real broker."""

import os

from tests import settings as base
from tests.settings import *  # noqa: F403 (a settings module is its names)

DEBUG = False
ROOT_URLCONF = "tests.benchmarks.urls"
INSTALLED_APPS = [*base.INSTALLED_APPS, "tests.benchmarks.bare"]
DATABASES = {"default": {**base.DATABASES["default"], "CONN_MAX_AGE": None}}
CELERY_BROKER_URL = os.environ.get("POLAR_TEST_REDIS_URL", "memory://")
POLAR_DJANGO = {
    **base.POLAR_DJANGO,
    "SERVER": os.environ.get("POLAR_BENCH_SERVER", base.POLAR_DJANGO["SERVER"]),
}
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}
