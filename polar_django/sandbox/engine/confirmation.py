"""Confirming a checkout: the buyer pays, or is refused."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from polar_django.sandbox import tokens
from polar_django.sandbox.cards import Card, UnknownCard, find_card
from polar_django.sandbox.engine import customers, discounts, rows, sessions, trials
from polar_django.sandbox.engine.checkouts import (
    apply_buyer_update,
    check_no_active_subscription,
)
from polar_django.sandbox.engine.custom_fields import check_answers
from polar_django.sandbox.engine.emit import emit_checkout, emit_customer
from polar_django.sandbox.engine.fulfilment import fulfil
from polar_django.sandbox.engine.offers import chosen_prices
from polar_django.sandbox.engine.payment_methods import keep_card
from polar_django.sandbox.engine.tax_ids import read_tax_id
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    AlreadyActiveSubscriptionError,
    AlreadyCanceledSubscription,
    CheckoutCustomerDeleted,
    CheckoutCustomerExternalIdMismatch,
    InvalidRequest,
    PaymentError,
    invalid,
)
from polar_django.sandbox.models import BILLABLE_STATUSES, Checkout, Customer
from polar_django.sandbox.outcomes import Confirmation
from polar_django.sandbox.shapes.checkouts import payment_needs, required_address_fields

__all__ = ["Confirmation", "confirm_checkout"]


class _Declined(Exception):
    """Leaves the transaction, so that nothing of the attempt stays."""


def confirm_checkout(checkout: Checkout, data: Mapping[str, Any]) -> Confirmation:
    """Apply `data` as the buyer's last update, charge the card, and fulfil.

    `data["confirmation_token_id"]` is a test card: its number, or the token of `cards.token_for`.
    On return subscription, order and grants exist and all events are written. Raises PaymentError
    (declined: nothing changed, the session is still open, checkout.updated was sent),
    NotOpenCheckout, ExpiredCheckoutError, AlreadyActiveSubscriptionError,
    AlreadyCanceledSubscription (the one to upgrade has ended), TrialAlreadyRedeemed,
    CheckoutCustomerDeleted,
    CheckoutCustomerExternalIdMismatch, DiscountRedemptionLimitReached, InvalidRequest.
    """
    try:
        return _confirm(checkout, data)
    except _Declined:
        with business_transaction():
            checkout.refresh_from_db()
            emit_checkout("updated", checkout)
    raise PaymentError


def _confirm(checkout: Checkout, data: Mapping[str, Any]) -> Confirmation:
    with business_transaction() as work:
        apply_buyer_update(checkout, data)
        check_no_active_subscription(checkout)
        _check_upgraded(checkout)
        if checkout.trial_end is not None:
            trials.check_trial_is_first(checkout.customer_email)
        checkout.custom_field_data = check_answers(
            checkout.attached_custom_fields, checkout.custom_field_data, is_final=True
        )
        card = _check_complete(checkout, data.get("confirmation_token_id"))
        if card is not None and card.behaviour == "declines":
            raise _Declined
        was_linked = checkout.customer is not None
        customer = checkout.customer or _find_customer(checkout)
        is_new = customer is None
        if customer is None:
            customer = _add_customer(checkout)
        else:
            _update_customer(customer, checkout)
        if checkout.discount is not None:
            discounts.redeem(checkout.discount, customer, checkout=checkout)
        rows.change(checkout, status="confirmed")
        emit_checkout("updated", checkout)
        checkout.customer = customer
        if card is not None:
            checkout.payment_method = keep_card(customer, card)
        checkout.save()
        work.later(partial(emit_customer, "created" if is_new else "updated", customer.id))
        work.later(partial(fulfil, checkout.id))
        token = None
        if is_new or was_linked:
            # Never for a customer who was only matched by the e-mail that somebody typed.
            session = sessions.open_session(
                customer,
                member=None,
                prefix=tokens.CUSTOMER_SESSION,
                base_url=checkout.base_url,
            )
            token = session.token
    return Confirmation(checkout, token)


def _check_upgraded(checkout: Checkout) -> None:
    """What was free when the session was made may have ended, or been upgraded in another one."""
    upgraded = checkout.subscription
    if upgraded is None:
        return
    if upgraded.status not in BILLABLE_STATUSES or upgraded.cancel_at_period_end:
        raise AlreadyCanceledSubscription
    if upgraded.amount > 0:
        raise AlreadyActiveSubscriptionError


def _check_complete(checkout: Checkout, card_text: str | None) -> Card | None:
    """Everything that has to be there to pay; the card, None where none is needed."""
    payment, setup = payment_needs(checkout, chosen_prices(checkout))
    needs_card = payment or setup
    missing: list[dict[str, Any]] = []

    def miss(*loc: str, message: str = "Field is required.") -> None:
        missing.extend(invalid(message, *loc, type_="missing").errors)

    if needs_card:
        address = checkout.customer_billing_address or {}
        for field in required_address_fields(checkout):
            if not address.get(field):
                miss("customer_billing_address", field)
        if not address:
            miss("customer_billing_address")
    if checkout.customer_id is None and not checkout.customer_email:
        miss("customer_email")
    if checkout.is_business_customer and not checkout.customer_billing_name:
        miss("customer_billing_name")
    if needs_card and not card_text:
        miss("confirmation_token_id", message="Confirmation token is required.")
    if missing:
        raise InvalidRequest(missing)
    if not needs_card:
        return None
    try:
        return find_card(card_text or "")
    except UnknownCard as error:
        # The text itself is not repeated: it may be a real card's number.
        raise invalid(str(error), "confirmation_token_id") from error


def _find_customer(checkout: Checkout) -> Customer | None:
    """By e-mail first: then the external id of the session is ignored, as Polar does."""
    found = customers.find_by_email(checkout.customer_email or "")
    if found is not None:
        return found
    external_id = checkout.external_customer_id
    if external_id and customers.find_by_external_id(external_id):
        raise CheckoutCustomerExternalIdMismatch
    return None


def _add_customer(checkout: Checkout) -> Customer:
    return customers.add_customer(
        email=checkout.customer_email,
        external_id=checkout.external_customer_id,
        name=checkout.customer_name,
        billing_name=checkout.customer_billing_name,
        billing_address=checkout.customer_billing_address,
        tax_id=_tax_id(checkout),
        locale=checkout.locale,
        metadata=dict(checkout.customer_metadata),
    )


def _update_customer(customer: Customer, checkout: Checkout) -> None:
    """The name only where there was none; billing details as given; metadata merged."""
    if customer.deleted_at is not None:
        raise CheckoutCustomerDeleted
    rows.change(
        customer,
        name=customer.name or checkout.customer_name,
        billing_name=checkout.customer_billing_name or customer.billing_name,
        billing_address=checkout.customer_billing_address or customer.billing_address,
        tax_id=_tax_id(checkout) or customer.tax_id,
        locale=checkout.locale or customer.locale,
        metadata={**customer.metadata, **checkout.customer_metadata},
    )


def _tax_id(checkout: Checkout) -> list[str] | None:
    country = (checkout.customer_billing_address or {}).get("country")
    return read_tax_id(checkout.customer_tax_id, country, "customer_tax_id")
