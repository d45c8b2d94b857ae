"""How a subscription stands, in words, and what can be done about it now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.billing.alternatives import alternatives_among
from polar_django.billing.money import money_text
from polar_django.billing.plans import PlanOffer
from polar_django.billing.prices import interval_text
from polar_django.models import Product, Subscription
from polar_django.providers.base import Capability
from polar_django.views.owned import capabilities_of

__all__ = ["Situation", "day_text", "situations_of"]

_BILLED = frozenset({"active", "trialing", "past_due"})


@dataclass(frozen=True, slots=True)
class Situation:
    """One subscription as the page shows it."""

    subscription: Subscription
    title: str
    price: str
    state: str
    waiting: str
    actions: frozenset[str]


def situations_of(
    subscriptions: Iterable[Subscription], plans: Sequence[PlanOffer] | None = None
) -> list[Situation]:
    """Each with what it is, how it stands, and which buttons it has. One query, or none.

    With `plans` a change is offered only where they sell something to change to.
    """
    rows = list(subscriptions)
    wanted = {row.pending_change.product_id for row in rows if row.pending_change is not None}
    products = Product.objects.in_bulk([key for key in wanted if key]) if wanted - {None} else {}
    return [
        Situation(
            subscription=row,
            title=row.product.name if row.product is not None and row.product.name else row.pk,
            price=_price_of(row),
            state=_state_of(row),
            waiting=_waiting_for(row, products),
            actions=_actions_of(row, plans),
        )
        for row in rows
    ]


def day_text(moment: datetime | None) -> str:
    """The day, as people of the active language write it; "" for none."""
    return date_format(timezone.localtime(moment), "DATE_FORMAT") if moment is not None else ""


def _price_of(row: Subscription) -> str:
    if row.amount is None or row.has_ended:
        return ""
    price = money_text(row.amount, row.currency) if row.amount else _("Free")
    if row.amount:
        price = f"{price} {interval_text(row)}".strip()
    if row.seats is None:
        return price
    seats = ngettext("%(count)d seat", "%(count)d seats", row.seats) % {"count": row.seats}
    return f"{seats}, {price}"


def _state_of(row: Subscription) -> str:
    end = day_text(row.ends_at or row.current_period_end)
    if row.has_ended:
        ended = day_text(row.ended_at)
        return _("Ended on %(day)s.") % {"day": ended} if ended else _("Ended.")
    if row.status == "paused":
        until = day_text(row.resumes_at)
        if until:
            return _("Paused. It goes on on %(day)s.") % {"day": until}
        return _("Paused until you resume it.")
    if row.in_grace:
        return _("The last payment failed. It is tried again: please check your payment method.")
    if row.status == "incomplete":
        return _("Waiting for the first payment.")
    if row.cancel_at_period_end:
        if row.is_trialing:
            return _("In trial until %(day)s. It ends then, and nothing is charged.") % {"day": end}
        return _("Canceled. You have it until %(day)s.") % {"day": end}
    if row.pause_at_period_end:
        return _("It pauses on %(day)s.") % {"day": day_text(row.current_period_end)}
    if row.is_trialing:
        trial = day_text(row.trial_end or row.current_period_end)
        return _("In trial until %(day)s. The first payment is then.") % {"day": trial}
    if row.is_active and row.renews_at is not None:
        return _("It renews on %(day)s.") % {"day": day_text(row.renews_at)}
    return _("Active.") if row.is_active else ""


def _waiting_for(row: Subscription, products: Mapping[str, Product]) -> str:
    change = row.pending_change
    if change is None or row.has_ended:
        return ""
    day = day_text(change.applies_at or row.current_period_end)
    if change.product_id is not None:
        product = products.get(change.product_id)
        name = product.name if product is not None else _("another plan")
        return _("It changes to %(name)s on %(day)s.") % {"name": name, "day": day}
    if change.seats is not None:
        text = ngettext(
            "It changes to %(count)d seat on %(day)s.",
            "It changes to %(count)d seats on %(day)s.",
            change.seats,
        )
        return text % {"count": change.seats, "day": day}
    return _("It changes on %(day)s.") % {"day": day}


def _actions_of(row: Subscription, plans: Sequence[PlanOffer] | None) -> frozenset[str]:
    able = capabilities_of(row.provider)
    billed = row.status in _BILLED
    goes_on = billed and not row.cancel_at_period_end
    may: dict[str, Any] = {
        "cancel": goes_on,
        "uncancel": billed and row.cancel_at_period_end and Capability.UNCANCEL in able,
        "change": goes_on
        and Capability.CHANGES in able
        and (plans is None or bool(alternatives_among(plans, row))),
        "seats": goes_on and row.seats is not None and Capability.CHANGES in able,
        "pause": row.status == "active"
        and goes_on
        and not row.pause_at_period_end
        and Capability.PAUSES in able,
        "resume": row.can_resume and Capability.PAUSES in able,
        "end": row.status == "paused",
        "keep": row.pending_change is not None and billed and Capability.CHANGES in able,
        "pay": row.in_grace,
    }
    return frozenset(name for name, allowed in may.items() if allowed)
