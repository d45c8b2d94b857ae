"""Subscriptions as JSON."""

from typing import Any

from polar_django.sandbox.models import Price, Subscription
from polar_django.sandbox.shapes import catalog, customers
from polar_django.sandbox.shapes.moments import moment, moment_or_none
from polar_django.sandbox.shapes.subscription_meters import subscription_meters

__all__ = ["subscription", "subscription_base"]


def subscription_base(row: Subscription) -> dict[str, Any]:
    """The flat copy inside an order. One query, none where prices were prefetched."""
    prices = ordered_prices(row)
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "amount": row.amount,
        "currency": row.currency,
        "recurring_interval": row.recurring_interval,
        "recurring_interval_count": row.recurring_interval_count,
        "status": row.status,
        "current_period_start": moment(row.current_period_start),
        "current_period_end": moment(row.current_period_end),
        "current_meter_period_start": moment_or_none(row.current_meter_period_start),
        "current_meter_period_end": moment_or_none(row.current_meter_period_end),
        "trial_start": moment_or_none(row.trial_start),
        "trial_end": moment_or_none(row.trial_end),
        "cancel_at_period_end": row.cancel_at_period_end,
        "canceled_at": moment_or_none(row.canceled_at),
        "started_at": moment_or_none(row.started_at),
        "ends_at": moment_or_none(row.ends_at),
        "ended_at": moment_or_none(row.ended_at),
        "past_due_at": moment_or_none(row.past_due_at),
        "pause_at_period_end": row.pause_at_period_end,
        "paused_at": moment_or_none(row.paused_at),
        "resumes_at": moment_or_none(row.resumes_at),
        "customer_id": str(row.customer_id),
        "product_id": str(row.product_id),
        "discount_id": str(row.discount_id) if row.discount_id else None,
        "checkout_id": str(row.checkout_id) if row.checkout_id else None,
        "seats": row.seats,
        "units": row.units,
        "customer_cancellation_reason": row.customer_cancellation_reason,
        "customer_cancellation_comment": row.customer_cancellation_comment,
        "price_id": str(prices[0].id) if prices else None,
        "user_id": str(row.customer_id),
        "metadata": row.metadata,
    }


def subscription(row: Subscription) -> dict[str, Any]:
    """Subscription, with the hidden legacy keys. About eight queries."""
    prices = [catalog.price(each) for each in ordered_prices(row)]
    return {
        **subscription_base(row),
        "custom_field_data": row.custom_field_data,
        "customer": customers.customer(row.customer),
        "user": customers.legacy_user(row.customer),
        "product": catalog.product(row.product, is_sold=True),
        "discount": catalog.discount_base(row.discount) if row.discount else None,
        "price": prices[0] if prices else None,
        "prices": prices,
        "meters": subscription_meters(row),
        "pending_update": row.pending_update,
    }


def ordered_prices(row: Subscription) -> list[Price]:
    """What the subscription pays, oldest price first."""
    found = list(row.prices.all())
    for each in found:
        if each.product_id == row.product_id:
            each.product = row.product
    return sorted(found, key=lambda each: each.created_at)
