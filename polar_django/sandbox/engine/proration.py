"""What a change in mid-period costs: the rest of the period, given back and bought again.

The lines are worded as recorded.
"""

from datetime import datetime, timedelta

from polar_django.sandbox.engine.billing import period_label
from polar_django.sandbox.engine.invoicing import Line
from polar_django.sandbox.engine.plans import Plan
from polar_django.sandbox.models import Discount, Price, Subscription
from polar_django.sandbox.pricing import discount_on
from polar_django.sandbox.tax import round_half_away

__all__ = ["remaining_lines", "unused_lines"]

MICROSECOND = timedelta(microseconds=1)


def unused_lines(subscription: Subscription, plan: Plan, at: datetime) -> list[Line]:
    """Credits for what `plan` was paid and not used from `at` to the period's end."""
    return _lines(subscription, plan, at, "Remaining time on ", sign=-1)


def remaining_lines(subscription: Subscription, plan: Plan, at: datetime) -> list[Line]:
    """What `plan` costs from `at` to the period's end."""
    return _lines(subscription, plan, at, "", sign=1)


def _lines(
    subscription: Subscription, plan: Plan, at: datetime, words: str, *, sign: int
) -> list[Line]:
    start, end = subscription.current_period_start, subscription.current_period_end
    left, whole = (end - at) // MICROSECOND, (end - start) // MICROSECOND
    label = f"{words}{plan.product.name} \N{EM DASH} {period_label(at, end)}"
    return [
        Line(
            label=label,
            amount=sign * round_half_away(amount * left, whole),
            price=price,
            proration=True,
            start=at,
            end=end,
        )
        for price, amount in _discounted(plan, subscription.discount, subscription.currency)
        if amount
    ]


def _discounted(plan: Plan, discount: Discount | None, currency: str) -> list[tuple[Price, int]]:
    """The plan's parts without the discount's share of each; the last part takes the rest."""
    parts = plan.parts()
    total = sum(amount for _, amount in parts)
    off = discount_on(discount, total, currency)
    result, left = [], off
    for index, (price, amount) in enumerate(parts):
        is_last = index == len(parts) - 1
        share = left if is_last else round_half_away(off * amount, total) if total else 0
        left -= share
        result.append((price, amount - share))
    return result
