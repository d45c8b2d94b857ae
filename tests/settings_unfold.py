"""The same project with django-unfold's admin, for whoever has it installed."""

from tests import settings as base
from tests.settings import *  # noqa: F403 (a settings module is its names)

INSTALLED_APPS = ["unfold", *base.INSTALLED_APPS]
