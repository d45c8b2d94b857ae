"""What a change of plan or seats would cost, before the customer says yes."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from polar_django.sandbox.engine.organization import subscription_setting
from polar_django.sandbox.engine.previews import preview_change
from polar_django.sandbox.models import CustomerSession, Product
from polar_django.sandbox.pages.plan_choices import BEHAVIORS
from polar_django.sandbox.pages.portal_door import inside, require_manager, show_inside
from polar_django.sandbox.pages.portal_forms import (
    behavior_of,
    own_subscription,
    product_of,
    seats_wanted,
)

__all__ = ["preview"]


@inside("GET")
def preview(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> HttpResponse:
    """`product_id` or `seats`, and `behavior`: the sum, and the button that changes it."""
    require_manager(session)
    row = own_subscription(session, subscription_id)
    behavior = behavior_of(request.GET) or str(subscription_setting("proration_behavior"))
    change: dict[str, Any]
    if "seats" in request.GET:
        change = {"seats": seats_wanted(request.GET)}
        product = row.product
    else:
        change = {"product_id": product_of(request.GET)}
        product = Product.objects.filter(pk=change["product_id"]).first() or row.product
    # On a row of its own: what was tried is taken back in the database, not in this object.
    shown = preview_change(own_subscription(session, subscription_id), behavior=behavior, **change)
    # Another interval begins a period at once, and is billed at once.
    has_other_interval = product.recurring_interval != row.recurring_interval
    context = {
        "subscription": row,
        "product": product,
        "change": change,
        "behavior": behavior,
        "when": BEHAVIORS.get(behavior, ""),
        "preview": shown,
        "credit": -shown.total_amount,
        "lines": shown.prorations or ((product.name, shown.base_amount),),
        "tax_is_included": shown.total_amount == shown.subtotal_amount - shown.discount_amount,
        "is_later": behavior == "next_period",
        "is_charged_now": behavior == "invoice" or has_other_interval,
    }
    return show_inside(request, session, "portal_preview", context)
