"""One object of the API → what was observed: itself, whole, and the copies embedded in it.

Polar sends the same shape in a delivery, an answer and a list. `PARSERS` is keyed by the kinds of
`list_objects`, which are the API's own names of its collections.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from polar_django.providers.polar import catalog, customers, license_keys, orders, subscriptions
from polar_django.providers.polar.reading import Json, identifier, objects
from polar_django.snapshots import MeterSnapshot, ObjectSnapshot, Observation

Parser = Callable[[Json], tuple[Observation, ...]]


def parse_product(data: Json) -> tuple[Observation, ...]:
    """The product and its current prices, whole; its benefits and meters as copies."""
    product = catalog.product(data)
    prices = [
        Observation(snapshot=catalog.price(item, product.id), embedded=tuple(_meters(item)))
        for item in objects(data.get("prices"))
    ]
    benefits = tuple(map(catalog.benefit, objects(data.get("benefits"))))
    return Observation(snapshot=product, embedded=benefits), *prices


def parse_benefit(data: Json) -> tuple[Observation, ...]:
    return (Observation(snapshot=catalog.benefit(data)),)


def parse_meter(data: Json) -> tuple[Observation, ...]:
    return (Observation(snapshot=catalog.meter(data)),)


def parse_discount(data: Json) -> tuple[Observation, ...]:
    return (Observation(snapshot=catalog.discount(data)),)


def parse_customer(data: Json) -> tuple[Observation, ...]:
    return (Observation(snapshot=customers.customer(data)),)


def parse_member(data: Json) -> tuple[Observation, ...]:
    return (Observation(snapshot=customers.member(data)),)


def parse_customer_meter(data: Json) -> tuple[Observation, ...]:
    return _with_copies(
        customers.customer_meter(data), _one(data, "customer", customers.customer), _meters(data)
    )


def parse_checkout(data: Json) -> tuple[Observation, ...]:
    return _with_copies(
        orders.checkout(data), _products(data), _one(data, "discount", catalog.discount)
    )


def parse_subscription(data: Json) -> tuple[Observation, ...]:
    """With copies of customer, product, discount, its own prices (the product may list others by
    now) and the meters it counts."""
    return _with_copies(
        subscriptions.subscription(data),
        _one(data, "customer", customers.customer),
        _products(data),
        # One, until there could be several.
        _prices(data.get("prices", [data.get("price")]), identifier(data.get("product_id"))),
        _one(data, "discount", catalog.discount),
        (copy for item in objects(data.get("meters")) for copy in _meters(item)),
    )


def parse_seat(data: Json) -> tuple[Observation, ...]:
    return _with_copies(subscriptions.seat(data), _one(data, "member", customers.member))


def parse_benefit_grant(data: Json) -> tuple[Observation, ...]:
    return _with_copies(
        subscriptions.benefit_grant(data),
        _one(data, "customer", customers.customer),
        _one(data, "member", customers.member),
        _one(data, "benefit", catalog.benefit),
    )


def parse_license_key(data: Json) -> tuple[Observation, ...]:
    return _with_copies(license_keys.license_key(data), _one(data, "customer", customers.customer))


def parse_order(data: Json) -> tuple[Observation, ...]:
    return _with_copies(
        orders.order(data),
        _one(data, "customer", customers.customer),
        _products(data),
        _one(data, "discount", catalog.discount),
        _one(data, "subscription", subscriptions.subscription),
    )


def parse_refund(data: Json) -> tuple[Observation, ...]:
    return (Observation(snapshot=orders.refund(data)),)


PARSERS: Mapping[str, Parser] = {
    "benefit_grants": parse_benefit_grant,
    "benefits": parse_benefit,
    "checkouts": parse_checkout,
    "customer_meters": parse_customer_meter,
    "customer_seats": parse_seat,
    "customers": parse_customer,
    "discounts": parse_discount,
    "license_keys": parse_license_key,
    "members": parse_member,
    "meters": parse_meter,
    "orders": parse_order,
    "products": parse_product,
    "refunds": parse_refund,
    "subscriptions": parse_subscription,
}


def _with_copies(
    snapshot: ObjectSnapshot, *copies: Iterator[ObjectSnapshot]
) -> tuple[Observation, ...]:
    found = tuple(copy for some in copies for copy in some)
    return (Observation(snapshot=snapshot, embedded=found),)


def _one(
    data: Json, name: str, snapshot_of: Callable[[Any], ObjectSnapshot]
) -> Iterator[ObjectSnapshot]:
    """The embedded object of that name, where there is one with an id."""
    for item in objects([data.get(name)]):
        yield snapshot_of(item)


def _products(data: Json) -> Iterator[ObjectSnapshot]:
    """The chosen product, with its prices and benefits where they are there."""
    for item in objects([data.get("product")]):
        yield catalog.product(item)
        yield from _prices(item.get("prices"), item["id"])
        yield from map(catalog.benefit, objects(item.get("benefits")))


def _prices(listed: Any, product_id: str | None = None) -> Iterator[ObjectSnapshot]:
    for item in objects(listed):
        yield catalog.price(item, product_id)
        yield from _meters(item)


def _meters(data: Json) -> Iterator[MeterSnapshot]:
    for item in objects([data.get("meter")]):
        yield catalog.meter(item)
