"""A team plan of three seats, bought by Ada at the fake provider."""

from typing import Any

from polar_django.billing import ensure_customer
from polar_django.models import Subscription
from polar_django.snapshots import SubscriptionSnapshot
from tests.mirror.worlds import mirror_all


def buy_seats(service: Any, buyer: Any, *, seats: int = 3, key: str = "team-1") -> Subscription:
    customer = ensure_customer(buyer)
    service.change(customer.pk, type="team")
    service.put(
        SubscriptionSnapshot(
            id=key,
            customer_id=customer.pk,
            product_id="product-team",
            status="active",
            seats=seats,
        )
    )
    mirror_all()
    service.calls.clear()
    return Subscription.objects.get(pk=key)
