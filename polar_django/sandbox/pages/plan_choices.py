"""A subscription as the portal shows it: what it may be changed into, and who sits on its seats."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.dateparse import parse_datetime

from polar_django.sandbox.engine.seats import TAKEN, seats_of
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    Customer,
    Order,
    Product,
    Seat,
    Subscription,
)
from polar_django.sandbox.pages.wording import price_text

__all__ = ["BEHAVIORS", "PlanCard", "plan_cards"]

# How the difference is billed, in the portal's words.
BEHAVIORS = {
    "prorate": "Now, with the difference on the next invoice",
    "invoice": "Now, with the difference charged at once",
    "next_period": "When the next period begins",
}


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One subscription. `choices` are (product id, text); nothing to choose leaves it empty."""

    subscription: Subscription
    choices: Sequence[tuple[UUID, str]]
    pending_text: str
    pending_at: datetime | None
    seats: Sequence[Seat]
    may_change_seats: bool
    unpaid: Order | None

    @property
    def is_running(self) -> bool:
        """Whether it renews: not ended, not paused, no end or pause ahead."""
        row = self.subscription
        is_ending = row.cancel_at_period_end or row.pause_at_period_end
        return row.status in BILLABLE_STATUSES and not is_ending

    @property
    def free_seats(self) -> int:
        return max((self.subscription.seats or 0) - len(self.seats), 0)

    @property
    def behaviors(self) -> dict[str, str]:
        return BEHAVIORS


def plan_cards(
    customer: Customer, *, may_change_plan: bool, may_change_seats: bool
) -> list[PlanCard]:
    """All subscriptions, newest first. About three queries, and one for each with seats."""
    products = list(
        Product.objects.filter(deleted_at=None, is_archived=False, recurring_interval__isnull=False)
        .prefetch_related("prices")
        .order_by("created_at")
    )
    names = {str(product.id): product.name for product in products}
    cards = []
    rows = customer.subscriptions.select_related("product").prefetch_related("prices")
    for row in rows.order_by("-created_at"):
        noted = row.pending_update or {}
        cards.append(
            PlanCard(
                subscription=row,
                choices=_choices(row, products) if may_change_plan else [],
                pending_text=_pending_text(noted, names),
                pending_at=parse_datetime(noted["applies_at"]) if noted else None,
                seats=list(seats_of(row).filter(status__in=TAKEN)) if row.seats else [],
                may_change_seats=may_change_seats and row.seats is not None,
                unpaid=_unpaid(row) if row.status == "past_due" else None,
            )
        )
    return cards


def _unpaid(row: Subscription) -> Order | None:
    """What the last renewal could not charge."""
    waiting = row.orders.filter(status="pending", next_payment_attempt_at__isnull=False)
    return waiting.order_by("-created_at").first()


def _choices(row: Subscription, products: Sequence[Product]) -> list[tuple[UUID, str]]:
    """What is sold in the same currency and in the same way: by the seat, or not."""
    found = []
    for product in products:
        prices = [
            price
            for price in product.prices.all()
            if not price.is_archived and price.price_currency == row.currency
        ]
        kinds = {price.amount_type for price in prices}
        fits = prices and "custom" not in kinds and ("seat_based" in kinds) == bool(row.seats)
        if fits and product.id != row.product_id:
            text = price_text(prices, product.recurring_interval, product.recurring_interval_count)
            found.append((product.id, f"{product.name}: {text}"))
    return found


def _pending_text(noted: dict[str, object], names: dict[str, str]) -> str:
    parts = []
    if noted.get("product_id"):
        parts.append(names.get(str(noted["product_id"]), "another plan"))
    parts += [f"{noted[name]} {name}" for name in ("seats", "units") if noted.get(name)]
    return ", ".join(parts)
