"""What a subscription will cost at the end of its period: billed, reckoned, and taken back."""

from dataclasses import dataclass

from polar_django.sandbox.engine import billing, metered
from polar_django.sandbox.engine.pending import apply_pending
from polar_django.sandbox.engine.renewals import begin_period
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import AlreadyCanceledSubscription
from polar_django.sandbox.models import BILLABLE_STATUSES, Order, Subscription
from polar_django.sandbox.pricing import METERED_TYPES

__all__ = ["ChargePreview", "preview_charge"]


@dataclass(frozen=True, slots=True)
class ChargePreview:
    """Minor units. `prorations` are (label, amount) of changes that wait for the next order."""

    base_amount: int = 0
    metered_amount: int = 0
    prorations: tuple[tuple[str, int], ...] = ()
    subtotal_amount: int = 0
    discount_amount: int = 0
    net_amount: int = 0
    tax_amount: int = 0
    total_amount: int = 0
    applied_balance_amount: int = 0
    due_amount: int = 0


class _TakenBack(Exception):
    def __init__(self, preview: ChargePreview) -> None:
        super().__init__()
        self.preview = preview


def preview_charge(subscription: Subscription) -> ChargePreview:
    """The next order with the usage so far; nothing of it stays, nothing is sent or charged.

    One that ends or pauses with its period costs what was used. Raises AlreadyCanceledSubscription
    where nothing is billed any more.
    """
    try:
        with business_transaction():
            subscription.refresh_from_db()
            if subscription.status not in BILLABLE_STATUSES:
                raise AlreadyCanceledSubscription
            raise _TakenBack(_reckon(_bill(subscription)))
    except _TakenBack as done:
        return done.preview


def _bill(subscription: Subscription) -> Order | None:
    metered.close_usage(subscription)
    if subscription.cancel_at_period_end or subscription.pause_at_period_end:
        waits = subscription.billing_entries.filter(order=None).exists()
        return billing.add_change_order(subscription, []) if waits else None
    if subscription.pending_update is not None:
        apply_pending(subscription)
    begin_period(subscription, subscription.current_period_end, status="active")
    return billing.add_renewal_order(subscription)


def _reckon(order: Order | None) -> ChargePreview:
    if order is None:
        return ChargePreview()
    base = used = 0
    prorations = []
    for item in order.items.select_related("product_price").order_by("created_at", "pk"):
        if item.product_price is not None and item.product_price.amount_type in METERED_TYPES:
            used += item.amount
        elif item.proration:
            prorations.append((item.label, item.amount))
        else:
            base += item.amount
    return ChargePreview(
        base_amount=base,
        metered_amount=used,
        prorations=tuple(prorations),
        subtotal_amount=order.subtotal_amount,
        discount_amount=order.discount_amount,
        net_amount=order.net_amount,
        tax_amount=order.tax_amount,
        total_amount=order.total_amount,
        applied_balance_amount=order.applied_balance_amount,
        due_amount=order.due_amount,
    )
