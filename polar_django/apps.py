"""The app `polar_django`."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.module_loading import autodiscover_modules, import_string

from polar_django import checks


class PolarDjangoConfig(AppConfig):
    name = "polar_django"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register_all()
        user_logged_in.connect(claim_on_login, dispatch_uid="polar_django.claim_on_login")
        autodiscover_modules("polar_handlers")


def claim_on_login(sender: object, **news: Any) -> None:
    """Receiver of `user_logged_in`: what a guest has bought may be this user's."""
    # Loaded at the first sign-in: models cannot be imported where the app is being loaded.
    import_string("polar_django.billing.guests.claim_on_login")(sender, **news)
