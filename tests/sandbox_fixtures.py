"""The fixture `sandbox`: our own Polar, in the same process and thread as the test.

No socket is opened. The app's HTTP client reaches the sandbox through WSGI, and the sandbox's
deliveries reach the app's webhook view the same way; both are the real code, signatures included.
Nothing happens behind a test's back: deliveries go out when it calls `deliver()`.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.providers.transport import mounted
from polar_django.sandbox import delivery
from polar_django.sandbox.api import door
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import Checkout, WebhookEvent
from polar_django.sandbox.seed import seed
from polar_django.webhooks import processing
from tests.sandbox.polars_schema import Judge

BASE_URL = "http://testserver/sandbox"

PAYS = "4242 4242 4242 4242"
DECLINES = "4000 0000 0000 0002"
FAILS_LATER = "4000 0000 0000 0341"

CATALOGUE: dict[str, dict[str, dict[str, Any]]] = {
    "benefits": {
        "pro": {"description": "Everything in Pro"},
        "export": {"description": "Export to every format"},
    },
    "products": {
        "pro-monthly": {
            "name": "Pro, monthly",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 1_000}],
            "benefits": ["pro", "export"],
        },
        "pro-yearly": {
            "name": "Pro, yearly",
            "recurring_interval": "year",
            "prices": [{"amount_type": "fixed", "price_amount": 10_000}],
            "benefits": ["pro", "export"],
        },
        "team": {
            "name": "Team",
            "recurring_interval": "month",
            "prices": [
                {
                    "amount_type": "seat_based",
                    "seat_tiers": {
                        "seat_tier_type": "volume",
                        "tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 1_500}],
                    },
                }
            ],
            "benefits": ["pro", "export"],
        },
        "ebook": {
            "name": "Ebook",
            "prices": [{"amount_type": "fixed", "price_amount": 1_500}],
            "benefits": ["export"],
        },
    },
}


class NotPaid(Exception):
    """The sandbox refused the payment. `status` and `body` are its answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.body = answer.json()
        super().__init__(f"{self.status} {self.body}")


class SandboxInTests:
    """What a test can do with the sandbox.

    `product_ids` and `benefit_ids` are by key; `api` is an HTTP client with the access token:
    `sandbox.api.get("/v1/products/")`. Amounts are cents.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self.transport = transport
        self.api = httpx.Client(
            base_url=BASE_URL,
            transport=transport,
            headers={"Authorization": f"Bearer {get_settings().access_token}"},
        )
        self.benefit_ids: dict[str, str] = {}
        self.product_ids: dict[str, str] = {}

    def seed(self) -> None:
        """Make the catalogue of this module."""
        ids = seed(CATALOGUE)
        self.benefit_ids, self.product_ids = ids["benefits"], ids["products"]

    def app_provider(self) -> Provider:
        """The app's own way to speak to the sandbox."""
        return get_provider("polar")

    def confirm(self, checkout: str, **body: Any) -> httpx.Response:
        """Confirm as the pay page does. `checkout` is its address, its secret or its id."""
        row = _find_checkout(checkout)
        return self.api.post(f"/v1/checkouts/client/{row.client_secret}/confirm", json=body)

    def pay(self, checkout: str, card: str = PAYS, *, country: str = "NL", **body: Any) -> Any:
        """Pay a checkout like a buyer; the confirmed session as JSON. Raises NotPaid.

        A buyer whom the session does not know gives an address of their own. Nothing is
        delivered yet: `deliver()` does that.
        """
        row = _find_checkout(checkout)
        if row.customer_id is None and not row.customer_email:
            body.setdefault("customer_email", "buyer@example.com")
        answer = self.confirm(
            checkout,
            **{
                "confirmation_token_id": card,
                "customer_name": "A Buyer",
                "customer_billing_address": {"country": country},
                **body,
            },
        )
        if answer.status_code != 200:
            raise NotPaid(answer)
        return answer.json()

    def buy(self, key: str, *, card: str = PAYS, **body: Any) -> Any:
        """A whole purchase through the API: checkout for a product key, then pay."""
        created = self.api.post(
            "/v1/checkouts/", json={"products": [self.product_ids[key]], **body}
        )
        assert created.status_code == 201, created.text
        return self.pay(created.json()["id"], card)

    def deliver(self, *, process: bool = True) -> delivery.Counts:
        """Send every delivery that is due, and let the app write what it stored into the mirror.

        Signals and handlers wait in the outbox, as they do when a worker has only drained.
        """
        counts = delivery.flush()
        while process and processing.drain().claimed:
            pass
        return counts

    def advance(self, *, days: float = 0, to: str = "", deliver: bool = True) -> Any:
        """Move the sandbox's clock: what falls due on the way happens. `to` is an ISO time."""
        answer = self.api.post("/_control/clock", json={"to": to} if to else {"advance_days": days})
        assert answer.status_code == 200, answer.text
        if deliver:
            self.deliver()
        return answer.json()

    def chaos(self, **switches: Any) -> None:
        """Break things on purpose: duplicate, drop (shares), reorder, legacy_signature."""
        answer = self.api.post("/_control/chaos", json=switches)
        assert answer.status_code == 200, answer.text

    def deliveries(self, limit: int = 100) -> list[dict[str, Any]]:
        """The delivery log, newest first."""
        answer = self.api.get("/_control/deliveries", params={"limit": limit})
        assert answer.status_code == 200, answer.text
        return list(answer.json())


def _find_checkout(text: str) -> Checkout:
    name = urlsplit(text).path.rstrip("/").rsplit("/", 1)[-1]
    field = "client_secret" if name.startswith("polar_c_") else "pk"
    return Checkout.objects.get(**{field: name})


@pytest.fixture
def polars_schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[Judge]:
    """Whatever the sandbox answers or sends during the test has to fit Polar's own OpenAPI."""
    judge = Judge()
    answer_in_version = door._answer_in_version

    def listen(request: HttpRequest, rest: str) -> HttpResponseBase:
        answered = answer_in_version(request, rest)
        content = b"" if answered.streaming else getattr(answered, "content", b"")
        judge.hear_answer(str(request.method), f"/v1/{rest}", answered.status_code, content)
        return answered

    # One event or many: whichever way the engine writes them.
    create, bulk_create = WebhookEvent.objects.create, WebhookEvent.objects.bulk_create

    def overhear(**values: Any) -> WebhookEvent:
        judge.hear_event(values["type"], values["body"])
        return create(**values)

    def overhear_many(events: list[WebhookEvent], **options: Any) -> list[WebhookEvent]:
        for event in events:
            judge.hear_event(event.type, event.body or "")
        return bulk_create(events, **options)

    monkeypatch.setattr(door, "_answer_in_version", listen)
    monkeypatch.setattr(WebhookEvent.objects, "create", overhear)
    monkeypatch.setattr(WebhookEvent.objects, "bulk_create", overhear_many)
    yield judge
    assert not judge.complaints, "\n".join(judge.complaints)


@pytest.fixture
def in_process_transport(monkeypatch: pytest.MonkeyPatch) -> httpx.BaseTransport:
    """Requests to `http://testserver` are answered by this project, in this thread.

    The end of an inner request must not close the database connection that the test holds.
    Disconnecting the signal would not do: Django's test client connects it again.
    """
    monkeypatch.setattr(
        BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda connection: None
    )
    return httpx.WSGITransport(app=WSGIHandler())


@pytest.fixture
def bare_sandbox(
    db: None,
    polars_schema: Judge,
    in_process_transport: httpx.BaseTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SandboxInTests]:
    """The sandbox and the app wired to each other, with an empty catalogue."""
    monkeypatch.setattr(
        delivery, "open_client", lambda: httpx.Client(transport=in_process_transport)
    )
    with mounted(in_process_transport):
        yield SandboxInTests(in_process_transport)


@pytest.fixture
def sandbox(bare_sandbox: SandboxInTests) -> SandboxInTests:
    """The sandbox with the catalogue of this module, which the app's mirror knows already."""
    bare_sandbox.seed()
    bare_sandbox.deliver()
    return bare_sandbox
