"""An empty sandbox again, at the present time."""

from django.apps import apps
from django.db import connection, transaction

from polar_django.sandbox.models import Chaos, ClockState

__all__ = ["reset"]


def reset() -> None:
    """Delete everything: catalogue, customers, purchases, deliveries; the clock goes back to now.

    The endpoint of the settings comes back with the next event. Sends nothing.
    """
    # MySQL checks them with each statement.
    with transaction.atomic(), connection.constraint_checks_disabled():
        # The lock first: whoever is at work finishes before.
        ClockState.objects.filter(pk=1).update(offset_microseconds=0, latest=None)
        for model in apps.get_app_config("polar_sandbox").get_models(include_auto_created=True):
            if model not in (ClockState, Chaos):
                # One DELETE per table: the ordinary delete would load every delivery first.
                # Foreign keys are checked at the end of the transaction.
                model._default_manager.all()._raw_delete(using=connection.alias)
        Chaos.objects.all().delete()
        ClockState.objects.filter(pk=1).update(writes=0)
