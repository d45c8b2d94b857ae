"""Deliveries that failed, each for a reason of its own that really occurs."""

from datetime import timedelta

from django.utils import timezone

from polar_django.models import Customer, WebhookDelivery
from polar_django.queues.retries import MAX_ATTEMPTS
from polar_django.webhooks import inbox, processing
from tests.webhooks.deliveries import body_of, stored, subscription_body


def work_off() -> None:
    """What waits, attempt after attempt, until nothing is due or put off."""
    for _ in range(MAX_ATTEMPTS):
        WebhookDelivery.objects.filter(state="failed").update(due_at=timezone.now())
        while processing.drain().claimed:
            pass


def failed_with(error: Exception, *, type: str = "order.updated") -> WebhookDelivery:
    """A delivery that a worker has just given that error for."""
    delivery = stored(body_of(type, id=f"id_{type}"))
    (claimed,) = inbox.claim_one(delivery.pk)
    inbox.fail(claimed, error)
    delivery.refresh_from_db()
    return delivery


def twenty_dead() -> None:
    """Twenty dead letters of five causes, by the ways they really come about.

    Eight that are no JSON; five of objects without an id; four whose customer is another
    provider's; two that killed their worker each time; one of an error in code.
    """
    for _ in range(8):
        stored(b"<html>not for us</html>")
    for number in range(5):
        stored(body_of("order.paid" if number else "order.updated", status="paid"))
    now = timezone.now()
    Customer.objects.create(id="cus_foreign1", provider="other", synced_at=now)
    for number in range(4):
        stored(body_of("customer.updated", seconds=number, id="cus_foreign1", email="a@b.example"))
    work_off()
    for number in range(2):
        killer = stored(subscription_body(f"sub_killer{number}"))
        WebhookDelivery.objects.filter(pk=killer.pk).update(
            state="processing", attempts=MAX_ATTEMPTS, due_at=now - timedelta(minutes=1)
        )
        processing.drain()
    bug = stored(subscription_body("sub_bug1"))
    WebhookDelivery.objects.filter(pk=bug.pk).update(attempts=MAX_ATTEMPTS - 1)
    (claimed,) = inbox.claim_one(bug.pk)
    try:
        raise KeyError("seats")
    except KeyError as error:
        inbox.fail(claimed, error)


def hours_of_trade() -> None:
    """Two days of deliveries that were processed, more of them by day."""
    now = timezone.now()
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            provider="polar",
            delivery_id=f"trade_{hours}_{number}",
            type="subscription.updated",
            body=b"{}",
            received_at=now - timedelta(hours=hours),
            processed_at=now - timedelta(hours=hours),
            due_at=now - timedelta(hours=hours),
            state="processed",
        )
        for hours in range(1, 48)
        for number in range(2 + (hours * 7) % 23)
    )
