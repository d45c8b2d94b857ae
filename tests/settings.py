"""The project the tests run in: users subscribe. `tests.settings_team` is the one with teams.

`POLAR_TEST_DATABASE_URL` and `POLAR_TEST_REDIS_URL` choose the servers; without them SQLite in
memory and Celery's in-memory broker are used.
"""

import base64
import os

from example_project.databases import database_settings

SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
LOGIN_URL = "/accounts/login/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The real one takes a quarter of a second per user, on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_IS_MYSQL = os.environ.get("POLAR_TEST_DATABASE_URL", "").startswith("mysql:")

DATABASES = {
    "default": {
        **database_settings(os.environ.get("POLAR_TEST_DATABASE_URL") or "sqlite://:memory:"),
        # MariaDB's own choice may be latin1, of which polar_django.E013 would speak.
        "TEST": {"CHARSET": "utf8mb4"} if _IS_MYSQL else {},
    }
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "polar_django",
    "polar_django.sandbox",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "polar_django.context_processors.entitlements",
            ]
        },
    }
]

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"polar_django-test-webhook-secret").decode()
SANDBOX_TOKEN = "polar_oat_sandbox"

POLAR_DJANGO = {
    "ACCESS_TOKEN": SANDBOX_TOKEN,
    "WEBHOOK_SECRETS": [WEBHOOK_SECRET],
    "SERVER": "http://testserver/sandbox",
    "PLANS": {
        "pro": {"products": ["pro-monthly", "pro-yearly"]},
        "team": {"products": ["team"], "seats": 5, "min_seats": 2, "max_seats": 50},
        "ebook": {"products": ["ebook"]},
    },
    "UPGRADE_URL": "/pricing/",
}

POLAR_SANDBOX = {
    "ACCESS_TOKEN": SANDBOX_TOKEN,
    "WEBHOOK_URL": "http://testserver/billing/webhooks/polar/",
    "WEBHOOK_SECRET": WEBHOOK_SECRET,
    "AUTO_DELIVER": False,
    "ALLOW_WITHOUT_DEBUG": True,
}

# Messages stay in this process unless a test swaps the broker (tests/celery_app.py).
CELERY_BROKER_URL = os.environ.get("POLAR_TEST_BROKER_URL", "memory://")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
