"""Inkwell, the demo shop: SQLite and inline processing by default, PostgreSQL and Redis on request.

What a project of your own needs of this is marked "billing". `example_project.__main__` sets the
environment variables read here.
"""

import os
from pathlib import Path

from example_project.databases import database_settings

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = Path(os.environ.get("INKWELL_DATA_DIR", BASE_DIR.parent / ".data"))
PORT = os.environ.get("INKWELL_PORT", "8000")
HERE = f"http://127.0.0.1:{PORT}"

# A demo on this machine only: it holds no secret, and listens on the loopback address.
DEBUG = True
SECRET_KEY = "inkwell-is-a-demo-and-keeps-no-secrets"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "polar_django",  # billing
    "polar_django.sandbox",  # billing, in development
    "example_project.shop",
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
ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The shop's own templates first, so that its polar/base.html dresses the billing pages.
        "DIRS": [BASE_DIR / "shop" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "polar_django.context_processors.entitlements",  # billing
            ],
        },
    },
]


DATABASES = {
    "default": database_settings(
        os.environ.get("INKWELL_DATABASE_URL") or f"sqlite:///{DATA_DIR / 'inkwell.sqlite3'}"
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

# billing
POLAR_DJANGO = {
    "ACCESS_TOKEN": "polar_oat_sandbox",
    "WEBHOOK_SECRETS": ["whsec_aW5rd2VsbC1kZW1vLXNlY3JldC0wMTIzNDU2Nzg5YWI="],
    "SERVER": f"{HERE}/sandbox",
    "PLANS": {
        "pro": {"products": ["pro-monthly", "pro-yearly"]},
        "handbook": {"products": ["handbook"]},
    },
    "UPGRADE_URL": "pricing",
    "SUCCESS_URL": "/account/",
    "RETURN_URL": "/pricing/",
    "PROCESS_INLINE": "INKWELL_REDIS_URL" not in os.environ,
}
POLAR_SANDBOX = {
    "WEBHOOK_URL": f"{HERE}/billing/webhooks/polar/",
    "WEBHOOK_SECRET": POLAR_DJANGO["WEBHOOK_SECRETS"][0],
}

# billing: only with a broker (`--full`)
CELERY_BROKER_URL = os.environ.get("INKWELL_REDIS_URL", "memory://")
CELERY_TASK_IGNORE_RESULT = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A refusal (403, 404) is an answer like any other, and no line among the addresses.
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "ERROR"}},
}
