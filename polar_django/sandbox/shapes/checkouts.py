"""Checkout sessions as JSON, for the seller and for the pay page."""

from typing import Any
from urllib.parse import quote

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import (
    ORGANIZATION_ID,
    Checkout,
    CheckoutProduct,
    Organization,
    Price,
)
from polar_django.sandbox.outcomes import Confirmation
from polar_django.sandbox.pricing import is_free
from polar_django.sandbox.shapes import catalog
from polar_django.sandbox.shapes.custom_fields import attached_custom_fields
from polar_django.sandbox.shapes.moments import moment, moment_or_none
from polar_django.sandbox.shapes.organizations import organization
from polar_django.sandbox.shapes.relations import related

__all__ = [
    "checkout",
    "checkout_confirmed",
    "checkout_public",
    "checkout_url",
    "offered_prices",
    "payment_needs",
    "success_url",
]

ADDRESS_FIELDS = ("country", "state", "city", "postal_code", "line1", "line2")
# Where Polar asks for more than a country.
STATE_COUNTRIES = ("US", "CA")
FULL_ADDRESS_COUNTRIES = ("US",)


def checkout_url(row: Checkout) -> str:
    """The pay page."""
    base_url = row.base_url or get_settings().base_url.rstrip("/")
    return f"{base_url}/checkout/{row.client_secret}"


def success_url(row: Checkout) -> str:
    """Where the buyer goes in the end: the seller's address, or our own confirmation page."""
    if not row.success_url:
        return f"{checkout_url(row)}/confirmation"
    return row.success_url.replace("{CHECKOUT_ID}", quote(str(row.id)))


def _prices(link: CheckoutProduct) -> list[Price]:
    """The prices of one offered product: the session's own ones, else the catalogue's."""
    own = related(link, "ad_hoc_prices", "product", "meter")
    return sorted(own, key=lambda each: each.created_at) or catalog.catalog_prices(link.product)


def _in_currency(prices: list[Price], currency: str) -> list[Price]:
    return [each for each in prices if each.price_currency == currency]


def offered_prices(link: CheckoutProduct, currency: str) -> list[Price]:
    """Those in which one offered product may be paid in this session."""
    return _in_currency(_prices(link), currency)


def payment_needs(row: Checkout, prices: list[Price]) -> tuple[bool, bool]:
    """(a payment now, a card for later): Polar's is_payment_required and _setup_required."""
    recurring = row.product is not None and row.product.is_recurring
    payment = row.total_amount > 0 and row.trial_end is None
    discount = row.discount
    forever_free = (
        discount is not None and discount.duration == "forever" and discount.basis_points == 10_000
    )
    metered = any(each.amount_type.startswith("metered") for each in prices)
    free = is_free(prices) or (row.amount == 0 and not metered)
    return payment, recurring and not free and not forever_free


def required_address_fields(row: Checkout) -> list[str]:
    """The parts of the billing address that this buyer has to give."""
    country = (row.customer_billing_address or {}).get("country")
    full = (
        row.require_billing_address or row.is_business_customer or country in FULL_ADDRESS_COUNTRIES
    )
    if full:
        fields = ["country", "city", "postal_code", "line1"]
        return [*fields, "state"] if country in STATE_COUNTRIES else fields
    return ["country", "state"] if country in STATE_COUNTRIES else ["country"]


def checkout(row: Checkout) -> dict[str, Any]:
    """Checkout, with the hidden legacy keys. About seven queries per offered product."""
    return {
        **_shared(row),
        "trial_interval": row.trial_interval,
        "trial_interval_count": row.trial_interval_count,
        "metadata": row.metadata,
        "external_customer_id": row.external_customer_id,
        "customer_external_id": row.external_customer_id,
        "subscription_id": str(row.subscription_id) if row.subscription_id else None,
        "customer_metadata": row.customer_metadata,
    }


def checkout_public(row: Checkout) -> dict[str, Any]:
    """CheckoutPublic: without what only the seller may see."""
    return {
        **_shared(row),
        "organization": organization(Organization.objects.get(pk=ORGANIZATION_ID)),
    }


def checkout_confirmed(result: Confirmation) -> dict[str, Any]:
    """CheckoutPublicConfirmed."""
    return {
        **checkout_public(result.checkout),
        "status": "confirmed",
        "customer_session_token": result.customer_session_token,
    }


def _shared(row: Checkout) -> dict[str, Any]:
    links = sorted(related(row, "checkout_products", "product"), key=lambda link: link.order)
    # All currencies are shown; the session's own decides what is paid.
    prices = {link.product_id: _prices(link) for link in links}
    chosen = _in_currency(prices.get(row.product_id, []) if row.product_id else [], row.currency)
    payment, setup = payment_needs(row, chosen)
    required = required_address_fields(row)
    has_trial = row.trial_end is not None
    products = {
        link.product_id: catalog.public_product(link.product, prices[link.product_id])
        for link in links
    }
    product_price = next((each for each in chosen if each.id == row.product_price_id), None)
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "custom_field_data": row.custom_field_data,
        "payment_processor": "stripe",
        "status": row.status,
        "client_secret": row.client_secret,
        "url": checkout_url(row),
        "expires_at": moment(row.expires_at),
        "success_url": success_url(row),
        "return_url": row.return_url,
        "embed_origin": row.embed_origin,
        **_amounts(row),
        "allow_trial": row.allow_trial,
        "active_trial_interval": _trial(row, "interval") if has_trial else None,
        "active_trial_interval_count": _trial(row, "interval_count") if has_trial else None,
        "trial_end": moment_or_none(row.trial_end),
        "organization_id": str(ORGANIZATION_ID),
        "product_id": str(row.product_id) if row.product_id else None,
        "product_price_id": str(row.product_price_id) if row.product_price_id else None,
        "discount_id": str(row.discount_id) if row.discount_id else None,
        "allow_discount_codes": row.allow_discount_codes,
        "require_billing_address": row.require_billing_address,
        "is_discount_applicable": bool(chosen) and not is_free(chosen),
        "is_free_product_price": bool(chosen) and is_free(chosen),
        "is_payment_required": payment,
        "is_payment_setup_required": setup,
        "is_payment_form_required": payment or setup,
        **_buyer(row),
        "locale": row.locale,
        "payment_method_type": None,
        "payment_processor_metadata": {"publishable_key": "pk_sandbox"},
        "customer_billing_address_fields": {field: field in required for field in ADDRESS_FIELDS},
        "billing_address_fields": _address_fields(required),
        "products": list(products.values()),
        "product": products.get(row.product_id) if row.product_id else None,
        "product_price": catalog.price(product_price) if product_price else None,
        "prices": {
            str(product_id): [catalog.price(each) for each in found]
            for product_id, found in prices.items()
        },
        "discount": catalog.discount_terms(row.discount) if row.discount else None,
        "attached_custom_fields": attached_custom_fields(row.attached_custom_fields),
    }


def _trial(row: Checkout, part: str) -> Any:
    """The session's own trial, else the product's."""
    source = row if row.trial_interval else row.product
    return getattr(source, f"trial_{part}", None)


def _amounts(row: Checkout) -> dict[str, Any]:
    return {
        "amount": row.amount,
        "seats": row.seats,
        "min_seats": row.min_seats,
        "max_seats": row.max_seats,
        "units": row.units,
        "min_units": row.min_units,
        "max_units": row.max_units,
        "discount_amount": row.discount_amount,
        "net_amount": row.net_amount,
        "subtotal_amount": row.net_amount,
        "tax_amount": row.tax_amount,
        "tax_behavior": row.tax_behavior,
        "total_amount": row.total_amount,
        "currency": row.currency,
    }


def _buyer(row: Checkout) -> dict[str, Any]:
    return {
        "customer_id": str(row.customer_id) if row.customer_id else None,
        "is_business_customer": row.is_business_customer,
        "customer_name": row.customer_name,
        "customer_email": row.customer_email,
        "customer_ip_address": row.customer_ip_address,
        "customer_billing_name": row.customer_billing_name,
        "customer_billing_address": row.customer_billing_address,
        "customer_tax_id": row.customer_tax_id,
    }


def _address_fields(required: list[str]) -> dict[str, str]:
    """required, optional or disabled; the second line is optional where the first is asked."""
    fields = {field: "required" if field in required else "disabled" for field in ADDRESS_FIELDS}
    if "line1" in required:
        fields["line2"] = "optional"
    return fields
