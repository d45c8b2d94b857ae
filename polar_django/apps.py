"""The app `polar_django`."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save, pre_delete
from django.utils.module_loading import autodiscover_modules, import_string

from polar_django import checks
from polar_django.conf import get_settings, subscriber_model
from polar_django.exceptions import ConfigurationError


class PolarDjangoConfig(AppConfig):
    name = "polar_django"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register_all()
        user_logged_in.connect(claim_on_login, dispatch_uid="polar_django.claim_on_login")
        # Saved and deleted are the project's subscribers, whatever they are.
        subscriber = subscriber_model()
        post_save.connect(note_profile, subscriber, dispatch_uid="polar_django.note_profile")
        for person in (subscriber, settings.AUTH_USER_MODEL):
            # Before what is noted: that writes the customer's row.
            pre_delete.connect(
                wait_for_writers, person, dispatch_uid="polar_django.wait_for_writers"
            )
        pre_delete.connect(note_deletion, subscriber, dispatch_uid="polar_django.note_deletion")
        autodiscover_modules("polar_handlers")
        if apps.is_installed("django_prometheus"):
            # By its path: only such a project has a use for it at start-up.
            import_string("polar_django.health.register_collector")()


def claim_on_login(sender: object, **news: Any) -> None:
    """Receiver of `user_logged_in`: a guest's purchase and a seat may be this user's."""
    # Loaded at the first sign-in: models cannot be imported where the app is being loaded.
    import_string("polar_django.billing.guests.claim_on_login")(sender, **news)
    import_string("polar_django.billing.seats.take_seats_on_login")(sender, **news)


def note_profile(sender: object, *, instance: Any, created: bool, raw: bool, **news: Any) -> None:
    """Receiver of `post_save`: the provider may have another e-mail or name of this subscriber."""
    if not (created or raw) and _setting("sync_profile"):
        import_string("polar_django.billing.pushing.note_profile")(instance)


def wait_for_writers(sender: object, *, instance: Any, using: str, **news: Any) -> None:
    """Receiver of `pre_delete`: a worker that writes what is theirs is let finish first."""
    import_string("polar_django.mirror.departures.wait_for_writers")(instance, using)


def note_deletion(sender: object, *, instance: Any, **news: Any) -> None:
    """Receiver of `pre_delete`: while it is still known whose the customer is."""
    if _setting("on_subscriber_delete") not in (None, "keep"):
        import_string("polar_django.billing.pushing.note_deletion")(instance)


def _setting(name: str) -> Any:
    """None where the settings cannot be read: the system checks say so, and saving a user goes
    on."""
    try:
        return getattr(get_settings(), name)
    except ConfigurationError:
        return None
