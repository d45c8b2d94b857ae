"""Polar's REST API: endpoints in, JSON out. Nothing here knows snapshots.

Collections end in a slash, objects do not; the other spelling is a redirect, and an error here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from polar_django.exceptions import NotSupported, ProviderUnavailable
from polar_django.providers.addresses import QueryValue
from polar_django.providers.transport import Reply, Transport

PAGE_SIZE = 100


class Collection(NamedTuple):
    """Where a list is, and how it is walked so that new objects come last.

    Without `sorting` the provider's own order is all there is; `is_paged` is not where one answer
    holds everything.
    """

    route: str
    sorting: str | None = "created_at"
    items: str = "items"
    is_paged: bool = True


COLLECTIONS: Mapping[str, Collection] = {
    "benefit_grants": Collection("/v1/benefit-grants/"),
    "benefits": Collection("/v1/benefits/"),
    "checkout_links": Collection("/v1/checkout-links/"),
    "checkouts": Collection("/v1/checkouts/"),
    "customer_meters": Collection("/v1/customer-meters/"),
    # Of one subscription or order, which must be named; all at once, without pages.
    "customer_seats": Collection("/v1/customer-seats", None, "seats", is_paged=False),
    "customers": Collection("/v1/customers/"),
    "discounts": Collection("/v1/discounts/"),
    # Takes no order, and is sorted by creation.
    "license_keys": Collection("/v1/license-keys/", None),
    "members": Collection("/v1/members/"),
    "meters": Collection("/v1/meters/"),
    "orders": Collection("/v1/orders/"),
    "products": Collection("/v1/products/"),
    "refunds": Collection("/v1/refunds/"),
    # Cannot be sorted by creation; `started_at` is set then, and never changes to an earlier one.
    "subscriptions": Collection("/v1/subscriptions/", "started_at"),
}


@dataclass(frozen=True, slots=True)
class PolarClient:
    """One call a method, and a page for `pages`. Raises as `Transport.request`."""

    transport: Transport

    def get(self, kind: str, object_id: str) -> Reply:
        """One object of a collection, by its id."""
        return self.transport.request("GET", _route_of(kind), path={"id": object_id})

    def create(self, kind: str, body: Mapping[str, Any]) -> Reply:
        return self.transport.request("POST", _collection(kind).route, body=body)

    def update(self, kind: str, object_id: str, body: Mapping[str, Any]) -> Reply:
        return self.transport.request("PATCH", _route_of(kind), path={"id": object_id}, body=body)

    def delete(self, kind: str, object_id: str) -> Reply:
        return self.transport.request("DELETE", _route_of(kind), path={"id": object_id})

    def delete_customer(self, customer_id: str, *, anonymize: bool) -> Reply:
        query: dict[str, QueryValue] = {"anonymize": True} if anonymize else {}
        return self.transport.request(
            "DELETE", "/v1/customers/{id}", path={"id": customer_id}, query=query
        )

    def customer_by_external_id(self, external_id: str) -> Reply:
        return self.transport.request(
            "GET", "/v1/customers/external/{external_id}", path={"external_id": external_id}
        )

    def customer_state(self, customer_id: str) -> Reply:
        """What the server last computed, which may be an hour old."""
        return self.transport.request("GET", "/v1/customers/{id}/state", path={"id": customer_id})

    def update_as_buyer(self, client_secret: str, body: Mapping[str, Any]) -> Reply:
        """Change an open checkout as its pay page does."""
        return self.transport.request(
            "PATCH", "/v1/checkouts/client/{secret}", path={"secret": client_secret}, body=body
        )

    def create_customer_session(self, body: Mapping[str, Any]) -> Reply:
        return self.transport.request("POST", "/v1/customer-sessions/", body=body)

    def invoice(self, order_id: str) -> Reply:
        return self.transport.request("GET", "/v1/orders/{id}/invoice", path={"id": order_id})

    def generate_invoice(self, order_id: str) -> Reply:
        """Asked for; it is made within seconds."""
        return self.transport.request("POST", "/v1/orders/{id}/invoice", path={"id": order_id})

    def receipt(self, order_id: str) -> Reply:
        return self.transport.request("GET", "/v1/orders/{id}/receipt", path={"id": order_id})

    def preview_change(self, subscription_id: str, body: Mapping[str, Any]) -> Reply:
        return self.transport.request(
            "POST",
            "/v1/subscriptions/{id}/change-preview",
            path={"id": subscription_id},
            body=body,
        )

    def ingest_events(self, events: Sequence[Mapping[str, Any]]) -> Reply:
        return self.transport.request("POST", "/v1/events/ingest", body={"events": list(events)})

    def organizations(self) -> Reply:
        """Those the token sees; an organization's own token sees one."""
        return self.transport.request("GET", "/v1/organizations/", query={"limit": 2})

    def ask_of_license_key(self, what: str, body: Mapping[str, Any]) -> Reply:
        """`what` is "validate", "activate" or "deactivate"; the body names the key."""
        return self.transport.request("POST", f"/v1/license-keys/{what}", body=body)

    def rotate_license_key(self, key_id: str) -> Reply:
        return self.transport.request("POST", "/v1/license-keys/{id}/rotate", path={"id": key_id})

    def resend_seat(self, seat_id: str) -> Reply:
        return self.transport.request(
            "POST", "/v1/customer-seats/{id}/resend", path={"id": seat_id}
        )

    def seat_invitation(self, token: str) -> Reply:
        return self.transport.request(
            "GET", "/v1/customer-seats/claim/{token}", path={"token": token}
        )

    def claim_seat(self, token: str) -> Reply:
        return self.transport.request(
            "POST", "/v1/customer-seats/claim", body={"invitation_token": token}
        )

    def page(self, kind: str, **query: QueryValue) -> Reply:
        """One page, as asked for."""
        return self.transport.request("GET", _collection(kind).route, query=query)

    def pages(
        self, kind: str, *, start_page: int = 1, **filters: QueryValue
    ) -> Iterator[tuple[Reply, list[Any]]]:
        """All pages of a list with their items; empty ones but the first are left out.

        Oldest first, unless `sorting=` says else. Raises ProviderUnavailable where the answer is no
        list, or the same page comes again.
        """
        sorting, items_name, is_paged = _collection(kind)[1:]
        number, before = start_page, None
        while True:
            query: dict[str, QueryValue] = {} if sorting is None else {"sorting": sorting}
            query |= filters
            if is_paged:
                query |= {"page": number, "limit": PAGE_SIZE}
            reply = self.page(kind, **query)
            items = _items_in(reply, kind, items_name)
            if items and items == before:
                raise ProviderUnavailable(f"The list of {kind} repeats its page {number}.")
            if items or number == 1:
                yield reply, items
            if not items or not is_paged or number >= _last_page(reply):
                return
            number, before = number + 1, items


def _collection(kind: str) -> Collection:
    try:
        return COLLECTIONS[kind]
    except KeyError:
        raise NotSupported(
            f"Polar has no list of {kind!r} (it has: {', '.join(COLLECTIONS)})."
        ) from None


def _route_of(kind: str) -> str:
    return f"{_collection(kind).route.rstrip('/')}/{{id}}"


def _items_in(reply: Reply, kind: str, name: str) -> list[Any]:
    items = reply.data.get(name) if isinstance(reply.data, dict) else None
    if not isinstance(items, list):
        raise ProviderUnavailable(f"The list of {kind} was answered with something else.")
    return items


def _last_page(reply: Reply) -> int:
    """The number of the last page; without one, the walk ends at the first empty page."""
    pagination = reply.data.get("pagination")
    last = pagination.get("max_page") if isinstance(pagination, dict) else None
    return last if isinstance(last, int) else 1_000_000
