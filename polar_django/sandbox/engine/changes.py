"""What one PATCH may ask of a subscription beside the ways of ending and pausing it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import discounts, plan_changes, rows, trials
from polar_django.sandbox.engine.emit import emit_subscription
from polar_django.sandbox.engine.plans import plan_of
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import invalid
from polar_django.sandbox.models import Discount, Subscription

__all__ = ["change_billing_period", "update_subscription"]


def update_subscription(subscription: Subscription, data: Mapping[str, Any]) -> Subscription:
    """`data`: any of metadata, discount_id, product_id with proration_behavior, trial_end.

    All of it happens, or nothing. A discount counts from the next period on; None takes it away.
    Sends subscription.updated once, as recorded also where `data` asks for nothing, and what the
    change of product or trial brings. Raises PaymentFailed, InvalidRequest,
    AlreadyCanceledSubscription, InactiveSubscription.
    """
    with business_transaction():
        subscription.refresh_from_db()
        values = _plain_values(subscription, data)
        if values:
            rows.change(subscription, **values)
        product_id: UUID | None = data.get("product_id")
        has_trial = data.get("trial_end") is not None
        # The same product again, with nothing waiting, is no change of product.
        is_same = product_id == subscription.product_id and subscription.pending_update is None
        if product_id is not None:
            behavior = data.get("proration_behavior")
            plan_changes.change_product(subscription, product_id, behavior)
        if has_trial:
            trials.set_trial_end(subscription, data["trial_end"])
        if not has_trial and (is_same or product_id is None):
            emit_subscription(subscription, "updated")
        return subscription


def change_billing_period(subscription: Subscription, end: datetime) -> Subscription:
    """The period ends at `end`, and later ones on that day. Sends subscription.updated.

    Raises InvalidRequest (`end` is past), AlreadyCanceledSubscription, InactiveSubscription.
    """
    with business_transaction():
        subscription.refresh_from_db()
        plan_changes.check_changeable(subscription)
        if end <= clock.tick():
            message = "The new period end must be in the future."
            raise invalid(message, "current_billing_period_end", value=end.isoformat())
        values: dict[str, Any] = {"current_period_end": end, "anchor_day": end.day}
        if subscription.status == "trialing":
            values["trial_end"] = end
        rows.change(subscription, **values)
        emit_subscription(subscription, "updated")
        return subscription


def _plain_values(subscription: Subscription, data: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    if "discount_id" in data and data["discount_id"] != subscription.discount_id:
        plan_changes.check_changeable(subscription)
        discount = _take_discount(subscription, data["discount_id"])
        amount = plan_of(subscription).amount(discount, subscription.currency)
        values |= {"discount": discount, "discount_applied_at": None, "amount": amount}
    return values


def _take_discount(subscription: Subscription, discount_id: UUID | None) -> Discount | None:
    if discount_id is None:
        return None
    found = discounts.find_redeemable(discount_id, customer=subscription.customer)
    if not discounts.is_applicable(found, subscription.product):
        message = "Discount is not applicable to this product."
        raise invalid(message, "discount_id", value=str(discount_id))
    discounts.redeem(found, subscription.customer, subscription=subscription)
    return found
