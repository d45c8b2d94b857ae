from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from polar_django.sandbox.conf import get_settings


class SandboxConfig(AppConfig):
    """The sandbox as a Django app; it refuses to start on a site that is not in development."""

    name = "polar_django.sandbox"
    label = "polar_sandbox"
    verbose_name = "Polar sandbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Anybody who can reach the sandbox can give themselves every benefit.
        if not settings.DEBUG and not get_settings().allow_without_debug:
            raise ImproperlyConfigured(
                "polar_django.sandbox gives everything away and must not run in production. Remove "
                "it from INSTALLED_APPS where DEBUG is off, or, for a test server, set "
                'POLAR_SANDBOX = {"ALLOW_WITHOUT_DEBUG": True}.'
            )
