"""What a subscription pays for: a product at its prices, so many seats or units."""

from collections.abc import Sequence
from dataclasses import dataclass

from polar_django.sandbox.models import Discount, Price, Product, Subscription
from polar_django.sandbox.pricing import STATIC_TYPES, discount_on, price_amount, subtotal

__all__ = ["Plan", "plan_of"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Amounts are minor units per period, before tax."""

    product: Product
    prices: Sequence[Price]
    seats: int | None = None
    units: int | None = None
    custom_amount: int | None = None

    def parts(self) -> list[tuple[Price, int]]:
        """What each price that is known in advance costs; metered ones are left out."""
        return [
            (
                price,
                price_amount(
                    price, custom_amount=self.custom_amount, seats=self.seats, units=self.units
                ),
            )
            for price in self.prices
            if price.amount_type in STATIC_TYPES
        ]

    def amount(self, discount: Discount | None, currency: str) -> int:
        """What a period costs with `discount`."""
        full = subtotal(
            self.prices, custom_amount=self.custom_amount, seats=self.seats, units=self.units
        )
        return full - discount_on(discount, full, currency)


def plan_of(subscription: Subscription) -> Plan:
    """The plan it has now. One query, none where prices were prefetched."""
    return Plan(
        product=subscription.product,
        prices=sorted(subscription.prices.all(), key=lambda price: price.created_at),
        seats=subscription.seats,
        units=subscription.units,
        custom_amount=subscription.custom_amount,
    )
