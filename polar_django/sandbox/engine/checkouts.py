"""Checkout sessions: made, changed by seller or buyer, expired."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from polar_django.sandbox import clock, tokens
from polar_django.sandbox.engine import amounts, offers, rows
from polar_django.sandbox.engine.addresses import has_street, normalize_address
from polar_django.sandbox.engine.custom_fields import check_answers
from polar_django.sandbox.engine.customers import find_by_external_id
from polar_django.sandbox.engine.emit import emit_checkout
from polar_django.sandbox.engine.organization import (
    get_organization,
    has_feature,
    subscription_setting,
)
from polar_django.sandbox.engine.tax_ids import read_tax_id
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    AlreadyActiveSubscriptionError,
    ExpiredCheckoutError,
    NotOpenCheckout,
    ResourceNotFound,
    invalid,
)
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    Checkout,
    Customer,
    Subscription,
)

__all__ = [
    "LIFETIME",
    "apply_buyer_update",
    "check_no_active_subscription",
    "check_open",
    "create_checkout",
    "expire_checkout",
    "get_client_checkout",
    "update_checkout",
    "update_checkout_by_buyer",
]

LIFETIME = timedelta(hours=24)

BUYER_FIELDS = (
    "customer_name",
    "customer_billing_name",
    "customer_tax_id",
    "is_business_customer",
    "seats",
    "units",
)
BUYER_CHOICES = (
    "amount",
    "custom_field_data",
    "customer_billing_address",
    "locale",
    "product_id",
    "product_price_id",
)
SELLER_FIELDS = (
    "allow_discount_codes",
    "require_billing_address",
    "customer_ip_address",
    "return_url",
    "embed_origin",
    "trial_interval",
    "trial_interval_count",
    "min_seats",
    "max_seats",
    "min_units",
    "max_units",
)
JSON_FIELDS = ("metadata", "customer_metadata")
# A seller who presets one of these, not the country alone, asks for the whole address.
ADDRESS_PARTS = ("line1", "line2", "postal_code", "city", "state")
# Null leaves these as they are.
NEVER_NULL = (
    *JSON_FIELDS,
    "is_business_customer",
    "allow_discount_codes",
    "require_billing_address",
)


def create_checkout(data: Mapping[str, Any], *, base_url: str = "") -> Checkout:
    """A session for `data` as CheckoutCreate (also the old product_id and product_price_id).

    `base_url` is the sandbox's own address, for links; empty means the setting BASE_URL. An
    external customer id that nobody has yet is fine. Raises InvalidRequest. Sends checkout.created.
    """
    get_organization()
    offer = offers.read_offer(data)
    upgraded = _upgraded_subscription(data)
    customer = upgraded.customer if upgraded is not None else _known_customer(data)
    with business_transaction():
        now = clock.tick()
        checkout = rows.create(
            Checkout,
            client_secret=tokens.make_token(tokens.CHECKOUT),
            expires_at=now + LIFETIME,
            base_url=base_url.rstrip("/"),
            currency=offer.currency,
            success_url=str(data.get("success_url") or ""),
            customer=customer,
            subscription=upgraded,
            external_customer_id=data.get("external_customer_id")
            or data.get("customer_external_id"),
            locale="en",
        )
        offers.make_offer(checkout, offer)
        offers.keep_offer(checkout)
        _set_fields(checkout, data)
        if any((checkout.customer_billing_address or {}).get(part) for part in ADDRESS_PARTS):
            checkout.require_billing_address = True
        _prefill(checkout)
        _check_tax_id(checkout, data)
        amounts.set_discount(checkout, offer.products[0], data)
        amounts.choose_product(checkout, offer.products[0], data)
        _keep_answers(checkout, data)
        checkout.save()
        emit_checkout("created", checkout)
        return checkout


def _upgraded_subscription(data: Mapping[str, Any]) -> Subscription | None:
    subscription_id = data.get("subscription_id")
    if subscription_id is None:
        return None
    found = Subscription.objects.filter(pk=subscription_id).select_related("customer").first()
    if found is None:
        message = "Subscription does not exist."
        raise invalid(message, "subscription_id", value=str(subscription_id))
    if found.amount > 0 or found.status not in BILLABLE_STATUSES:
        message = "Only free subscriptions can be upgraded."
        raise invalid(message, "subscription_id", value=str(subscription_id))
    return found


def _known_customer(data: Mapping[str, Any]) -> Customer | None:
    customer_id = data.get("customer_id")
    if customer_id is not None:
        found = Customer.objects.filter(pk=customer_id, deleted_at=None).first()
        if found is None:
            raise invalid("Customer does not exist.", "customer_id", value=str(customer_id))
        return found
    external_id = data.get("external_customer_id") or data.get("customer_external_id")
    return find_by_external_id(external_id) if external_id else None


def _prefill(checkout: Checkout) -> None:
    """What the linked customer has said before fills the blanks."""
    customer = checkout.customer
    if customer is None:
        return
    checkout.customer_email = checkout.customer_email or customer.email
    if customer.type != "team":
        checkout.customer_name = checkout.customer_name or customer.name
    checkout.customer_billing_name = (
        checkout.customer_billing_name or customer.billing_name or customer.name
    )
    checkout.customer_billing_address = (
        checkout.customer_billing_address or customer.billing_address
    )
    if customer.billing_name and has_street(customer.billing_address):
        checkout.is_business_customer = True
    if customer.tax_id:
        checkout.customer_tax_id = checkout.customer_tax_id or customer.tax_id[0]


def _set_fields(checkout: Checkout, data: Mapping[str, Any]) -> None:
    """Copy what `data` names onto the row, unsaved."""
    for name in (*BUYER_FIELDS, *SELLER_FIELDS, *JSON_FIELDS):
        if name in data and (data[name] is not None or name not in NEVER_NULL):
            setattr(checkout, name, rows.plain(data[name]))
    if "allow_trial" in data and data["allow_trial"] is not None:
        checkout.allow_trial = data["allow_trial"]
    if "locale" in data and has_feature("checkout_localization_enabled"):
        # Everybody else's page is in English, whatever was asked for.
        checkout.locale = data["locale"] or "en"
    if "success_url" in data:
        checkout.success_url = str(data["success_url"] or "")
    if data.get("customer_email") is not None:
        checkout.customer_email = data["customer_email"]
    if data.get("customer_billing_address") is not None:
        checkout.customer_billing_address = normalize_address(data["customer_billing_address"])


def _check_tax_id(checkout: Checkout, data: Mapping[str, Any]) -> None:
    """A number belongs to a country: it is checked again when either of them changes."""
    if not {"customer_tax_id", "customer_billing_address"} & data.keys():
        return
    country = (checkout.customer_billing_address or {}).get("country")
    if country is None and checkout.customer_tax_id:
        message = "Country is required to validate tax ID."
        raise invalid(message, "customer_tax_id", value=checkout.customer_tax_id)
    read_tax_id(checkout.customer_tax_id, country, "customer_tax_id")


def update_checkout(checkout: Checkout, data: Mapping[str, Any]) -> Checkout:
    """By the seller. Raises NotOpenCheckout, InvalidRequest. Sends checkout.updated."""
    with business_transaction():
        check_open(checkout)
        if "discount_id" in data:
            amounts.set_discount(checkout, checkout.product, data)
        _apply(checkout, data)
        emit_checkout("updated", checkout)
        return checkout


def update_checkout_by_buyer(checkout: Checkout, data: Mapping[str, Any]) -> Checkout:
    """By the pay page; `discount_code` instead of an id, and no seller's fields.

    Raises NotOpenCheckout, ExpiredCheckoutError, AlreadyActiveSubscriptionError, InvalidRequest.
    Sends checkout.updated.
    """
    with business_transaction():
        apply_buyer_update(checkout, data)
        check_no_active_subscription(checkout)
        emit_checkout("updated", checkout)
        return checkout


def apply_buyer_update(checkout: Checkout, data: Mapping[str, Any]) -> None:
    """Apply and save what a buyer may change; sends nothing. Raises as the function above."""
    check_open(checkout)
    offers.keep_offer(checkout)
    if checkout.expires_at <= clock.now():
        raise ExpiredCheckoutError
    if "discount_code" in data and checkout.allow_discount_codes:
        amounts.set_discount_by_code(checkout, data["discount_code"])
    accepted = {name: data[name] for name in (*BUYER_FIELDS, *BUYER_CHOICES) if name in data}
    if checkout.customer_id is None and "customer_email" in data:
        accepted["customer_email"] = data["customer_email"]
    if data.get("allow_trial") is False:
        accepted["allow_trial"] = False
    _apply(checkout, accepted)


def _apply(checkout: Checkout, data: Mapping[str, Any]) -> None:
    _set_fields(checkout, data)
    _check_tax_id(checkout, data)
    product = checkout.product
    if data.get("product_id") is not None:
        product = offers.find_offered(checkout, data["product_id"])
    elif data.get("product_price_id") is not None:
        product = offers.find_offered_by_price(checkout, data["product_price_id"])
    if product is not None and data.get("currency") is not None:
        offers.check_currency(checkout, product, data["currency"].lower())
        checkout.currency = data["currency"].lower()
    if product is not None:
        amounts.choose_product(checkout, product, data)
    _keep_answers(checkout, data)
    checkout.modified_at = clock.tick()
    checkout.save()


def _keep_answers(checkout: Checkout, data: Mapping[str, Any]) -> None:
    answers = data.get("custom_field_data")
    if answers is not None:
        asked = checkout.attached_custom_fields
        checkout.custom_field_data = check_answers(asked, answers, is_final=False)


def check_open(checkout: Checkout) -> None:
    """Read the row again and raise NotOpenCheckout where it is not open any more."""
    checkout.refresh_from_db()
    if checkout.status != "open":
        raise NotOpenCheckout(f"Checkout {checkout.id} is not open: {checkout.status}")


def check_no_active_subscription(checkout: Checkout) -> None:
    """One billable subscription per customer, or per typed e-mail, unless the organization allows.

    Raises AlreadyActiveSubscriptionError.
    """
    if checkout.product is None or not checkout.product.is_recurring:
        return
    if checkout.subscription_id or subscription_setting("allow_multiple_subscriptions"):
        return
    buyer = Q(customer_id=checkout.customer_id) if checkout.customer_id else Q(pk=None)
    if checkout.customer_email:
        buyer |= Q(customer__email__iexact=checkout.customer_email, customer__deleted_at=None)
    if Subscription.objects.filter(buyer, status__in=BILLABLE_STATUSES).exists():
        raise AlreadyActiveSubscriptionError


def get_client_checkout(client_secret: str) -> Checkout:
    """The session of a pay page; its secret is all the authority there is.

    Raises ResourceNotFound, and ExpiredCheckoutError past `expires_at`, whatever the status.
    """
    checkout = Checkout.objects.filter(client_secret=client_secret).first()
    if checkout is None:
        raise ResourceNotFound
    if checkout.expires_at <= clock.now():
        raise ExpiredCheckoutError
    return checkout


def expire_checkout(checkout_id: UUID) -> None:
    """Sends checkout.expired; nothing where the session is not open."""
    with business_transaction():
        checkout = Checkout.objects.get(pk=checkout_id)
        if checkout.status == "open":
            rows.change(checkout, status="expired")
            emit_checkout("expired", checkout)
