"""The app `polar_django`."""

import logging
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models import Model
from django.db.models.signals import class_prepared, post_save, pre_delete
from django.utils.module_loading import autodiscover_modules, import_string

from polar_django import checks
from polar_django.conf import get_settings, subscriber_model
from polar_django.exceptions import ConfigurationError

logger = logging.getLogger(__name__)


class PolarDjangoConfig(AppConfig):
    name = "polar_django"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register_all()
        user_logged_in.connect(claim_on_login, dispatch_uid="polar_django.claim_on_login")
        for model in apps.get_models():
            listen_to(model)
        # An `admin.py` may make a proxy when this is over.
        class_prepared.connect(listen_to, dispatch_uid="polar_django.listen_to")
        autodiscover_modules("polar_handlers")
        if apps.is_installed("django_prometheus"):
            # By its path: only such a project has a use for it at start-up.
            import_string("polar_django.health.register_collector")()


def listen_to(sender: type[Model], **news: Any) -> None:
    """Receiver of `class_prepared`: hear of those that are saved and deleted as this model, where
    it is the subscribers' or the users', or a proxy of it.

    Django names the very class to the receivers. One with a table of its own below theirs is
    listened to when it is saved; where it is deleted, Django deletes the row above too and says so.
    """
    subscriber, user = _model(subscriber_model()), _model(settings.AUTH_USER_MODEL)
    if subscriber is not None and issubclass(sender, subscriber):
        post_save.connect(note_profile, sender, dispatch_uid="polar_django.note_profile")
    concrete = sender._meta.concrete_model
    if concrete in (subscriber, user):
        # Before what is noted: that writes the customer's row.
        pre_delete.connect(wait_for_writers, sender, dispatch_uid="polar_django.wait_for_writers")
    if concrete is subscriber:
        pre_delete.connect(note_deletion, sender, dispatch_uid="polar_django.note_deletion")


def _model(label: str) -> type[Model] | None:
    """The concrete model of that name; None for one that is not there, as the checks say."""
    try:
        found: type[Model] | None = apps.get_model(label)._meta.concrete_model
    except (LookupError, ValueError):
        return None
    return found


def claim_on_login(sender: object, **news: Any) -> None:
    """Receiver of `user_logged_in`: a guest's purchase and a seat may be this user's."""
    # Loaded at the first sign-in: models cannot be imported where the app is being loaded.
    import_string("polar_django.billing.guests.claim_on_login")(sender, **news)
    import_string("polar_django.billing.seats.take_seats_on_login")(sender, **news)


def note_profile(sender: object, *, instance: Any, created: bool, raw: bool, **news: Any) -> None:
    """Receiver of `post_save`: the provider may have another e-mail or name of this subscriber."""
    if not (created or raw) and _setting("sync_profile"):
        import_string("polar_django.billing.pushing.note_profile")(instance)


def wait_for_writers(
    sender: object, *, instance: Any, using: str, origin: Any = None, **news: Any
) -> None:
    """Receiver of `pre_delete`: a worker that writes what is theirs is let finish first."""
    import_string("polar_django.mirror.departures.wait_for_writers")(instance, using, origin)


def note_deletion(sender: object, *, instance: Any, **news: Any) -> None:
    """Receiver of `pre_delete`: while it is still known whose the customer is."""
    try:
        policy = get_settings().on_subscriber_delete
    except ConfigurationError as error:
        # Deleting goes on, and afterwards nobody knows any more whose the customer was.
        logger.error(
            "%s %s is deleted, and nobody will tell the provider: who has a subscription goes on "
            "being charged until you end it there. The settings cannot be read: %s",
            instance._meta.label,
            instance.pk,
            error,
        )
        return
    if policy != "keep":
        import_string("polar_django.billing.pushing.note_deletion")(instance)


def _setting(name: str) -> Any:
    """None where the settings cannot be read: the system checks say so, and saving a user goes
    on."""
    try:
        return getattr(get_settings(), name)
    except ConfigurationError:
        return None
