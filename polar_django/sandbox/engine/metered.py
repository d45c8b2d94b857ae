"""Usage that a subscription pays for: billed with the next period, then counted from nothing."""

from polar_django.sandbox.engine import customer_meters, rows
from polar_django.sandbox.models import BillingEntry, CustomerMeter, Subscription
from polar_django.sandbox.pricing import METERED_TYPES, metered_amount

__all__ = ["close_usage"]


def close_usage(subscription: Subscription) -> None:
    """Before a period ends: what was used beyond the credits waits for the next order.

    The meters of its metered prices are reset; what may roll over is credited again. A trial's
    usage is not billed. Two queries, more for each metered price.
    """
    metered = subscription.prices.filter(amount_type__in=METERED_TYPES)
    for price in metered.select_related("meter").order_by("created_at"):
        meter = price.meter
        if meter is None:
            continue
        used = CustomerMeter.objects.filter(customer=subscription.customer, meter=meter).first()
        amount = metered_amount(price, -used.balance if used is not None else 0)
        if amount and subscription.status != "trialing":
            rows.create(
                BillingEntry,
                subscription=subscription,
                price=price,
                label=meter.name,
                amount=amount,
                start_timestamp=subscription.current_period_start,
                end_timestamp=subscription.current_period_end,
            )
        customer_meters.reset(subscription.customer, meter)
