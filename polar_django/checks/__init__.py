"""System checks: what is wrong, said before a buyer finds out.

docs/checks.md lists each id with what to do about it.
"""

from django.conf import settings as django_settings
from django.core.checks import Tags, register

from polar_django.checks.addresses import check_addresses
from polar_django.checks.deployment import check_deployment, check_published_secrets
from polar_django.checks.mysql import check_mysql
from polar_django.checks.settings import check_settings
from polar_django.checks.subscribers import check_subscriber_column

__all__ = [
    "check_addresses",
    "check_deployment",
    "check_mysql",
    "check_published_secrets",
    "check_settings",
    "check_subscriber_column",
    "register_all",
]


def register_all() -> None:
    """Hand the checks to Django; called once, when the app is ready."""
    register(check_settings, "polar_django")
    register(check_subscriber_column, Tags.database)
    register(check_mysql, Tags.database)
    register(check_addresses, Tags.urls)
    register(check_deployment, "polar_django", deploy=True)
    # Read here and not by the check: the test runner turns DEBUG off before it has checks run.
    register(check_published_secrets, "polar_django", deploy=django_settings.DEBUG)
