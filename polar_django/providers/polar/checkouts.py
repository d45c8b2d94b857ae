"""Hosted checkouts, in Polar's own calls."""

from collections.abc import Mapping
from typing import Any

from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.reading import text
from polar_django.providers.requests import CheckoutRequest
from polar_django.snapshots import Answer

__all__ = ["PolarCheckouts", "checkout_body"]


class PolarCheckouts(PolarCalls):
    """Made, read, and given a discount."""

    def create_checkout(self, request: CheckoutRequest) -> Answer:
        body = checkout_body(request)
        return self._answer("checkouts", self.client.create("checkouts", body))

    def get_checkout(self, checkout_id: str) -> Answer:
        return self._get("checkouts", checkout_id)

    def apply_discount_code(self, checkout: Mapping[str, Any], code: str) -> Answer:
        """Only the buyer's own door takes a code; its answer leaves out what the seller may see."""
        self.client.update_as_buyer(text(checkout.get("client_secret")), {"discount_code": code})
        return self._get("checkouts", text(checkout.get("id")))


def checkout_body(request: CheckoutRequest) -> dict[str, Any]:
    """The body of `POST /v1/checkouts/`: what was asked for, and nothing that was left open."""
    body: dict[str, Any] = {
        "products": list(request.product_ids),
        "prices": {
            product: [_price(price) for price in prices]
            for product, prices in request.prices.items()
        }
        or None,
        "currency": request.currency or None,
        "customer_id": request.customer_id or None,
        "customer_email": request.customer_email or None,
        "customer_name": request.customer_name or None,
        "customer_ip_address": request.customer_ip_address or None,
        "customer_metadata": dict(request.customer_metadata) or None,
        "subscription_id": request.subscription_id or None,
        "success_url": request.success_url,
        "return_url": request.return_url or None,
        "embed_origin": request.embed_origin or None,
        "amount": request.amount,
        "seats": request.seats,
        "min_seats": request.min_seats,
        "max_seats": request.max_seats,
        "discount_id": request.discount_id or None,
        "trial_interval": request.trial_interval or None,
        "trial_interval_count": request.trial_interval_count,
        "custom_field_data": dict(request.custom_fields) or None,
        "locale": request.locale or None,
        "metadata": dict(request.metadata),
        # Said only where they differ from Polar's own defaults.
        "allow_discount_codes": None if request.allow_discount_codes else False,
        "allow_trial": None if request.allow_trial else False,
        "require_billing_address": request.require_billing_address or None,
        "is_business_customer": request.is_business_customer or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _price(price: Mapping[str, Any]) -> dict[str, Any]:
    """One ad-hoc price: Polar knows no `free` on input any more, and tiers instead of one price."""
    given = dict(price)
    if given["amount_type"] == "free":
        return {**given, "amount_type": "fixed", "price_amount": 0}
    if "price_per_seat" in given:
        tier = {
            "min_seats": 1,
            "max_seats": None,
            "price_per_seat": given.pop("price_per_seat"),
        }
        given["seat_tiers"] = {"seat_tier_type": "volume", "tiers": [tier]}
    return given
