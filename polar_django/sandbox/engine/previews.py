"""What a change would cost: it is made, reckoned, and taken back, as Polar itself does it."""

from dataclasses import dataclass
from uuid import UUID

from polar_django.sandbox.engine import billing, plan_changes
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import Order, Subscription

__all__ = ["Preview", "preview_change"]


@dataclass(frozen=True, slots=True)
class Preview:
    """Minor units. `prorations` are (label, amount), negative ones are given back."""

    base_amount: int = 0
    prorations: tuple[tuple[str, int], ...] = ()
    subtotal_amount: int = 0
    discount_amount: int = 0
    net_amount: int = 0
    tax_amount: int = 0
    total_amount: int = 0
    applied_balance_amount: int = 0
    due_amount: int = 0


class _TakenBack(Exception):
    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


def preview_change(
    subscription: Subscription,
    *,
    product_id: UUID | None = None,
    seats: int | None = None,
    units: int | None = None,
    behavior: str | None = None,
) -> Preview:
    """One change, as `plan_changes` makes it; nothing of it stays, and nothing is sent or charged.

    With `next_period` nothing is billed for it. Raises as `plan_changes`, but for PaymentFailed.
    """
    try:
        with business_transaction():
            subscription.refresh_from_db()
            known = list(subscription.orders.values_list("pk", flat=True))
            was_trialing = subscription.status == "trialing"
            if product_id is not None:
                plan_changes.change_product(subscription, product_id, behavior)
            elif seats is not None:
                plan_changes.change_seats(subscription, seats, behavior)
            elif units is not None:
                plan_changes.change_units(subscription, units, behavior)
            order = subscription.orders.exclude(pk__in=known).first()
            raise _TakenBack(_reckon(subscription, order, was_trialing=was_trialing))
    except _TakenBack as done:
        return done.preview


def _reckon(subscription: Subscription, order: Order | None, *, was_trialing: bool) -> Preview:
    if order is None and was_trialing:
        if subscription.status == "trialing":
            return Preview()
        order = billing.add_change_order(subscription, billing.period_lines(subscription))
    elif order is None:
        if not subscription.billing_entries.filter(order=None).exists():
            return Preview()
        order = billing.add_change_order(subscription, [])
    items = list(order.items.order_by("created_at", "pk"))
    lines = () if was_trialing else tuple((item.label, item.amount) for item in items)
    return Preview(
        base_amount=order.subtotal_amount if was_trialing else 0,
        prorations=lines,
        subtotal_amount=order.subtotal_amount,
        discount_amount=order.discount_amount,
        net_amount=order.net_amount,
        tax_amount=order.tax_amount,
        total_amount=order.total_amount,
        applied_balance_amount=order.applied_balance_amount,
        due_amount=order.due_amount,
    )
