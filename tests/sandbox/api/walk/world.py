"""What the walk through the official client needs: a shop and buyers, made when asked for."""

from functools import cached_property
from typing import Any

import httpx
from polar.v2026_10 import Polar

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import Seat, WebhookEvent
from polar_django.sandbox.seed import seed
from tests.sandbox_fixtures import CATALOGUE, FAILS_LATER, PAYS

MISSING = "11111111-1111-4111-8111-111111111111"
ADDRESS: Any = {"country": "NL"}
FILE = b"Once upon a time"
CALLS: Any = {
    "name": "Calls",
    "filter": {
        "conjunction": "and",
        "clauses": [{"property": "name", "operator": "eq", "value": "call"}],
    },
    "aggregation": {"func": "count"},
}


class World:
    """The sandbox at `url`, asked through the official client only, but for its clock and mails."""

    def __init__(self, url: str, client: type[Polar] = Polar) -> None:
        """`client` is `Polar` of one of the official package's versions."""
        self.url, self._client = url, client
        self.polar = client(get_settings().access_token, base_url=url, timeout=30)
        ids = seed(CATALOGUE)
        self.products, self.benefits = ids["products"], ids["benefits"]
        self._opened = [self.polar]
        self._people = 0

    def close(self) -> None:
        for each in self._opened:
            each._client._client.close()

    def advance(self, days: int) -> None:
        httpx.post(f"{self.url}/_control/clock", json={"advance_days": days}).raise_for_status()

    def mailed_token(self, kind: str) -> str:
        mails = httpx.get(f"{self.url}/_control/mails").json()
        return next(str(each["token"]) for each in mails if each["kind"] == kind)

    def as_customer(self, **who: Any) -> Polar:
        session = self.polar.customer_sessions.create(**who)
        opened = self._client(session.token, base_url=self.url, timeout=30)
        self._opened.append(opened)
        return opened

    def customer(self, **more: Any) -> Any:
        """Somebody new, with an external id."""
        self._people += 1
        name = f"user-{self._people}"
        return self.polar.customers.create(email=f"{name}@example.com", external_id=name, **more)

    def checkout(self, key: str = "ebook", **more: Any) -> Any:
        return self.polar.checkouts.create(products=[self.products[key]], **more)

    def buyer(self, key: str, *, card: str = PAYS, **more: Any) -> Any:
        """Somebody new who bought the product of that key."""
        return self.buyer_of(self.products[key], card=card, **more)

    def buyer_of(self, product_id: str, *, card: str = PAYS, **more: Any) -> Any:
        customer = self.customer()
        checkout = self.polar.checkouts.create(
            products=[product_id], customer_id=customer.id, **more
        )
        self.polar.checkouts.client_confirm(
            checkout.client_secret,
            confirmation_token_id=card,
            customer_name="Ada",
            customer_billing_address=ADDRESS,
        )
        return customer

    def subscription_of(self, customer: Any) -> Any:
        return self.polar.subscriptions.list(customer_id=customer.id).items[0]

    def order_of(self, customer: Any) -> Any:
        return self.polar.orders.list(customer_id=customer.id).items[0]

    def new_subscription(self, key: str = "pro-monthly") -> Any:
        return self.subscription_of(self.buyer(key))

    def new_order(self) -> Any:
        return self.order_of(self.buyer("ebook"))

    def product(self, *benefits: Any, amount: int = 500, interval: Any = None) -> Any:
        made = self.polar.products.create(
            name="Thing",
            recurring_interval=interval,
            prices=[{"amount_type": "fixed", "price_amount": amount, "price_currency": "usd"}],
        )
        if benefits:
            ids = [each.id for each in benefits]
            self.polar.products.update_benefits(made.id, benefits=ids)
        return made

    def benefit(self) -> Any:
        return self.polar.benefits.create(
            type="custom", description="Priority", properties={"note": "Hi"}
        )

    # One of each, shared by the steps that change nothing of it.

    @cached_property
    def ada(self) -> Any:
        return self.buyer("pro-monthly")

    @cached_property
    def portal(self) -> Polar:
        return self.as_customer(customer_id=self.ada.id)

    @cached_property
    def subscription(self) -> Any:
        return self.subscription_of(self.ada)

    @cached_property
    def order(self) -> Any:
        return self.order_of(self.ada)

    @cached_property
    def grant(self) -> Any:
        return self.polar.benefit_grants.list(customer_id=self.ada.id).items[0]

    @cached_property
    def team(self) -> Any:
        """A subscription with three seats, one of them its owner's."""
        return self.subscription_of(self.buyer("team", seats=3))

    @cached_property
    def team_portal(self) -> Polar:
        owner = self.polar.customers.members.list(self.team.customer_id).items[0]
        return self.as_customer(customer_id=self.team.customer_id, member_id=owner.id)

    def seat(self) -> Any:
        """A seat that waits to be claimed, in a team of its own."""
        team = self.subscription_of(self.buyer("team", seats=2))
        return self.polar.customer_seats.assign_seat(
            subscription_id=team.id, email="bob@example.com"
        )

    def invitation(self) -> str:
        return str(Seat.objects.get(pk=self.seat().id).invitation_token)

    @cached_property
    def key_benefit(self) -> Any:
        activations: Any = {"limit": 9, "enable_customer_admin": True}
        properties: Any = {"prefix": "ACME", "activations": activations, "limit_usage": 5}
        return self.polar.benefits.create(
            type="license_keys", description="A key", properties=properties
        )

    @cached_property
    def key(self) -> Any:
        """The license key of somebody who bought a thing that comes with one."""
        buyer = self.buyer_of(self.product(self.key_benefit).id)
        keys = self.polar.license_keys.list(benefit_id=self.key_benefit.id).items
        return next(key for key in keys if key.customer_id == buyer.id)

    @cached_property
    def key_portal(self) -> Polar:
        return self.as_customer(customer_id=self.key.customer_id)

    def named(self, key: Any) -> Any:
        """What programs know of their key."""
        return {"key": key.key, "organization_id": key.organization_id}

    def activation(self) -> Any:
        return self.polar.license_keys.activate(**self.named(self.key), label="laptop")

    @cached_property
    def meter(self) -> Any:
        return self.polar.meters.create(**CALLS)

    @cached_property
    def usage(self) -> Any:
        """The meter of somebody who made one call."""
        assert self.meter
        self.polar.events.ingest(events=[{"name": "call", "customer_id": self.ada.id}])
        return self.polar.customer_meters.list(customer_id=self.ada.id).items[0]

    @cached_property
    def event(self) -> Any:
        self.polar.events.ingest(events=[{"name": "call", "customer_id": self.ada.id}])
        return self.polar.events.list(source="user").items[0]

    def announced_file(self) -> Any:
        part: Any = {"number": 1, "chunk_start": 0, "chunk_end": len(FILE)}
        made = self.polar.files.create(
            name="book.txt",
            mime_type="text/plain",
            size=len(FILE),
            service="downloadable",
            upload={"parts": [part]},
        )
        httpx.put(made.upload.parts[0].url, content=FILE).raise_for_status()
        return made

    def complete(self, announced: Any) -> Any:
        upload = announced.upload
        part: Any = {"number": 1, "checksum_etag": "x", "checksum_sha256_base64": None}
        return self.polar.files.uploaded(announced.id, id=upload.id, path=upload.path, parts=[part])

    @cached_property
    def file(self) -> Any:
        return self.complete(self.announced_file())

    @cached_property
    def file_benefit(self) -> Any:
        return self.polar.benefits.create(
            type="downloadables", description="Book", properties={"files": [self.file.id]}
        )

    @cached_property
    def field(self) -> Any:
        return self.polar.custom_fields.create(type="text", slug="size", name="Size", properties={})

    @cached_property
    def discount(self) -> Any:
        return self.polar.discounts.create(
            type="percentage", name="Half", duration="once", basis_points=5_000
        )

    @cached_property
    def link(self) -> Any:
        return self.polar.checkout_links.create(
            payment_processor="stripe", products=[self.products["ebook"]]
        )

    @cached_property
    def endpoint(self) -> Any:
        return self.new_endpoint()

    def new_endpoint(self) -> Any:
        return self.polar.webhooks.create_webhook_endpoint(
            url="http://127.0.0.1:1/hook", format="raw", events=["customer.created"]
        )

    def sent_event(self) -> str:
        """The id of an event that an endpoint was told of."""
        self.new_endpoint()
        self.customer()
        return str(WebhookEvent.objects.latest("created_at").pk)

    def draft(self) -> Any:
        settings: Any = {"off_session_charges_enabled": True}
        organization = self.polar.organizations.list().items[0]
        self.polar.organizations.update(organization.id, feature_settings=settings)
        return self.polar.orders.create(customer_id=self.ada.id, product_id=self.products["ebook"])

    def allow_email_change(self) -> None:
        organization = self.polar.organizations.list().items[0]
        settings: Any = {
            "usage": {"show": True},
            "subscription": {"update_seats": True, "update_plan": True},
            "customer": {"allow_email_change": True},
        }
        self.polar.organizations.update(organization.id, customer_portal_settings=settings)

    def unpaid(self) -> tuple[Polar, Any]:
        """Somebody whose renewal failed: their portal, and the order that waits."""
        customer = self.buyer("pro-monthly", card=FAILS_LATER)
        self.advance(32)
        portal = self.as_customer(customer_id=customer.id)
        waiting = self.polar.orders.list(customer_id=customer.id, status="pending").items[0]
        return portal, waiting
