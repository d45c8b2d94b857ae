"""A minimal dj-stripe project; its Stripe is `fake_stripe`, on this machine."""

import os

from example_project.databases import database_settings

SECRET_KEY = "benchmark"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.benchmarks.rival.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "djstripe",
]
DATABASES = {
    "default": {**database_settings(os.environ["RIVAL_DATABASE_URL"]), "CONN_MAX_AGE": None}
}
STRIPE_LIVE_MODE = False
STRIPE_TEST_SECRET_KEY = "sk_test_00000000000000000000000000"
STRIPE_API_HOST = os.environ.get("RIVAL_STRIPE_URL", "http://127.0.0.1:9")
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}
