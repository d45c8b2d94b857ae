"""The portal's cards: add one, choose one, forget one, and pay what a renewal could not."""

from uuid import UUID

from django.http import HttpRequest

from polar_django.sandbox.engine import card_setups, manual_payments, payment_methods
from polar_django.sandbox.errors import PaymentError, ResourceNotFound
from polar_django.sandbox.models import CustomerSession, PaymentMethod
from polar_django.sandbox.pages.portal_door import button

__all__ = ["add", "choose", "pay", "remove"]


@button
def add(request: HttpRequest, session: CustomerSession) -> str:
    """A test `card`; with `default` it is charged from now on, at once for what is unpaid."""
    is_default = "default" in request.POST
    card_setups.add_card(session.customer, request.POST.get("card", ""), set_default=is_default)
    return "card" if is_default else "card-added"


@button
def choose(request: HttpRequest, session: CustomerSession, card_id: UUID) -> str:
    """Another of the cards is charged from now on."""
    payment_methods.choose_card(session.customer, _own(session, card_id))
    return "card-chosen"


@button
def remove(request: HttpRequest, session: CustomerSession, card_id: UUID) -> str:
    """Forget a card that no subscription needs."""
    payment_methods.delete_card(_own(session, card_id))
    return "card-removed"


@button
def pay(request: HttpRequest, session: CustomerSession, order_id: UUID) -> str:
    """Pay an order with a test `card`. Raises PaymentError where it is declined."""
    order = session.customer.orders.filter(pk=order_id).first()
    if order is None:
        raise ResourceNotFound
    token = request.POST.get("card", "")
    if manual_payments.pay_order(order, token=token, method=None).error is not None:
        raise PaymentError
    return "paid"


def _own(session: CustomerSession, card_id: UUID) -> PaymentMethod:
    found = session.customer.payment_methods.filter(pk=card_id, deleted_at=None).first()
    if found is None:
        raise ResourceNotFound
    return found
