"""The same project, as strict as Django can be: nothing of it is what most projects have.

A user model with UUID keys and an e-mail for a name, a login for every view, a transaction around
every request, addresses per language beneath a prefix, no DEBUG, and two environments in one
organization.
"""

from tests import settings as base
from tests.settings import *  # noqa: F403 (a settings module is its names)

DEBUG = False
ALLOWED_HOSTS = ["testserver"]
AUTH_USER_MODEL = "people.Person"
ROOT_URLCONF = "tests.urls_strict"
FORCE_SCRIPT_NAME = "/app"
LOGIN_URL = "login"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]

INSTALLED_APPS = [
    *(name for name in base.INSTALLED_APPS if name != "django.contrib.admin"),
    "tests.people",
]
MIDDLEWARE = [
    *base.MIDDLEWARE[:2],
    "django.middleware.locale.LocaleMiddleware",
    *base.MIDDLEWARE[2:],
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
DATABASES = {"default": {**base.DATABASES["default"], "ATOMIC_REQUESTS": True}}

POLAR_DJANGO = {
    **base.POLAR_DJANGO,
    "EXTERNAL_ID_PREFIX": "staging:",
    "UPGRADE_URL": "pricing",
    "SUCCESS_URL": "pricing",
}
