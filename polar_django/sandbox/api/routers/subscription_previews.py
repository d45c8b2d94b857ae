"""/v1/subscriptions/{id}/change-preview and /charge-preview, which Polar does not document"""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import UUID4

from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.subscriptions import SubscriptionChangePreview
from polar_django.sandbox.engine.charge_previews import ChargePreview, preview_charge
from polar_django.sandbox.engine.previews import Preview, preview_change
from polar_django.sandbox.models import Subscription

router = Router()


@router.post("/{id}/change-preview")
def preview_subscription_change(
    request: HttpRequest, id: UUID4, body: SubscriptionChangePreview
) -> Any:
    rows = Subscription.objects.select_related("customer", "product", "discount")
    change = body.root
    preview = preview_change(
        find(rows, id),
        product_id=getattr(change, "product_id", None),
        seats=getattr(change, "seats", None),
        units=getattr(change, "units", None),
        behavior=change.proration_behavior,
    )
    return _shape(preview, metered_amount=0)


@router.get("/{id}/charge-preview")
def preview_next_charge(request: HttpRequest, id: UUID4) -> Any:
    rows = Subscription.objects.select_related("customer", "product", "discount")
    preview = preview_charge(find(rows, id))
    return _shape(preview, metered_amount=preview.metered_amount)


def _shape(preview: Preview | ChargePreview, *, metered_amount: int) -> dict[str, Any]:
    lines = [{"label": label, "amount": amount} for label, amount in preview.prorations]
    return {
        "base_amount": preview.base_amount,
        "metered_amount": metered_amount,
        "proration_amount": sum(line["amount"] for line in lines),
        "prorations": lines,
        "subtotal_amount": preview.subtotal_amount,
        "discount_amount": preview.discount_amount,
        "net_amount": preview.net_amount,
        "tax_amount": preview.tax_amount,
        "total_amount": preview.total_amount,
        "applied_balance_amount": preview.applied_balance_amount,
        "due_amount": preview.due_amount,
    }
