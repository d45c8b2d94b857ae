"""Checkout links as JSON."""

from typing import Any

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import ORGANIZATION_ID, CheckoutLink, Product
from polar_django.sandbox.shapes import catalog
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["checkout_link"]


def checkout_link(row: CheckoutLink) -> dict[str, Any]:
    """CheckoutLink, with its products and the hidden legacy keys. One query, four per product."""
    known = {str(each.pk): each for each in Product.objects.filter(pk__in=row.product_ids)}
    products = [known[each] for each in row.product_ids if each in known]
    shown = [{**catalog.public_product(each), "metadata": each.metadata} for each in products]
    price = next(iter(shown[0]["prices"]), None) if shown else None
    base_url = row.base_url or get_settings().base_url.rstrip("/")
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "trial_interval": row.trial_interval,
        "trial_interval_count": row.trial_interval_count,
        "metadata": row.metadata,
        "payment_processor": "stripe",
        "client_secret": row.client_secret,
        "success_url": row.success_url,
        "return_url": row.return_url,
        "label": row.label,
        "allow_discount_codes": row.allow_discount_codes,
        "require_billing_address": row.require_billing_address,
        "discount_id": str(row.discount_id) if row.discount_id else None,
        "seats": row.seats,
        "units": row.units,
        "organization_id": str(ORGANIZATION_ID),
        "products": shown,
        "discount": catalog.discount_base(row.discount) if row.discount else None,
        "product_id": shown[0]["id"] if shown else None,
        "product_price_id": price["id"] if price else None,
        "product": shown[0] if shown else None,
        "product_price": price,
        "url": f"{base_url}/v1/checkout-links/{row.client_secret}/redirect",
    }
