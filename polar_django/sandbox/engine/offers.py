"""What a checkout session offers: products in order, their prices, one currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects

from polar_django.sandbox.engine import prices
from polar_django.sandbox.errors import InvalidRequest, invalid
from polar_django.sandbox.models import Checkout, CheckoutProduct, Price, Product
from polar_django.sandbox.shapes.catalog import catalog_prices
from polar_django.sandbox.shapes.checkouts import offered_prices
from polar_django.sandbox.shapes.relations import related

__all__ = [
    "Offer",
    "check_currency",
    "chosen_prices",
    "find_offered",
    "find_offered_by_price",
    "keep_offer",
    "make_offer",
    "read_offer",
]

DEFAULT_CURRENCY = "usd"
OFFER = (
    "checkout_products__ad_hoc_prices__meter",
    "checkout_products__product__prices__meter",
    "checkout_products__product__product_benefits__benefit",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """`ad_hoc` holds price objects of the request, by product; `fixed_price` is the legacy form."""

    products: Sequence[Product]
    currency: str
    ad_hoc: Mapping[UUID, Sequence[Mapping[str, Any]]]
    fixed_price: Price | None = None


def read_offer(data: Mapping[str, Any]) -> Offer:
    """What `data` (CheckoutCreate) offers. Raises InvalidRequest with the index of the product."""
    if data.get("product_price_id") is not None:
        return _of_price(data["product_price_id"])
    field = "products" if data.get("products") else "product_id"
    ids: list[UUID] = list(data["products"]) if data.get("products") else [data["product_id"]]
    known = {each.id: each for each in Product.objects.filter(pk__in=ids, deleted_at=None)}
    errors: list[dict[str, Any]] = []
    products: list[Product] = []
    for index, product_id in enumerate(ids):
        loc: tuple[str | int, ...] = (field, index) if field == "products" else (field,)
        product = known.get(product_id)
        if problem := _problem(product):
            errors += invalid(problem, *loc, value=str(product_id)).errors
        elif product is not None:
            products.append(product)
    if errors:
        raise InvalidRequest(errors)
    ad_hoc = _read_ad_hoc(data.get("prices") or {}, products)
    currency = _currency(data.get("currency"), products, ad_hoc)
    return Offer(products, currency, ad_hoc)


def _of_price(price_id: UUID) -> Offer:
    price = Price.objects.filter(pk=price_id).select_related("product").first()
    if price is None or _problem(price.product):
        raise invalid("Price does not exist.", "product_price_id", value=str(price_id))
    return Offer([price.product], price.price_currency, {}, fixed_price=price)


def _problem(product: Product | None) -> str:
    if product is None:
        return "Product does not exist."
    if product.is_archived:
        return "Product is archived."
    if product.visibility == "draft":
        return "Product is a draft."
    return ""


def _read_ad_hoc(
    given: Mapping[Any, Sequence[Mapping[str, Any]]], products: Sequence[Product]
) -> dict[UUID, Sequence[Mapping[str, Any]]]:
    by_id = {product.id: product for product in products}
    found: dict[UUID, Sequence[Mapping[str, Any]]] = {}
    for key, price_objects in given.items():
        product = by_id.get(UUID(str(key)))
        if product is None:
            message = "Product is not set on that checkout."
            raise invalid(message, "prices", str(key), value=str(key))
        prices.check_prices(
            price_objects,
            is_recurring=product.is_recurring,
            loc=("prices", str(key)),
            needs_default_currency=False,
        )
        found[product.id] = price_objects
    return found


def _currency(
    asked: str | None,
    products: Sequence[Product],
    ad_hoc: Mapping[UUID, Sequence[Mapping[str, Any]]],
) -> str:
    def currencies(product: Product) -> list[str]:
        own = ad_hoc.get(product.id)
        if own:
            return [str(each.get("price_currency") or DEFAULT_CURRENCY).lower() for each in own]
        return [price.price_currency for price in catalog_prices(product)]

    wanted = (asked or DEFAULT_CURRENCY).lower()
    for index, product in enumerate(products):
        available = currencies(product)
        if wanted in available:
            continue
        if asked is None and index == 0 and available:
            wanted = available[0]
            continue
        message = "Product is not available in the specified currency."
        raise invalid(message, "products", index, value=str(product.id))
    return wanted


def make_offer(checkout: Checkout, offer: Offer) -> None:
    """Store it. One query per product, more for ad-hoc prices."""
    for index, product in enumerate(offer.products):
        link = CheckoutProduct.objects.create(checkout=checkout, product=product, order=index)
        own = [
            prices.create_price(product, each, source="ad_hoc")
            for each in offer.ad_hoc.get(product.id, ())
        ]
        if offer.fixed_price is not None:
            own.append(offer.fixed_price)
        link.ad_hoc_prices.set(own)


def find_offered(checkout: Checkout, product_id: UUID) -> Product:
    """One of the offered products. Raises InvalidRequest."""
    link = checkout.checkout_products.filter(product_id=product_id).select_related("product")
    found = link.first()
    if found is None:
        message = "Product is not available in this checkout."
        raise invalid(message, "product_id", value=str(product_id))
    return found.product


def find_offered_by_price(checkout: Checkout, price_id: UUID) -> Product:
    """The offered product that has this price, the old way to name it. Raises InvalidRequest."""
    for link in checkout.checkout_products.select_related("product").order_by("order"):
        if any(price.id == price_id for price in offered_prices(link, checkout.currency)):
            return link.product
    message = "Price is not available in this checkout."
    raise invalid(message, "product_price_id", value=str(price_id))


def check_currency(checkout: Checkout, product: Product, currency: str) -> None:
    """Raises InvalidRequest unless `product` is sold in this currency (three small letters)."""
    link = checkout.checkout_products.select_related("product").get(product=product)
    if not offered_prices(link, currency):
        message = "Product is not available in the specified currency."
        raise invalid(message, "currency", value=currency)


def chosen_prices(checkout: Checkout) -> list[Price]:
    """The prices of the chosen product in the session's currency. Three queries, none of an offer
    that is kept."""
    if checkout.product_id is None:
        return []
    for link in related(checkout, "checkout_products", "product"):
        if link.product_id == checkout.product_id:
            return offered_prices(link, checkout.currency)
    return []


def keep_offer(checkout: Checkout) -> None:
    """Read once what is offered: it is asked for at every turn of a purchase. Six queries.

    For a transaction, in which nobody else changes the catalogue.
    """
    prefetch_related_objects([checkout], *OFFER)
