"""Old deliveries: after ninety days their bodies are gone, and nothing can be sent again."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from polar_django.sandbox import clock
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import WebhookEvent

__all__ = ["KEPT_FOR", "oldest_kept_at", "put_away"]

KEPT_FOR = timedelta(days=90)


def oldest_kept_at() -> datetime | None:
    """When the oldest event was made whose body is still there. What waits is kept. One query."""
    return _done().order_by("created_at").values_list("created_at", flat=True).first()


def put_away() -> int:
    """Forget the bodies that are old enough; how many. Sends nothing."""
    with business_transaction():
        return _done().filter(created_at__lte=clock.now() - KEPT_FOR).update(body=None)


def _done() -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(body__isnull=False, next_attempt_at__isnull=True)
