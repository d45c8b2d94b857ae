"""Polar's discounts and checkout links."""

from collections.abc import Iterator, Mapping
from typing import Any

from polar_django.exceptions import MalformedPayload, ProviderUnavailable
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.reading import (
    Json,
    count,
    flag,
    identifier,
    mapping,
    moment,
    objects,
    required_id,
    text,
)
from polar_django.providers.storefront import (
    CheckoutLink,
    DiscountRequest,
    LinkRequest,
    Storefront,
)
from polar_django.snapshots import Answer

__all__ = ["PolarSelling"]


class PolarStorefront(Storefront):
    """`owner` names the organization where the token is not its own."""

    def __init__(self, calls: PolarCalls, owner: Mapping[str, str]) -> None:
        self._calls = calls
        self._owner = owner

    def create_discount(self, request: DiscountRequest) -> Answer:
        body: dict[str, Any] = {
            "name": request.name,
            "type": "percentage" if request.basis_points is not None else "fixed",
            "basis_points": request.basis_points,
            "amount": request.amount,
            "currency": request.currency or None,
            "duration": request.duration,
            "duration_in_months": request.months,
            "code": request.code or None,
            "products": list(request.product_ids) or None,
            "starts_at": request.starts_at and request.starts_at.isoformat(),
            "ends_at": request.ends_at and request.ends_at.isoformat(),
            "max_redemptions": request.max_redemptions,
            "max_redemptions_per_customer": request.max_redemptions_per_customer,
            "metadata": dict(request.metadata),
            **self._owner,
        }
        reply = self._calls.client.create("discounts", _given(body))
        return self._calls.read_reply("discounts", reply, [object_in(reply)])

    def delete_discount(self, discount_id: str) -> None:
        self._calls.client.delete("discounts", discount_id)

    def create_link(self, request: LinkRequest) -> CheckoutLink:
        body: dict[str, Any] = {
            "payment_processor": "stripe",  # the one there is, and to be named
            "products": list(request.product_ids),
            "label": request.label or None,
            "discount_id": request.discount_id or None,
            "allow_discount_codes": request.allow_discount_codes,
            "require_billing_address": request.require_billing_address,
            "seats": request.seats,
            "success_url": request.success_url or None,
            "return_url": request.return_url or None,
            "metadata": dict(request.metadata),
        }
        return _link(object_in(self._calls.client.create("checkout_links", _given(body))))

    def links(self) -> Iterator[CheckoutLink]:
        for _, items in self._calls.client.pages("checkout_links"):
            yield from map(_link, objects(items))

    def delete_link(self, link_id: str) -> None:
        self._calls.client.delete("checkout_links", link_id)


class PolarSelling(PolarCalls):
    """The way to them."""

    def storefront(self) -> Storefront:
        organization = self._settings.organization_id
        return PolarStorefront(self, {"organization_id": organization} if organization else {})


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _link(data: Json) -> CheckoutLink:
    try:
        key = required_id(data)
    except MalformedPayload as error:
        raise ProviderUnavailable("A checkout link has no id.") from error
    return CheckoutLink(
        id=key,
        url=text(data.get("url"), 100_000),
        label=text(data.get("label")),
        product_ids=tuple(item["id"] for item in objects(data.get("products"))),
        discount_id=identifier(data.get("discount_id")),
        allow_discount_codes=flag(data.get("allow_discount_codes"), True),
        seats=count(data.get("seats")),
        success_url=text(data.get("success_url"), 100_000),
        created_at=moment(data.get("created_at")),
        metadata=mapping(data.get("metadata")),
    )
