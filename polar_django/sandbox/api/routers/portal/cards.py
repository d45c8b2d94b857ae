"""/v1/customer-portal/customers/me/payment-methods"""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Body, Text
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.api.portal_access import has_session, require_billing
from polar_django.sandbox.engine import card_setups, payment_methods
from polar_django.sandbox.models import PaymentMethod

router = Router(auth=has_session)


class CardCreate(Body):
    """POST of a new card: a test card's number or token."""

    confirmation_token_id: Text
    set_default: bool
    return_url: Text


class CardConfirm(Body):
    """POST after the bank's question was answered."""

    setup_intent_id: Text
    set_default: bool


@router.get("/customers/me/payment-methods")
def list_payment_methods(request: HttpRequest, paging: Query[Paging]) -> Any:
    rows = require_billing(request).payment_methods.filter(deleted_at=None)
    rows = rows.select_related("customer").order_by("-created_at")
    return page(rows, paging, shapes.payment_method)


@router.post("/customers/me/payment-methods", response={201: dict[str, Any]})
def add_payment_method(request: HttpRequest, body: CardCreate) -> Any:
    customer = require_billing(request)
    method = card_setups.add_card(
        customer, body.confirmation_token_id, set_default=body.set_default
    )
    if card_setups.is_confirmed(method):
        return _added(method)
    # As the card processor's: the setup's own id comes before `_secret_`.
    return {
        "status": "requires_action",
        "client_secret": f"{card_setups.setup_id(method)}_secret_sandbox",
    }


@router.post("/customers/me/payment-methods/confirm", response={201: dict[str, Any]})
def confirm_payment_method(request: HttpRequest, body: CardConfirm) -> Any:
    customer = require_billing(request)
    method = card_setups.confirm_card(customer, body.setup_intent_id, set_default=body.set_default)
    return _added(method)


def _added(method: PaymentMethod) -> dict[str, Any]:
    return {"status": "succeeded", "payment_method": shapes.portal_payment_method(method)}


@router.delete("/customers/me/payment-methods/{id}", response={204: None})
def delete_payment_method(request: HttpRequest, id: UUID4) -> None:
    cards = require_billing(request).payment_methods.filter(deleted_at=None)
    payment_methods.delete_card(find(cards, id))
