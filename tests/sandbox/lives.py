"""What befalls a subscription, in short words."""

from datetime import UTC, datetime

from polar_django.sandbox.engine import schedule
from polar_django.sandbox.models import BenefitGrant, Product, Subscription
from tests.sandbox.conftest import FAILS_LATER, PAYS, Shop

SEATS = {
    "amount_type": "seat_based",
    "seat_tiers": {"tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]},
}


def subscribe(shop: Shop, product: Product | None = None, card: str = PAYS) -> Subscription:
    shop.buy(product or shop.pro, card)
    return Subscription.objects.get()


def past_due(shop: Shop, product: Product | None = None) -> Subscription:
    subscription = subscribe(shop, product, FAILS_LATER)
    shop.roll_to(subscription.current_period_end)
    return Subscription.objects.get()


def half_way(subscription: Subscription) -> None:
    start, end = subscription.current_period_start, subscription.current_period_end
    schedule.move_to(start + (end - start) / 2)


def held() -> int:
    return BenefitGrant.objects.filter(granted_at__isnull=False).count()


def on(day: str) -> datetime:
    """Noon of that day, which the clock is moved to."""
    time = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    schedule.move_to(time)
    return time
