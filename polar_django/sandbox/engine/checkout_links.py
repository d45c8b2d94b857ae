"""Checkout links: an address that opens a new session for everybody who follows it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from polar_django.sandbox import clock, tokens
from polar_django.sandbox.engine import checkouts, rows
from polar_django.sandbox.engine.embed_hosts import check_embed_origin
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import InvalidRequest, ResourceNotFound, invalid
from polar_django.sandbox.models import Checkout, CheckoutLink, Discount, Price, Product
from polar_django.sandbox.pricing import MAXIMUM_CHARGE

__all__ = [
    "create_checkout_link",
    "delete_checkout_link",
    "follow_checkout_link",
    "update_checkout_link",
]

FIELDS = (
    "label",
    "allow_discount_codes",
    "require_billing_address",
    "seats",
    "units",
    "trial_interval",
    "trial_interval_count",
    "success_url",
    "return_url",
)
# Of an address's query, what goes into the metadata of the session.
REFERENCES = (
    "reference_id",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
)
# No amount that a price allows has more; Python refuses to read thousands.
MOST_DIGITS = len(str(MAXIMUM_CHARGE))


def create_checkout_link(data: Mapping[str, Any], *, base_url: str = "") -> CheckoutLink:
    """`data` as CheckoutLinkCreate (products, or one product_id or product_price_id).

    Raises InvalidRequest. Sends nothing.
    """
    products = _read_products(data)
    discount = _read_discount(data)
    with business_transaction():
        return rows.create(
            CheckoutLink,
            client_secret=tokens.make_token(tokens.CHECKOUT_LINK),
            product_ids=products,
            discount=discount,
            metadata=dict(data.get("metadata") or {}),
            base_url=base_url.rstrip("/"),
            **_values(data),
        )


def update_checkout_link(link: CheckoutLink, data: Mapping[str, Any]) -> CheckoutLink:
    """Change what `data` names. Raises InvalidRequest. Sends nothing."""
    values = _values(data)
    if data.get("products") is not None:
        values["product_ids"] = _read_products(data)
    if "discount_id" in data:
        values["discount"] = _read_discount(data)
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    with business_transaction():
        return rows.change(link, **values)


def delete_checkout_link(link: CheckoutLink) -> None:
    """The address leads nowhere from now on."""
    with business_transaction():
        rows.change(link, deleted_at=clock.tick())


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: data[name] for name in FIELDS if name in data}
    for name in ("allow_discount_codes", "require_billing_address"):
        if name in found and found[name] is None:
            del found[name]
    return found


def _read_products(data: Mapping[str, Any]) -> list[str]:
    ids: Sequence[UUID]
    field = "products"
    if data.get("product_price_id") is not None:
        price = Price.objects.filter(pk=data["product_price_id"]).first()
        if price is None:
            value = str(data["product_price_id"])
            raise invalid("Price does not exist.", "product_price_id", value=value)
        ids = [price.product_id]
    elif data.get("product_id") is not None:
        field, ids = "product_id", [data["product_id"]]
    else:
        ids = data["products"]
    sold = Product.objects.filter(pk__in=ids, deleted_at=None, is_archived=False)
    known = set(sold.values_list("pk", flat=True))
    for index, product_id in enumerate(ids):
        if product_id not in known:
            loc = (field, index) if field == "products" else (field,)
            raise invalid("Product does not exist.", *loc, value=str(product_id))
    return [str(each) for each in ids]


def _read_discount(data: Mapping[str, Any]) -> Discount | None:
    discount_id = data.get("discount_id")
    if discount_id is None:
        return None
    found = Discount.objects.filter(pk=discount_id, deleted_at=None).first()
    if found is None:
        raise invalid("Discount does not exist.", "discount_id", value=str(discount_id))
    return found


def follow_checkout_link(
    client_secret: str, query: Mapping[str, str], *, base_url: str = ""
) -> Checkout:
    """The session of somebody who followed the link. Sends checkout.created.

    `query` may name product_id, amount, customer_email, customer_name, discount_code, locale,
    custom_field_data.<slug>, reference_id, utm_…, embed_origin; what does not fit is left out.
    Raises ResourceNotFound where there is no such link, or nothing left of what it sold, and
    EmbedHostNotAllowed for the frame of a site that the organization does not list.
    """
    link = CheckoutLink.objects.filter(client_secret=client_secret, deleted_at=None).first()
    if link is None:
        raise ResourceNotFound
    sold = Product.objects.filter(pk__in=link.product_ids, deleted_at=None, is_archived=False)
    known = {str(product.pk): product.pk for product in sold}
    products = [known[each] for each in link.product_ids if each in known]
    if not products:
        raise ResourceNotFound
    if query.get("embed_origin"):
        check_embed_origin(query["embed_origin"])
    references = {name: query[name] for name in REFERENCES if query.get(name)}
    wishes = {name: query[name] for name in ("customer_name", "embed_origin") if query.get(name)}
    data: dict[str, Any] = {
        "products": products,
        "metadata": {**references, **link.metadata},
        **{name: getattr(link, name) for name in FIELDS if name != "label"},
        **wishes,
    }
    if "@" in query.get("customer_email", ""):
        data["customer_email"] = query["customer_email"]
    with business_transaction():
        checkout = _open(data, link, base_url=base_url)
        for wish in _wishes(checkout, query):
            _try(checkout, wish)
        return checkout


def _open(data: Mapping[str, Any], link: CheckoutLink, *, base_url: str) -> Checkout:
    """With the link's discount; without it where that cannot be used any more."""
    if link.discount_id is None:
        return checkouts.create_checkout(data, base_url=base_url)
    with_discount = {**data, "discount_id": link.discount_id}
    try:
        return checkouts.create_checkout(with_discount, base_url=base_url)
    except InvalidRequest:
        return checkouts.create_checkout(data, base_url=base_url)


def _wishes(checkout: Checkout, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the address asks for beyond the link itself, one change each."""
    found: list[dict[str, Any]] = []
    offered = {str(each) for each in checkout.products.values_list("pk", flat=True)}
    if query.get("product_id") in offered:
        found.append({"product_id": UUID(query["product_id"])})
    amount = query.get("amount", "")
    if amount.isdecimal() and len(amount) <= MOST_DIGITS:
        found.append({"amount": int(amount)})
    if query.get("discount_code"):
        found.append({"discount_code": query["discount_code"]})
    prefix = "custom_field_data."
    answers = {
        name.removeprefix(prefix): value for name, value in query.items() if name.startswith(prefix)
    }
    if answers:
        found.append({"custom_field_data": answers})
    return found


def _try(checkout: Checkout, wish: Mapping[str, Any]) -> None:
    try:
        checkouts.update_checkout_by_buyer(checkout, wish)
    except InvalidRequest:
        checkout.refresh_from_db()
