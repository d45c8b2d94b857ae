"""Which deliveries concern a customer, although the inbox knows of none whose they are."""

from polar_django.models import Customer, WebhookDelivery

__all__ = ["troubled_deliveries"]

_MOST = 50


def troubled_deliveries(customer: Customer) -> list[WebhookDelivery]:
    """The latest that failed or gave up and name this customer. Two queries.

    Looked for in the bodies of the fifty latest of each state. Those that were processed are known
    by the news they made.
    """
    needle = customer.pk.encode()
    found: list[WebhookDelivery] = []
    for state in (WebhookDelivery.State.DEAD, WebhookDelivery.State.FAILED):
        latest = WebhookDelivery.objects.filter(state=state).order_by("-received_at")
        found.extend(row for row in latest[:_MOST] if needle in bytes(row.body))
    return found
