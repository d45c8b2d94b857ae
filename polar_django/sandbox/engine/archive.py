"""Old deliveries: after ninety days their bodies are gone, and nothing can be sent again."""

from datetime import timedelta

from django.db.models import QuerySet

from polar_django.sandbox import clock
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import WebhookEvent

__all__ = ["KEPT_FOR", "kept", "put_away"]

KEPT_FOR = timedelta(days=90)


def put_away() -> int:
    """Forget the bodies that are old enough; how many. Sends nothing."""
    with business_transaction():
        return kept().filter(created_at__lte=clock.now() - KEPT_FOR).update(body=None)


def kept() -> QuerySet[WebhookEvent]:
    """What was sent, or given up, and still has its body. What waits is kept anyway."""
    return WebhookEvent.objects.filter(body__isnull=False, next_attempt_at__isnull=True)
